"""EDSR, baseline size (Lim et al. 2017): residual blocks without normalisation, two sub-pixel enlargements.

Written from the paper's description. Differences from it: images are in [0, 1], not 0..255, and the
fixed subtraction of the DIV2K mean is left out: the first convolution's bias can take it up, and
faces have another mean. The learning rate falls as ispl_model.train lets it (constant, then
linearly to zero), not halved after two thirds. The authors start the x4 network from a trained x2
one; here it starts as a repetition of pixels, the blocks nearly silent. Baseline size (16 blocks) because the folder
names in the ISPL authors' metric scripts point to it; see the fact sheet of the baselines.
"""

from collections.abc import Sequence
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
from ispl_model.device import find_device
from ispl_model.initial import pass_through_, subdue_
from ispl_model.restore import prepared, restore_images
from ispl_model.train import Training

SCALE = 4
BLOCKS = 16

TRAINING = Training(
    scale=SCALE,
    losses={"l1": 1.0},
    learning_rate=1e-4,
    betas=(0.9, 0.999),
    constant_share=2 / 3,  # the paper halves the rate after 200 of 300 epochs
    crop=192,  # side of the reference patch; 48 px for the network
)


@dataclass(frozen=True)
class EdsrConfig:
    """Everything that fixes the shape of the weights; saved inside every checkpoint."""

    width: int = 64  # feature channels
    blocks: int = BLOCKS


class Block(nn.Module):
    """x + conv(relu(conv(x))): no normalisation, residual scale 1 at this size."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # (N, width, H, W) => same
        return x + self.second(torch.relu(self.first(x)))


class Edsr(nn.Module):
    """(N, 3, H, W) in [0, 1] to (N, 3, 4 H, 4 W), not clamped."""

    def __init__(self, config: EdsrConfig) -> None:
        super().__init__()
        width = config.width
        self.config = config
        self.head = nn.Conv2d(3, width, 3, padding=1)
        self.blocks = nn.Sequential(*(Block(width) for _ in range(config.blocks)))
        self.join = nn.Conv2d(width, width, 3, padding=1)
        self.enlarge = nn.Sequential(*_twice_as_large(width), *_twice_as_large(width))
        self.tail = nn.Conv2d(width, 3, 3, padding=1)
        self._start_as_repetition()

    def _start_as_repetition(self) -> None:
        nn.init.dirac_(self.head.weight[:3])  # the first three features start as red, green and blue
        nn.init.zeros_(self.head.bias)
        for block in self.blocks:
            subdue_(block.second)
        subdue_(self.join)
        for enlargement in (self.enlarge[0], self.enlarge[2]):
            pass_through_(enlargement, repeats=4)
        pass_through_(self.tail)

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # (N, 3, H, W) => (N, 3, 4 H, 4 W)
        features = self.head(x)
        return self.tail(self.enlarge(features + self.join(self.blocks(features))))


def _twice_as_large(width: int) -> tuple[nn.Module, nn.Module]:
    return nn.Conv2d(width, 4 * width, 3, padding=1), nn.PixelShuffle(2)


def configure(width: int, size: int) -> EdsrConfig:
    """The network's config; it works at every size."""
    return EdsrConfig(width=width)


def build(width: int, size: int) -> nn.Module:
    """An untrained network; 1,517,571 parameters at width 64."""
    return Edsr(configure(width, size))


def load(device: str, checkpoint: Path | None, size: int) -> Method:
    """The network of a checkpoint; InputError when there is none or it is another network's."""
    if checkpoint is None:
        raise InputError("edsr: expected a checkpoint, got none; `benchmark run` trains one")
    state, header = load_checkpoint(checkpoint)
    if header.get("method") != "edsr":
        raise InputError(f"{checkpoint}: expected weights of edsr, got those of {header.get('method')}")
    network = Edsr(EdsrConfig(**header["network"]))
    load_weights(network, state, str(checkpoint))
    where = find_device(device)
    prepared(network, where)

    def restore(images: Sequence[Image]) -> list[Image]:
        return restore_images(network, [match_scale(image, size, SCALE) for image in images], size, where)

    return Method("edsr", restore, SCALE)
