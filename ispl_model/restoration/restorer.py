"""Images in, restored images out, through a trained network: arrays of any size, or batches at the network's own."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from torch import nn
from torch.nn.utils import parametrize

from degrade.core.arrays import as_image, in_kind_of
from degrade.core.errors import InputError, shown
from degrade.core.image import Image
from degrade.core.numbers import is_number
from degrade.core.random import check_whole
from degrade.core.storage import strict_json
from degrade.core.storage.files import sha256_file
from degrade.faces import detection
from ispl_model.network.ispl import Ispl
from ispl_model.network.variants import IsplConfig
from ispl_model.restoration.face import restore_face
from ispl_model.restoration.fidelity.tone import keep_tone
from ispl_model.restoration.photograph import restore_photograph
from ispl_model.restoration.tiles import restore_tiled
from ispl_model.runtime.checkpoint import build_filled, load
from ispl_model.runtime.device import find_device, mixed_precision, multiplies_in
from ispl_model.runtime.halve_to_fit import halved_to_fit
from ispl_model.runtime.tensors import NotFiniteOutput, to_images, to_tensor

SHIPPED = "ispl-lite.safetensors"
Network = TypeVar("Network", bound=nn.Module)


VERSION = 3  # of all that restores a face, a photograph or tiles; raised with every change of their pixels


@dataclass(frozen=True)
class Restorer:
    """A network and how it computes. Called with an array it restores a face; `photograph` restores those in a scene.

    An array is (H, W, 3), RGB, uint8 or float in [0, 1], and what comes back is of the same kind. Anything else is an
    InputError.

    level: of the perception-distortion trade-off, None for the whole network (network.ispl.Ispl).
    facts: what a result depends on, beside its image. batch: images in one pass of the network.
    source: the checkpoint's file, for messages.
    """

    network: Ispl
    facts: dict[str, Any]
    batch: int = 1
    dtype: str = "auto"
    level: float | None = None
    source: str = "restorer"

    @property
    def size(self) -> int:
        """The side of a face inside the network, px."""
        return self.network.config.size

    @property
    def scale(self) -> int:
        """Faces come back at the side at which they are given."""
        return 1

    def at(self, level: float | None) -> "Restorer":
        """The same at another level, which the network must have (`check_level`); None for the whole network."""
        if isinstance(level, np.number):
            level = level.item()  # a number of Python's, which a record can hold
        if level is not None:
            check_level(self.network.config, level, self.source)
        return replace(self, facts=self.facts | {"level": level}, level=level)

    def __call__(self, array: np.ndarray) -> np.ndarray:
        """The restored face: its longer side is `size`, or that of `array` where it is larger (see restore_face)."""
        return in_kind_of(array, restore_face(as_image(array), self.restore_faces, self.size))

    def photograph(self, array: np.ndarray, upscale: int = 1) -> np.ndarray:
        """A scene with every face that is found restored and pasted back; the rest stays, or grows `upscale` times.

        As `ispl restore --kind photo`, see restore_photograph. Raises InputError where no face is found, and
        for an `upscale` that is no whole number from 1.
        """
        upscale = check_whole(upscale, "upscale", 1)
        image = as_image(array)
        boxes = detection.detect_reduced(image)
        if not boxes:
            raise InputError("array: no face found; for an image that is one face, call the restorer itself")
        return in_kind_of(array, restore_photograph(image, boxes, self.restore_faces, self.size, upscale))

    def restore_faces(self, images: Sequence[Image]) -> list[Image]:
        """As `plain`, in the colours that came in (keep_tone)."""
        return [keep_tone(*pair) for pair in zip(self.plain(images), images, strict=True)]

    def plain(self, images: Sequence[Image]) -> list[Image]:
        """What the network makes of contract images (size, size, 3), `batch` at a time.

        Raises NotFiniteOutput as restore_images.
        """
        network = self.network if self.level is None else partial(self.network, level=self.level)
        device = next(self.network.parameters()).device
        try:
            return restore_images(network, images, self.size, device, self.batch, self.dtype)
        except NotFiniteOutput as error:
            raise NotFiniteOutput(f"{self.source}: {error}") from error

    def restore_whole(self, image: Image) -> Image:
        """An image (H, W, 3) of any size in overlapping tiles, see restore_tiled."""
        return restore_tiled(image, self.restore_faces, self.size, self.batch)


def load_restorer(
    checkpoint: Path | str | None = None,
    device: str = "auto",
    level: float | None = None,
    *,
    batch: int = 1,
    dtype: str = "auto",
) -> Restorer:
    """The network of a checkpoint of `ispl train`, or of the one that comes with the package, as a Restorer.

    device: "cpu", "cuda" or "auto", CUDA where there is one. level: of a network trained with levels, low invents and
    high keeps (the paper's Section 4.5). dtype: of products, "bf16", "fp32" or "auto", the faster. Raises InputError
    for a file that is no such checkpoint, a device, level or dtype that is not there, a batch that is no whole number
    from 1, and for a network that needs more than an image. The network: Yang et al., Implicit Subspace Prior Learning
    for Dual-Blind Face Restoration, 2020; ispl_model/weights/README.md is the card of the one that is shipped.

    >>> import numpy as np
    >>> restorer = load_restorer(device="cpu")
    >>> restorer(np.full((48, 64, 3), 128, np.uint8)).shape
    (192, 256, 3)
    """
    batch = check_whole(batch, "batch", 1)
    path = Path(checkpoint) if checkpoint else shipped_checkpoint()
    network, _ = load_network(path, device)
    if network.config.inputs != 3:
        more = f"{network.config.variant} needs a parsing map with each image"
        raise InputError(f"{path}: {more}, got only images; choose a checkpoint of another variant")
    precision = multiplies_in(next(network.parameters()).device, dtype)
    facts: dict[str, Any] = {"checkpoint": sha256_file(path), "dtype": precision, "version": str(VERSION)}
    return Restorer(network, facts, batch, precision, source=str(path)).at(level)


def check_level(config: IsplConfig, level: float, source: str) -> None:
    """Raise InputError unless a network of that config, read from `source`, has that level."""
    if not config.levels:
        raise InputError(f"{source}: was trained without levels, so it has one result only; leave out --level")
    if not is_number(level) or not 0 <= level <= config.top_level:
        got = f"{level:g}" if is_number(level) else repr(level)
        raise InputError(f"{source}: expected a level from 0 to {config.top_level}, got {got}")


def shipped_checkpoint() -> Path:
    """The checkpoint that comes with the package; InputError where it does not."""
    path = Path(str(resources.files("ispl_model") / "weights" / SHIPPED))
    if not path.is_file():
        raise InputError(f"{path}: this installation comes without weights; give --checkpoint FILE, made by ispl train")
    return path


def load_network(path: Path, device: str | torch.device = "auto") -> tuple[Ispl, dict[str, Any]]:
    """The ISPL network of a checkpoint, ready to restore on `device`, and the checkpoint's header.

    Raises InputError when the file is no checkpoint, or one of another method.
    """
    state, header = load(path)
    if not str(header["method"]).startswith("ispl:"):
        raise InputError(f"{path}: expected a checkpoint of ispl, got one of {header['method']}")
    try:
        strict_json.check(header["network"], IsplConfig)
        config = IsplConfig(**{"revision": 0, **header["network"]})
    except (TypeError, ValueError) as error:
        raise InputError(f"{path}: its header does not describe an ISPL network ({error})") from error
    network = build_filled(lambda: Ispl(config), config.width, state, str(path))
    return prepared(network, find_device(str(device))), header


def prepared(network: Network, device: torch.device) -> Network:
    """Ready to restore: evaluation mode, spectral norms folded into the weights, channels-last, on `device`.

    Folding changes no weight that is used: in evaluation mode the norm is a constant.
    """
    network.eval().requires_grad_(False)
    for module in network.modules():
        if parametrize.is_parametrized(module, "weight"):
            parametrize.remove_parametrizations(module, "weight", leave_parametrized=True)
    network.to(device).to(memory_format=torch.channels_last)
    return network


def restore_images(
    network: Callable[[torch.Tensor], torch.Tensor],
    images: Sequence[Image],
    size: int,
    device: str | torch.device,
    batch: int = 1,
    dtype: str = "auto",
) -> list[Image]:
    """Restored contract images of size x size, clipped to [0, 1].

    network: as `prepared`, (N, 3, h, w) to (N, 3, size, size) in [0, 1]; the images must have the side it takes.
    batch: images in one pass. On a CPU one is as fast as several, and it makes an image's
        bits independent of the images around it.
    dtype: "bf16", "fp32" or "auto", as ispl_model.runtime.device.mixed_precision takes it. An image that bf16 makes NaN
        or infinite is computed again in fp32, with a message on stderr.
    Raises NotFiniteOutput, an InputError, for what is not finite in fp32 either. Where a graphics card has too little
    memory for a batch it is halved; InputError where one image is too much.
    """

    def in_passes(most: int) -> list[Image]:
        restored = []
        for start in range(0, len(images), most):
            stack = torch.stack([to_tensor(image) for image in images[start : start + most]])
            stack = stack.to(device=device, memory_format=torch.channels_last)
            restored += _restored(network, stack, size, dtype)
        return restored

    return halved_to_fit(in_passes, max(1, min(batch, len(images))), 1, "images in one pass")


def _restored(
    network: Callable[[torch.Tensor], torch.Tensor], stack: torch.Tensor, size: int, dtype: str
) -> list[Image]:
    """One pass; what is not finite in it is computed again, image by image and then in fp32."""
    used = multiplies_in(stack.device, dtype)
    with torch.inference_mode(), mixed_precision(stack.device, used):
        output = network(stack)
    if output.shape[1:] != (3, size, size):
        raise ValueError(f"network: expected output (3, {size}, {size}), got {tuple(output.shape[1:])}")
    try:
        return to_images(output)
    except NotFiniteOutput as error:
        if len(stack) > 1:
            return [image for one in stack for image in _restored(network, one[None], size, dtype)]
        if used == "fp32":
            raise NotFiniteOutput(f"{error} in fp32 (--dtype fp32); use another checkpoint") from error
    restored = _restored(network, stack, size, "fp32")
    again = f"a restored image held NaN or infinite values in {used} and was computed again in fp32"
    print(shown(again), file=sys.stderr)
    return restored
