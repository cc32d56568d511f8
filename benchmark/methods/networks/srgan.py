"""SRGAN (Ledig et al. 2017): a residual network trained with content and adversarial losses.

`srgan` is the paper's network, with batch norm. `srgan:nobn` is the one of the toolbox that the ISPL authors' folder
names point to (MSRGAN: no batch norm, two 3x3 convolutions at the end, the enlarged input added). Both start as an
enlargement of the input.
"""

import torch
from torch import nn
from torch.nn import functional

from benchmark.methods.networks.common import BatchNorm, NetworkMethod, NormBlock, PlainBlock
from ispl_model.losses.perceptual import FeatureLayers
from ispl_model.network.init import bias_of, init_identity_, init_small_, weight_of
from ispl_model.training.config import Pretraining, TrainingConfig

SCALE = 4
BLOCKS = 16


class Srgan(nn.Module):
    """9x9 head, 16 blocks, two sub-pixel enlargements, 9x9 tail; 1,549,462 parameters at width 64.

    (N, 3, H, W) in [0, 1] to (N, 3, 4 H, 4 W), not clamped.
    """

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.head = nn.Sequential(nn.Conv2d(3, width, 9, padding=4), nn.PReLU())
        self.blocks = nn.Sequential(*(NormBlock(width, nn.PReLU()) for _ in range(BLOCKS)))
        self.join = nn.Sequential(nn.Conv2d(width, width, 3, padding=1), BatchNorm(width))
        self.enlarge = nn.Sequential(*_twice_as_large(width, nn.PReLU()), *_twice_as_large(width, nn.PReLU()))
        self.tail = nn.Conv2d(width, 3, 9, padding=4)
        nn.init.constant_(weight_of(self.join[1]), 0.01)
        nn.init.dirac_(weight_of(self.head[0])[:3])  # the first three features start as red, green and blue
        nn.init.zeros_(bias_of(self.head[0]))
        for conv in (self.enlarge[0], self.enlarge[3]):
            init_identity_(conv, repeats=4)
        init_identity_(self.tail)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        features = self.head(x)
        return self.tail(self.enlarge(features + self.join(self.blocks(features))))


class SrganWithoutNorm(nn.Module):
    """3x3 head, 16 blocks, two sub-pixel enlargements, two 3x3 convolutions, plus the input enlarged bilinearly.

    1,517,571 parameters at width 64. (N, 3, H, W) in [0, 1] to (N, 3, 4 H, 4 W), not clamped.
    """

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        slope = nn.LeakyReLU(0.1)
        self.head = nn.Sequential(nn.Conv2d(3, width, 3, padding=1), slope)
        self.blocks = nn.Sequential(*(PlainBlock(width) for _ in range(BLOCKS)))
        self.enlarge = nn.Sequential(*_twice_as_large(width, slope), *_twice_as_large(width, slope))
        self.tail = nn.Sequential(nn.Conv2d(width, width, 3, padding=1), slope, nn.Conv2d(width, 3, 3, padding=1))
        init_small_(self.tail[2])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        enlarged = functional.interpolate(x, scale_factor=SCALE, mode="bilinear", align_corners=False)
        return enlarged + self.tail(self.enlarge(self.blocks(self.head(x))))


def _twice_as_large(width: int, activation: nn.Module) -> tuple[nn.Module, ...]:
    return nn.Conv2d(width, 4 * width, 3, padding=1), nn.PixelShuffle(2), activation


# Section 3.2 of the paper, as it is cited (not re-read): 10^6 updates on the pixel loss at 1e-4, without a drop, then
# 10^5 at 1e-4 and 10^5 at 1e-5 on VGG5,4 features (their squared distance scaled by 1 / 12.75^2, here as its rounded
# 0.006) and the adversarial loss; 96 px windows. Chosen here: ImageNet's normalisation, the offsets for a stand-in.
TRAINING = TrainingConfig(
    scale=SCALE,
    losses={"perceptual": 0.006, "vanilla": 1e-3},
    learning_rate=1e-4,
    betas=(0.9, 0.999),
    constant_share=1.0,
    drops={1 / 2: 0.1},
    crop=96,
    pretraining=Pretraining(share=5 / 6, losses={"mse": 1.0}, learning_rate=1e-4),
    perceptual=FeatureLayers({"relu5_4": 1.0}, distance="mse"),
    shifts=True,
    discriminator="srgan",
    conditional=False,
    version=2,
)

# open-mmlab/mmagic (once mmsr), 037933b: codes/options/train/train_SRResNet.yml, 10^6 updates on L1, the rate falling
# four times from 2e-4 along a cosine; then train_SRGAN.yml, 400,000 at 1e-4, halved four times, 1e-2 of L1, 1 of
# VGG-19's features, 5e-3 of the adversarial loss; Adam with (0.9, 0.99), 128 px windows. Their cosine ends at 1e-7,
# ours at 0.
NOBN_TRAINING = TrainingConfig(
    scale=SCALE,
    losses={"l1": 1e-2, "perceptual": 1.0, "vanilla": 5e-3},
    learning_rate=1e-4,
    betas=(0.9, 0.99),
    constant_share=1.0,
    drops={1 / 8: 0.5, 1 / 4: 0.5, 1 / 2: 0.5, 3 / 4: 0.5},
    crop=128,
    pretraining=Pretraining(share=5 / 7, losses={"l1": 1.0}, learning_rate=2e-4, cosines=4),
    perceptual=FeatureLayers({"conv5_4": 1.0}),
    discriminator="vgg",
    conditional=False,
    version=2,
)

srgan = NetworkMethod("srgan", Srgan, TRAINING)
nobn = NetworkMethod("srgan:nobn", SrganWithoutNorm, NOBN_TRAINING)
