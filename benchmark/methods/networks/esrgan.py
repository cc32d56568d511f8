"""ESRGAN (Wang et al. 2018): dense residual blocks without normalisation and a relativistic discriminator.

Starts as pixel repetition of the input: the last convolutions pass colours on.
"""

import torch
from torch import nn
from torch.nn import functional

from benchmark.methods.networks.common import NetworkMethod
from ispl_model.losses.perceptual import FeatureLayers
from ispl_model.network.init import bias_of, init_identity_, init_small_, weight_of
from ispl_model.training.config import Pretraining, TrainingConfig

SCALE = 4
BLOCKS = 23
RESIDUAL = 0.2  # both scales of the residual branches


class DenseBlock(nn.Module):
    """Five 3x3 convolutions, each seeing all features before it; x + 0.2 of the last."""

    def __init__(self, width: int) -> None:
        super().__init__()
        growth = max(1, width // 2)
        outputs = (growth, growth, growth, growth, width)
        self.convs = nn.ModuleList(
            nn.Conv2d(width + index * growth, channels, 3, padding=1) for index, channels in enumerate(outputs)
        )
        for conv in self.convs:
            init_small_(conv)  # a tenth of the default weights, as the authors start these blocks
        with torch.no_grad():  # half of x goes on, or 23 blocks would make 66 times the input of it
            nn.init.dirac_(taken := torch.empty_like(weight_of(self.convs[-1])))
            weight_of(self.convs[-1]).sub_(taken, alpha=0.5 / RESIDUAL)

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # (N, width, H, W) => same
        features = [x]
        for conv in self.convs[:-1]:
            features.append(functional.leaky_relu(conv(torch.cat(features, dim=1)), 0.2))
        return x + RESIDUAL * self.convs[-1](torch.cat(features, dim=1))


class DenseBlocks(nn.Module):
    """RRDB: x + 0.2 (three dense blocks of x)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*(DenseBlock(width) for _ in range(3)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # (N, width, H, W) => same
        return x + RESIDUAL * self.blocks(x)


class Esrgan(nn.Module):
    """RRDBNet: 23 blocks, two enlargements by pixel repetition; 16,697,987 parameters at width 64.

    (N, 3, H, W) in [0, 1] to (N, 3, 4 H, 4 W), not clamped.
    """

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.head = nn.Conv2d(3, width, 3, padding=1)
        self.blocks = nn.Sequential(*(DenseBlocks(width) for _ in range(BLOCKS)))
        self.join = nn.Conv2d(width, width, 3, padding=1)
        self.enlarge = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in range(2))
        self.finish = nn.Conv2d(width, width, 3, padding=1)
        self.tail = nn.Conv2d(width, 3, 3, padding=1)
        nn.init.dirac_(self.head.weight[:3])  # the first three features start as red, green and blue
        nn.init.zeros_(bias_of(self.head))
        init_small_(self.join)
        for conv in (*self.enlarge, self.finish, self.tail):
            init_identity_(conv)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        features = self.head(x)
        features = features + self.join(self.blocks(features))
        for conv in self.enlarge:
            features = functional.leaky_relu(conv(functional.interpolate(features, scale_factor=2)), 0.2)
        return self.tail(functional.leaky_relu(self.finish(features), 0.2))


# Section 4.1 of the paper, as it is cited (not re-read): 10^6 updates on L1 at 2e-4, halved every 200,000 (so also
# XPixelGroup/BasicSR: codes/options/train/train_sr.json, 018744c, from 1e-4). Then open-mmlab/mmagic (once mmsr):
# codes/options/train/train_ESRGAN.yml, 037933b: 400,000 at 1e-4, halved four times, 5e-3 of half the relativistic loss.
TRAINING = TrainingConfig(
    scale=SCALE,
    losses={"l1": 1e-2, "perceptual": 1.0, "ragan": 5e-3},
    learning_rate=1e-4,
    betas=(0.9, 0.99),
    constant_share=1.0,
    drops={1 / 8: 0.5, 1 / 4: 0.5, 1 / 2: 0.5, 3 / 4: 0.5},
    crop=128,
    pretraining=Pretraining(
        share=5 / 7,
        losses={"l1": 1.0},
        learning_rate=2e-4,
        drops={1 / 5: 0.5, 2 / 5: 0.5, 3 / 5: 0.5, 4 / 5: 0.5},
    ),
    perceptual=FeatureLayers({"conv5_4": 1.0}),
    discriminator="vgg",
    conditional=False,
    version=2,
)

esrgan = NetworkMethod("esrgan", Esrgan, TRAINING)
