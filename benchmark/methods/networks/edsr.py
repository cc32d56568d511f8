"""EDSR (Lim et al. 2017): residual blocks without normalisation, two sub-pixel enlargements.

`edsr` has the baseline size, 16 blocks of 64 features, because the folder names in the ISPL authors' metric scripts
point to it; `edsr:large` is the paper's network, 32 blocks of 256 features, their results scaled by 0.1. Images are in
[0, 1], not 0..255: released weights fit once every bias is divided by 255. The mean of DIV2K is subtracted inside, as
in the authors' program; a bias cannot take it up at a border that is padded with zeros. The authors start the x4
network from a trained x2 one; here it starts as a repetition of pixels, the blocks nearly silent.
"""

import torch
from torch import nn

from benchmark.methods.networks.common import NetworkMethod, div2k_mean
from ispl_model.network.init import bias_of, init_identity_, init_small_
from ispl_model.training.config import TrainingConfig

SCALE = 4


class Block(nn.Module):
    """x + residual * conv(relu(conv(x))): no normalisation."""

    def __init__(self, width: int, residual: float) -> None:
        super().__init__()
        self.residual = residual
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        init_small_(self.second)

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # (N, width, H, W) => same
        return x + self.residual * self.second(torch.relu(self.first(x)))


class Edsr(nn.Module):
    """(N, 3, H, W) in [0, 1] to (N, 3, 4 H, 4 W), not clamped.

    1,517,571 parameters with 16 blocks of width 64, 43,089,923 with 32 of width 256.
    """

    mean: torch.Tensor

    def __init__(self, width: int = 64, blocks: int = 16, residual: float = 1.0) -> None:
        super().__init__()
        self.head = nn.Conv2d(3, width, 3, padding=1)
        self.blocks = nn.Sequential(*(Block(width, residual) for _ in range(blocks)))
        self.join = nn.Conv2d(width, width, 3, padding=1)
        self.enlarge = nn.Sequential(*_twice_as_large(width), *_twice_as_large(width))
        self.tail = nn.Conv2d(width, 3, 3, padding=1)
        self.register_buffer("mean", div2k_mean(), persistent=False)
        nn.init.dirac_(self.head.weight[:3])  # the first three features start as red, green and blue
        nn.init.zeros_(bias_of(self.head))
        init_small_(self.join)
        for enlargement in (self.enlarge[0], self.enlarge[2]):
            init_identity_(enlargement, repeats=4)
        init_identity_(self.tail)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        features = self.head(x - self.mean)
        return self.mean + self.tail(self.enlarge(features + self.join(self.blocks(features))))


def _twice_as_large(width: int) -> tuple[nn.Module, nn.Module]:
    return nn.Conv2d(width, 4 * width, 3, padding=1), nn.PixelShuffle(2)


# sanghyun-son/EDSR-PyTorch: src/option.py, 021bea7: L1, Adam, windows of 192 px of the large image, 300 epochs, the
# rate halved after 200.
TRAINING = TrainingConfig(
    scale=SCALE,
    losses={"l1": 1.0},
    learning_rate=1e-4,
    betas=(0.9, 0.999),
    constant_share=1.0,
    drops={2 / 3: 0.5},
    crop=192,
    version=2,
)

edsr = NetworkMethod("edsr", Edsr, TRAINING)
large = NetworkMethod("edsr:large", lambda width: Edsr(4 * width, blocks=32, residual=0.1), TRAINING)
