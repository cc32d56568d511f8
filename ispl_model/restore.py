"""Contract images in, contract images out, through a trained network."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.utils import parametrize

from degrade.errors import InputError
from degrade.image import Image, read, write
from degrade.resize import resize_bicubic
from ispl_model.checkpoint import load, load_weights
from ispl_model.data import to_tensor
from ispl_model.device import find_device, mixed_precision, seeded_build
from ispl_model.generator import Ispl, IsplConfig


@dataclass(frozen=True)
class RestoreSummary:
    """restored + len(errors) is the number of images; resized: restored ones that came in another size."""

    restored: int
    resized: int
    errors: tuple[tuple[str, str], ...]


def load_network(path: Path, device: str | torch.device = "auto") -> tuple[Ispl, dict[str, Any]]:
    """The ISPL network of a checkpoint, ready to restore on `device`, and the checkpoint's header.

    Raises InputError when the file is no checkpoint, or one of another method.
    """
    state, header = load(path)
    if not str(header["method"]).startswith("ispl:"):
        raise InputError(f"{path}: expected a checkpoint of ispl, got one of {header['method']}")
    try:
        config = IsplConfig(**header["network"])
    except (TypeError, ValueError) as error:
        raise InputError(f"{path}: its header does not describe an ISPL network ({error})") from error
    network = seeded_build(lambda: Ispl(config), 0)  # the draw is overwritten at once, but must not leak
    load_weights(network, state, str(path))
    return prepared(network, find_device(str(device))), header


def prepared(network: nn.Module, device: torch.device) -> nn.Module:
    """Ready to restore: evaluation mode, spectral norms folded into the weights, channels-last, on `device`.

    Folding changes no weight that is used: in evaluation mode the norm is a constant.
    """
    network.eval().requires_grad_(False)
    for module in network.modules():
        if parametrize.is_parametrized(module, "weight"):
            parametrize.remove_parametrizations(module, "weight", leave_parametrized=True)
    return network.to(device=device, memory_format=torch.channels_last)


def restore_images(
    network: nn.Module, images: Sequence[Image], size: int, device: str | torch.device, batch: int = 1
) -> list[Image]:
    """Restored contract images of size x size, clipped to [0, 1].

    network: as `prepared`, (N, 3, h, w) to (N, 3, size, size) in [0, 1]; the images must have the side it takes.
    batch: images in one pass. On a CPU one is as fast as several, and it makes an image's
        bits independent of the images around it.
    """
    restored = []
    for start in range(0, len(images), batch):
        stack = torch.stack([to_tensor(image) for image in images[start : start + batch]])
        stack = stack.to(device=device, memory_format=torch.channels_last)
        with torch.inference_mode(), mixed_precision(stack.device):
            output = network(stack).float().clamp(0, 1).cpu()
        if output.shape[1:] != (3, size, size):
            raise ValueError(f"network: expected output (3, {size}, {size}), got {tuple(output.shape[1:])}")
        restored += [np.ascontiguousarray(image) for image in output.permute(0, 2, 3, 1).numpy()]
    return restored


def restore_files(network: Ispl, paths: Sequence[Path], out: Path, batch: int = 1) -> Iterator[RestoreSummary]:
    """Restore image files to `out`/NAME.png; gives the summary so far after every batch, the last one is whole.

    A square image of another side than the network's is brought there by resize_bicubic. What cannot be
    read, or is not square, is listed by name and the rest is written.
    Raises InputError when two files have one stem or a result would take the place of an input.
    """
    _check_targets(paths, out)
    size, device = network.config.size, next(network.parameters()).device
    summary = RestoreSummary(0, 0, ())
    for start in range(0, len(paths), batch):
        images, errors = _read_faces(paths[start : start + batch])
        fitting = [image if len(image) == size else resize_bicubic(image, size, size) for image in images.values()]
        for stem, restored in zip(images, restore_images(network, fitting, size, device, batch), strict=True):
            write(out / f"{stem}.png", restored)
        resized = sum(len(image) != size for image in images.values())
        summary = RestoreSummary(
            summary.restored + len(images), summary.resized + resized, (*summary.errors, *errors.items())
        )
        yield summary


def _read_faces(paths: Sequence[Path]) -> tuple[dict[str, Image], dict[str, str]]:
    """Square images by stem, and by file name why the others are none."""
    images, errors = {}, {}
    for path in paths:
        try:
            images[path.stem] = _square(read(path), path)
        except InputError as error:
            errors[path.name] = str(error)
    return images, errors


def _check_targets(paths: Sequence[Path], out: Path) -> None:
    stems: dict[str, Path] = {}
    for path in paths:
        if path.stem in stems:
            raise InputError(f"{path}: has the same name as {stems[path.stem]}; restore them to different folders")
        if (out / f"{path.stem}.png").resolve() == path.resolve():
            raise InputError(f"{out}: the restored {path.stem}.png would replace its input; give another folder")
        stems[path.stem] = path


def _square(image: Image, path: Path) -> Image:
    height, width = image.shape[:2]
    if height != width:
        raise InputError(f"{path}: expected a square face, got {width} x {height} px; crop it first")
    return image
