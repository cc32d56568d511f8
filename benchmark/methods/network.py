"""What the methods with a trained network share: from a checkpoint to a Method."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from benchmark.methods.method import Method
from degrade.errors import InputError
from degrade.image import Image
from degrade.resize import match_scale
from ispl_model.checkpoint import load as load_checkpoint
from ispl_model.checkpoint import load_weights
from ispl_model.device import find_device, seeded_build
from ispl_model.restore import prepared, restore_images


@dataclass(frozen=True)
class WidthConfig:
    """Everything that fixes the shape of the weights of most networks; saved inside every checkpoint."""

    width: int = 64  # feature channels of the first level; the published network has 64


def restorer(
    name: str, build: Callable[..., nn.Module], scale: int, device: str, checkpoint: Path | None, size: int
) -> Method:
    """The method `name` with the weights of a checkpoint.

    build: the untrained network from the header's network config, as keyword arguments.
    scale: side of what the network gives / side of what it takes.
    Raises InputError when there is no checkpoint or it is another network's.
    """
    if checkpoint is None:
        raise InputError(f"{name}: expected a checkpoint, got none; `benchmark run` trains one")
    state, header = load_checkpoint(checkpoint)
    if header.get("method") != name:
        raise InputError(f"{checkpoint}: expected weights of {name}, got those of {header.get('method')}")
    network = seeded_build(lambda: build(**header["network"]), 0)  # overwritten at once
    load_weights(network, state, str(checkpoint))
    where = find_device(device)
    prepared(network, where)

    def restore(images: Sequence[Image]) -> list[Image]:
        return restore_images(network, [match_scale(image, size, scale) for image in images], size, where)

    return Method(name, restore, scale)


def padded_to_multiple(image: torch.Tensor, multiple: int) -> torch.Tensor:
    """(N, C, H, W) mirrored at the lower and right border until both sides are multiples of `multiple`."""
    height, width = image.shape[-2:]
    return nn.functional.pad(image, (0, -width % multiple, 0, -height % multiple), mode="reflect")
