"""spandrel:FILE: any weights whose architecture the library spandrel knows (48 of them, ESRGAN to RestoreFormer).

What a plain call of spandrel does not do for face networks is done here: values in [-1, 1] where the network was
trained on these; faces enlarged to the 512 px it was trained on instead of padded; GFPGAN's stored noise instead of
a new draw; CodeFormer's w, as spandrel:FILE?w=0.7. Always float32, one image at a time, on a fixed seed.
"""

import math
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from warnings import catch_warnings, simplefilter

import torch

from degrade.core.errors import InputError, cut
from degrade.core.image import Image
from degrade.core.storage.files import sha256_file
from ispl_model.adapters.model import ImageModel
from ispl_model.runtime.device import own_randomness
from ispl_model.runtime.known_files import Refused, no_programs
from ispl_model.runtime.tensors import parameter_count, to_images, to_tensor

if TYPE_CHECKING:
    from spandrel import ImageModelDescriptor

_CODEFORMER_W = 0.5  # of the network's own code; 0 is all prior, 1 keeps most of the input


@dataclass(frozen=True)
class Options:
    """What may follow the file after a question mark."""

    w: float | None = None  # CodeFormer's fidelity, 0..1


Call = Callable[["ImageModelDescriptor", torch.Tensor, Options], torch.Tensor]


def load(name: str, device: str = "cpu") -> ImageModel:
    """The network of a file.

    Raises InputError when spandrel is not installed, does not know the weights, or the network cannot restore faces
    in colour.
    """
    path, options = _parsed(name)
    with catch_warnings():
        simplefilter("ignore")  # of torch to the authors of the network
        network = _network(path, device)
    kind = network.architecture.id
    if options.w is not None and kind != "CodeFormer":
        raise InputError(f"spandrel:{name}: w is CodeFormer's, this is {kind}; leave it out")
    if network.purpose == "FaceSR" and kind not in FACES:
        raise InputError(
            f"spandrel:{name}: which face alignment {kind} expects is not known here; use python: or cmd: for it"
        )
    call = FACES.get(kind, _plain)

    def run(image: Image) -> Image:
        with own_randomness(network.device) as seed, torch.inference_mode():
            seed(0)
            return to_images(call(network, to_tensor(image)[None].to(network.device), options))[0]

    count = parameter_count(network.model)
    if kind in FACES:
        return ImageModel(run, side=_FACE_SIDE, parameters=count)
    return ImageModel(run, network.scale, tiled=network.tiling.name == "SUPPORTED", parameters=count)


def digest(name: str) -> str:
    """SHA-256 of the file."""
    return sha256_file(_parsed(name)[0])


def _gfpgan(network: "ImageModelDescriptor", face: torch.Tensor, _options: Options) -> torch.Tensor:
    return network.model(face * 2 - 1, randomize_noise=False)[0] / 2 + 0.5


def _codeformer(network: "ImageModelDescriptor", face: torch.Tensor, options: Options) -> torch.Tensor:
    return network.model(face * 2 - 1, weight=_CODEFORMER_W if options.w is None else options.w)[0] / 2 + 0.5


def _restoreformer(network: "ImageModelDescriptor", face: torch.Tensor, _options: Options) -> torch.Tensor:
    return network(face)  # spandrel scales to [-1, 1] for this one


def _plain(network: "ImageModelDescriptor", image: torch.Tensor, _options: Options) -> torch.Tensor:
    return network(image)


FACES: dict[str, Call] = {"GFPGAN": _gfpgan, "CodeFormer": _codeformer, "RestoreFormer": _restoreformer}
_FACE_SIDE = 512


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
    if not os.path.isfile(file):  # False too for what cannot be a name
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
        with no_programs():
            network: Any = spandrel.ModelLoader(device).load_from_file(path)
    except Refused as reason:
        raise InputError(f"spandrel:{path}: {reason}") from reason
    except Exception as error:  # of the many kinds that damaged or unknown weights raise
        said = cut(str(error)) or "no architecture fits these weights"
        raise InputError(f"spandrel:{path}: cannot be loaded ({type(error).__name__}: {said})") from error
    channels = network.input_channels, network.output_channels
    if not isinstance(network, spandrel.ImageModelDescriptor) or channels != (3, 3):
        raise InputError(f"spandrel:{path}: expected a network from one colour image to another, got {network.purpose}")
    network.model.float().eval().requires_grad_(False)
    return network
