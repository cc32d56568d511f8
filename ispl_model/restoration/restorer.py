"""Images in, restored images out, through a trained network: arrays of any size, or batches at the network's own."""

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
from degrade.core.errors import InputError
from degrade.core.files import sha256_file
from degrade.core.image import Image
from degrade.faces import detection
from ispl_model.network.ispl import Ispl
from ispl_model.network.variants import IsplConfig
from ispl_model.restoration.face import restore_face
from ispl_model.restoration.photograph import restore_photograph
from ispl_model.runtime.checkpoint import load, load_weights
from ispl_model.runtime.device import find_device, mixed_precision, multiplies_in, seeded_build
from ispl_model.runtime.tensors import to_images, to_tensor

SHIPPED = "ispl-lite.safetensors"
Network = TypeVar("Network", bound=nn.Module)


@dataclass(frozen=True)
class Restorer:
    """A network and how it computes. Called with an array it restores a face; `photograph` restores those in a scene.

    An array is (H, W, 3), RGB, uint8 or float in [0, 1], and what comes back is of the same kind. Anything else is an
    InputError.

    level: of the perception-distortion trade-off, None for the whole network (network.ispl.Ispl).
    facts: what a result depends on, beside its image. batch: images that `restore_faces` takes in one pass.
    """

    network: Ispl
    facts: dict[str, Any]
    batch: int = 1
    dtype: str = "auto"
    level: float | None = None

    @property
    def size(self) -> int:
        """The side of a face inside the network, px."""
        return self.network.config.size

    def at(self, level: float | None) -> "Restorer":
        """The same at another level, which the network must have (`check_level`)."""
        return replace(self, facts=self.facts | {"level": level}, level=level)

    def __call__(self, array: np.ndarray) -> np.ndarray:
        """The restored face: its longer side is `size`, or that of `array` where it is larger (see restore_face)."""
        return in_kind_of(array, restore_face(as_image(array), self.restore_faces, self.size))

    def photograph(self, array: np.ndarray, upscale: int = 1) -> np.ndarray:
        """A scene with every face that is found restored and laid back; the rest stays, or grows `upscale` times.

        As `ispl restore --kind photo`, see restore_photograph. Raises InputError where no face is found.
        """
        image = as_image(array)
        boxes = detection.detect_reduced(image)
        if not boxes:
            raise InputError("array: no face found; for an image that is one face, call the restorer itself")
        return in_kind_of(array, restore_photograph(image, boxes, self.restore_faces, self.size, upscale))

    def restore_faces(self, images: Sequence[Image]) -> list[Image]:
        """Contract images (size, size, 3) in and out, `batch` at a time."""
        network = self.network if self.level is None else partial(self.network, level=self.level)
        device = next(self.network.parameters()).device
        return restore_images(network, images, self.size, device, self.batch, self.dtype)


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
    for a file that is no such checkpoint, a device or level that is not there, and for a network that needs more
    than an image. The network: Yang et al., Implicit Subspace Prior Learning for Dual-Blind Face Restoration, 2020;
    ispl_model/weights/README.md is the card of the one that is shipped.

    >>> import numpy as np
    >>> restorer = load_restorer(device="cpu")
    >>> restorer(np.full((48, 64, 3), 128, np.uint8)).shape
    (192, 256, 3)
    """
    path = Path(checkpoint) if checkpoint else shipped_checkpoint()
    network, _ = load_network(path, device)
    if network.config.inputs != 3:
        more = f"{network.config.variant} needs a parsing map with each image"
        raise InputError(f"{path}: {more}, got only images; choose a checkpoint of another variant")
    if level is not None:
        check_level(network.config, level, path)
    precision = multiplies_in(next(network.parameters()).device, dtype)
    return Restorer(network, {"checkpoint": sha256_file(path), "dtype": precision}, batch, precision).at(level)


def check_level(config: IsplConfig, level: float, path: Path) -> None:
    """Raise InputError unless a network of that config, read from `path`, has that level."""
    if not config.levels:
        raise InputError(f"{path}: was trained without levels, so it has one result only; leave out --level")
    if not 0 <= level <= config.top_level:
        raise InputError(f"{path}: expected a level from 0 to {config.top_level}, got {level:g}")


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
        config = IsplConfig(**{"revision": 0, **header["network"]})
    except (TypeError, ValueError) as error:
        raise InputError(f"{path}: its header does not describe an ISPL network ({error})") from error
    network = seeded_build(lambda: Ispl(config), 0)  # the draw is overwritten at once, but must not leak
    load_weights(network, state, str(path))
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
    dtype: "bf16", "fp32" or "auto", as ispl_model.runtime.device.mixed_precision takes it.
    """
    restored = []
    for start in range(0, len(images), batch):
        stack = torch.stack([to_tensor(image) for image in images[start : start + batch]])
        stack = stack.to(device=device, memory_format=torch.channels_last)
        with torch.inference_mode(), mixed_precision(stack.device, dtype):
            output = network(stack)
        if output.shape[1:] != (3, size, size):
            raise ValueError(f"network: expected output (3, {size}, {size}), got {tuple(output.shape[1:])}")
        restored += to_images(output)
    return restored
