"""DeblurGAN (Kupyn et al. 2018): a residual generator with instance norm and a Wasserstein critic.

The blocks have two convolutions, as the paper draws them; the authors' last code has one, by operator precedence. The
network works in [-1, 1] and adds its input; instance norm always uses the image's own statistics.
"""

import torch
from torch import nn

from benchmark.methods.networks.common import NetworkMethod
from ispl_model.losses.perceptual import FeatureLayers
from ispl_model.network.init import init_small_
from ispl_model.training.config import TrainingConfig

SCALE = 1
BLOCKS = 9


class NormBlock(nn.Module):
    """x + norm(conv(dropout(relu(norm(conv(x)))))), borders mirrored."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3), nn.InstanceNorm2d(width), nn.ReLU(), nn.Dropout(0.5),
            nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3), nn.InstanceNorm2d(width),
        )  # fmt: skip

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # (N, width, H, W) => same
        return x + self.body(x)


class DeblurGan(nn.Module):
    """11,378,179 parameters at width 64. (N, 3, H, W) in [0, 1] to the same, clamped; sides multiples of 4."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.ReflectionPad2d(3), nn.Conv2d(3, width, 7), *_after(width),
            nn.Conv2d(width, 2 * width, 3, 2, 1), *_after(2 * width),
            nn.Conv2d(2 * width, 4 * width, 3, 2, 1), *_after(4 * width),
            *(NormBlock(4 * width) for _ in range(BLOCKS)),
            nn.ConvTranspose2d(4 * width, 2 * width, 3, 2, 1, output_padding=1), *_after(2 * width),
            nn.ConvTranspose2d(2 * width, width, 3, 2, 1, output_padding=1), *_after(width),
            nn.ReflectionPad2d(3), nn.Conv2d(width, 3, 7), nn.Tanh(),
        )  # fmt: skip
        for _ in range(2):  # its features have unit variance, and the picture only a quarter
            init_small_(self.body[-2])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        signed = 2 * x - 1
        return ((signed + self.body(signed)).clamp(-1, 1) + 1) / 2


def _after(channels: int) -> tuple[nn.Module, nn.Module]:
    return nn.InstanceNorm2d(channels), nn.ReLU()


# KupynOrest/DeblurGAN: the squared distance of VGG-19's features conv3_3, before the ReLU, of images in [-1, 1]:
# models/losses.py, 634bc29; its weight 100, Adam at 1e-4 with 0.5, 150 epochs constant and 150 falling: options/
# train_options.py, 634bc29; 0.999 and five critic steps: models/conditional_gan_model.py, 6d3f1e1; windows of 256 px:
# options/base_options.py, ad676d6. Chosen here: the gradient penalty (see ispl_model.losses.gan) and a stand-in's
# offsets.
TRAINING = TrainingConfig(
    scale=SCALE,
    losses={"perceptual": 100.0, "wgan-gp": 1.0},
    learning_rate=1e-4,
    betas=(0.5, 0.999),
    constant_share=1 / 2,
    crop=256,
    perceptual=FeatureLayers({"conv3_3": 1.0}, distance="mse", normalised=False, signed=True),
    shifts=True,
    discriminator="patch_3",
    conditional=False,
    critic_steps=5,
    version=2,
)

deblurgan = NetworkMethod("deblurgan", DeblurGan, TRAINING)
