"""spandrel:FILE: any weights whose architecture the library spandrel knows (48 of them, ESRGAN to RestoreFormer).

What a plain call of spandrel does not do for face networks is done here: values in [-1, 1] where the network was
trained on these; faces enlarged to the 512 px it was trained on instead of padded; GFPGAN's stored noise instead of
a new draw; CodeFormer's w, as spandrel:FILE?w=0.7. Always float32, one image at a time, on a fixed seed.
"""

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from benchmark.methods.method import Method
from degrade.core.errors import InputError
from degrade.core.files import sha256_file
from degrade.core.image import Image
from degrade.core.resize import match_scale, resize_bicubic
from ispl_model.runtime.device import own_randomness

if TYPE_CHECKING:
    from spandrel import ImageModelDescriptor

_CODEFORMER_W = 0.5  # of the network's own code; 0 is all prior, 1 keeps most of the input


@dataclass(frozen=True)
class Options:
    """What may follow the file after a question mark."""

    w: float | None = None  # CodeFormer's fidelity, 0..1


Call = Callable[["ImageModelDescriptor", torch.Tensor, Options], torch.Tensor]


def load(device: str, name: str, size: int) -> Method:
    """The network of a file; gives images of `size` px.

    Raises InputError when spandrel is not installed, does not know the weights, or the network cannot restore faces
    in colour.
    """
    path, options = _parsed(name)
    network = _network(path, device)
    kind = network.architecture.id
    if options.w is not None and kind != "CodeFormer":
        raise InputError(f"spandrel:{name}: w is CodeFormer's, this is {kind}; leave it out")
    if network.purpose == "FaceSR" and kind not in FACES:
        raise InputError(
            f"spandrel:{name}: which face alignment {kind} expects is not known here; use python: or cmd: for it"
        )
    restore = _restore_face if kind in FACES else _restore_any
    scale = 1 if kind in FACES else network.scale
    if size % scale:
        raise InputError(f"spandrel:{name}: expected a side that is a multiple of its scale {scale}, got {size}")

    def restore_all(images: Sequence[Image]) -> list[Image]:
        with own_randomness(network.device) as seed, torch.inference_mode():
            restored = []
            for image in images:
                seed(0)
                restored.append(restore(network, image, size, options))
            return restored

    return Method(f"spandrel:{name}", restore_all, scale)


def digest(name: str) -> str:
    """SHA-256 of the file."""
    return sha256_file(_parsed(name)[0])


def _gfpgan(network: "ImageModelDescriptor", face: torch.Tensor, _options: Options) -> torch.Tensor:
    return network.model(face * 2 - 1, randomize_noise=False)[0] / 2 + 0.5


def _codeformer(network: "ImageModelDescriptor", face: torch.Tensor, options: Options) -> torch.Tensor:
    return network.model(face * 2 - 1, weight=_CODEFORMER_W if options.w is None else options.w)[0] / 2 + 0.5


def _restoreformer(network: "ImageModelDescriptor", face: torch.Tensor, _options: Options) -> torch.Tensor:
    return network(face)  # spandrel scales to [-1, 1] for this one


FACES: dict[str, Call] = {"GFPGAN": _gfpgan, "CodeFormer": _codeformer, "RestoreFormer": _restoreformer}
_FACE_SIDE = 512


def _restore_face(network: "ImageModelDescriptor", image: Image, size: int, options: Options) -> Image:
    given = _to_tensor(resize_bicubic(image, _FACE_SIDE, _FACE_SIDE), network)
    face = _to_image(FACES[network.architecture.id](network, given, options))
    return face if size == _FACE_SIDE else resize_bicubic(face, size, size)


def _restore_any(network: "ImageModelDescriptor", image: Image, size: int, _options: Options) -> Image:
    return _to_image(network(_to_tensor(match_scale(image, size, network.scale), network)))


def _to_tensor(image: Image, network: "ImageModelDescriptor") -> torch.Tensor:  # (H, W, 3) => (1, 3, H, W)
    return torch.from_numpy(image.transpose(2, 0, 1)[None].copy()).to(network.device)


def _to_image(restored: torch.Tensor) -> Image:  # (1, 3, H, W) => (H, W, 3)
    return restored[0].clamp(0, 1).permute(1, 2, 0).cpu().numpy().copy()


def _parsed(name: str) -> tuple[Path, Options]:
    file, question, text = name.partition("?")
    key, _, value = text.partition("=")
    options = Options()
    if question:
        try:
            w = float(value)
        except ValueError:
            w = math.nan
        if key != "w" or not 0 <= w <= 1:
            raise InputError(f"spandrel:{name}: expected w=NUMBER from 0 to 1 after the question mark, got '{text}'")
        options = Options(w)
    if not Path(file).is_file():
        raise InputError(f"spandrel:{file}: expected a file of weights, got nothing there")
    return Path(file), options


def _network(path: Path, device: str) -> "ImageModelDescriptor":
    try:
        import spandrel
    except ImportError as error:
        raise InputError(f"spandrel:{path}: needs a package; pip install spandrel einops ({error})") from error
    with suppress(ImportError):  # CodeFormer and others with restrictive licences
        import spandrel_extra_arches

        spandrel_extra_arches.install(ignore_duplicates=True)
    try:
        network: Any = spandrel.ModelLoader(device).load_from_file(path)
    except Exception as error:  # of the many kinds that damaged or unknown weights raise
        said = str(error).strip() or "no architecture fits these weights"
        raise InputError(f"spandrel:{path}: cannot be loaded ({type(error).__name__}: {said})") from error
    channels = network.input_channels, network.output_channels
    if not isinstance(network, spandrel.ImageModelDescriptor) or channels != (3, 3):
        raise InputError(f"spandrel:{path}: expected a network from one colour image to another, got {network.purpose}")
    network.model.float().eval().requires_grad_(False)
    return network
