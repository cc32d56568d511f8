"""The whole restoration network (paper, eq. 7): encoder E, fusion F, generator G."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from degrade.errors import unknown
from ispl_model.encoder import Encoder
from ispl_model.fusion import UnetFusion
from ispl_model.initial import pass_through_
from ispl_model.spade import ModulatedBlock

SIZES = (64, 128, 256, 512)
SMALLEST_MAP = 16  # side of y_0 in pixels (paper, Sec. 4.1)


@dataclass(frozen=True)
class Variant:
    """A column of Table 1: which convolution the encoder has, and which fusion."""

    adaptive: bool
    fusion: type[nn.Module]


VARIANTS = {
    "isp_unet": Variant(adaptive=False, fusion=UnetFusion),
    "isp_unet_pac": Variant(adaptive=True, fusion=UnetFusion),
}


@dataclass(frozen=True)
class IsplConfig:
    """Everything that fixes the shapes of the weights; saved inside every checkpoint.

    variant: key of VARIANTS. width: channels at full resolution, doubled at each halving up to 16 * width.
    size: side of the image in pixels, 64, 128, 256 or 512. projection: channels D of g in eq. 9.

    Raises:
        InputError: variant is unknown. ValueError: a number is out of range.
    """

    variant: str = "isp_unet_pac"
    width: int = 64
    size: int = 512
    projection: int = 32

    def __post_init__(self) -> None:
        if self.variant not in VARIANTS:
            raise unknown("ISPL variant", self.variant, VARIANTS)
        if self.size not in SIZES:
            raise ValueError(f"IsplConfig: size must be one of {SIZES} pixels, got {self.size}")
        if self.width < 1 or self.projection < 1:
            raise ValueError(f"IsplConfig: width and projection must be >= 1, got {self.width} and {self.projection}")

    @property
    def channels(self) -> tuple[int, ...]:
        """Of y_0 (16x16) ... y_n (full resolution), n = log2(size / 16).

        >>> IsplConfig(width=64, size=512).channels
        (1024, 1024, 512, 256, 128, 64)
        """
        halvings = (self.size // SMALLEST_MAP).bit_length() - 1
        return tuple(self.width * min(16, 2**level) for level in range(halvings, -1, -1))


class Generator(nn.Module):
    """x_0 = y_0; x_(i+1) = block(x_i; f_i), eq. 10, and 2x bilinear enlargement between levels (Sec. 4.1).

    At 512 pixels these are the seven blocks of the authors' code: one at 16x16, two at 32x32 that share
    one guide, one at each finer level. Then LeakyReLU 0.2, a 3x3 convolution and (1 + tanh) / 2.

    The finest level starts by passing its guide through, whose first three channels start as the image: the untrained
    network gives its input at a slightly different contrast. The paper names no initialisation; the authors'
    (Xavier, gain 0.02) starts black. Denoising portraits at width 8, forty steps from torch's default
    initialisation gave 17.7 dB, from this one 23.6 dB (the input has 18.7 dB).
    """

    def __init__(self, channels: Sequence[int], guide_channels: Sequence[int]) -> None:
        super().__init__()
        self.levels = nn.ModuleList()
        for level, (outputs, guide) in enumerate(zip(channels, guide_channels, strict=True)):
            passing = level == len(channels) - 1
            blocks = nn.ModuleList([ModulatedBlock(channels[max(level - 1, 0)], outputs, guide, passing)])
            if level == 1:
                blocks.append(ModulatedBlock(outputs, outputs, guide))
            self.levels.append(blocks)
        self.to_rgb = nn.Conv2d(channels[-1], 3, 3, padding=1)
        pass_through_(self.to_rgb)
        with torch.no_grad():  # the last block gives twice the image; 0.5 + 0.5 tanh(2.5 v - 1.25) is close to v
            self.to_rgb.weight.mul_(1.25)
            self.to_rgb.bias.fill_(-1.25)

    def forward(self, start: torch.Tensor, guides: Sequence[torch.Tensor]) -> torch.Tensor:
        features = start  # (N, 16 * width, 16, 16)
        for level, (blocks, guide) in enumerate(zip(self.levels, guides, strict=True)):
            if level > 0:
                features = F.interpolate(features, scale_factor=2, mode="bilinear", align_corners=False)
            for block in blocks:
                features = block(features, guide)
        rgb = self.to_rgb(F.leaky_relu(features, 0.2))  # (N, width, S, S) => (N, 3, S, S)
        return 0.5 + 0.5 * torch.tanh(rgb)


class Ispl(nn.Module):
    """Degraded image => restored image of the same size, both in [0, 1], RGB, NCHW (eq. 7).

    The paper does not state the output's range; the authors' code has tanh against targets in [0, 1], which starts
    black and wastes half of tanh. Here tanh is mapped to [0, 1].
    """

    def __init__(self, config: IsplConfig) -> None:
        super().__init__()
        self.config = config
        variant = VARIANTS[config.variant]
        self.encoder = Encoder(config.channels, config.projection if variant.adaptive else None)
        self.fusion = variant.fusion(config.channels)
        self.generator = Generator(config.channels, self.fusion.guide_channels)

    def forward(self, degraded: torch.Tensor) -> torch.Tensor:  # (N, 3, size, size) => same
        maps = self.encoder(degraded)
        return self.generator(maps[0], self.fusion(maps))
