"""The whole restoration network (paper, eq. 7): encoder E, fusion F, generator G."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import nn

from degrade.core.errors import InputError
from ispl_model.network.encoder import Encoder, Pyramid, sampled
from ispl_model.network.fusion import LevelInput
from ispl_model.network.guides import Guide
from ispl_model.network.init import bias_of, init_identity_, init_small_
from ispl_model.network.spade import ModulatedBlock
from ispl_model.network.variants import VARIANTS, IsplConfig, Variant


class Generator(nn.Module):
    """x_(i+1) = block(x_i; f_i), eq. 10, and 2x enlargement between levels (Sec. 4.1), from x_0 to the restored image.

    At 512 pixels these are the seven blocks of the authors' code: one at 16x16, two at 32x32 that share
    one guide, one at each finer level. Then LeakyReLU 0.2, a 3x3 convolution and (1 + tanh) / 2.
    What x_0 is and how it is enlarged is the variant's (see Variant.spade).

    The finest level starts by passing its guide through, whose first three channels start as the image: the untrained
    network gives its input at a slightly different contrast. The paper names no initialisation; the authors'
    (Xavier, gain 0.02) starts black. Denoising portraits at width 8, forty steps from torch's default
    initialisation gave 17.7 dB, from this one 23.6 dB (the input has 18.7 dB). Where the finest guide is not the image
    at the start (Variant.starts_as_image), the untrained network gives a mid grey.
    """

    def __init__(self, channels: Sequence[int], guide_channels: Sequence[int], variant: Variant) -> None:
        super().__init__()
        self.enlargement = {"mode": "nearest"} if variant.spade else {"mode": "bilinear", "align_corners": False}
        self.start = nn.Conv2d(len(variant.picture), channels[0], 3, padding=1) if variant.spade else nn.Identity()
        self.levels = nn.ModuleList()
        for level, (outputs, guide) in enumerate(zip(channels, guide_channels, strict=True)):
            passing = variant.starts_as_image and level == len(channels) - 1
            blocks = nn.ModuleList([ModulatedBlock(channels[max(level - 1, 0)], outputs, guide, passing)])
            if level == 1:
                blocks.append(ModulatedBlock(outputs, outputs, guide))
            self.levels.append(blocks)
        self.to_rgb = nn.Conv2d(channels[-1], 3, 3, padding=1)
        if variant.starts_as_image:
            self._start_as_image()
        else:
            init_small_(self.to_rgb)

    def _start_as_image(self) -> None:
        init_identity_(self.to_rgb)
        with torch.no_grad():  # the last block gives twice the image; 0.5 + 0.5 tanh(2.5 v - 1.25) is close to v
            self.to_rgb.weight.mul_(1.25)
            bias_of(self.to_rgb).fill_(-1.25)

    def forward(self, start: torch.Tensor, guides: Sequence[Guide]) -> torch.Tensor:
        features = self.start(start)  # x_0, (N, 16 * width, 16, 16)
        for level, (blocks, guide) in enumerate(zip(self.levels, guides, strict=True)):
            if level > 0:
                features = F.interpolate(features, scale_factor=2, **self.enlargement)
            for block in blocks.children():
                features = block(features, guide)
        rgb = self.to_rgb(F.leaky_relu(features, 0.2))  # (N, width, S, S) => (N, 3, S, S)
        return 0.5 + 0.5 * torch.tanh(rgb)


class Ispl(nn.Module):
    """Degraded image => restored image of the same size, both in [0, 1], RGB, NCHW (eq. 7).

    ep_map needs the one-hot parsing map (ispl_model.training.parsing) in channels 3 to 21 behind the image, and looks
    at nothing else. S may be another side than config.size if a multiple of 2 ** config.top_level, for crops.

    The paper does not state the output's range; the authors' code has tanh against targets in [0, 1], which starts
    black and wastes half of tanh. Here tanh is mapped to [0, 1].
    """

    def __init__(self, config: IsplConfig) -> None:
        super().__init__()
        self.config = config
        variant = VARIANTS[config.variant]
        self.encoder: Pyramid | Encoder
        if variant.embedding == "picture":
            self.encoder = Pyramid(len(config.channels), variant.picture)
        else:
            self.encoder = Encoder(config.channels, variant.embedding, config.projection, variant.bright)
        self.fusion = variant.fusion(self.encoder.map_channels)
        self.generator = Generator(config.channels, self.fusion.guide_channels, variant)
        self.level_input = LevelInput(self.fusion.guide_channels) if config.levels else None

    def forward(self, degraded: torch.Tensor, level: float | None = None) -> torch.Tensor:
        """Eq. 7, x = G(E(y); F(y)). (N, config.inputs, S, S) => (N, 3, S, S).

        level: t in [0, config.top_level] of the perception-distortion trade-off, low values invent more (Sec. 4.5);
            None is the top level, the whole network.
        """
        maps = self.encode(degraded)
        return self.decode(self.start(degraded, maps), self.guides(maps, level))

    def encode(self, degraded: torch.Tensor) -> list[torch.Tensor]:
        """Eq. 6: the subspace embeddings y_0 (smallest) ... y_n. Raises InputError for a wrong number of channels."""
        if degraded.shape[1] != self.config.inputs:
            wanted = "RGB and a parsing map's classes" if self.config.inputs > 3 else "RGB"
            got = f"expected {self.config.inputs} channels ({wanted}), got {degraded.shape[1]}"
            raise InputError(f"ISPL {self.config.variant}: {got}")
        return self.encoder(degraded)

    def start(self, degraded: torch.Tensor, maps: Sequence[torch.Tensor]) -> torch.Tensor:
        """What x_0 is made of: y_0 itself (Sec. 3.4), or in a spade variant the picture at 16x16."""
        variant = VARIANTS[self.config.variant]
        return sampled(degraded, variant.picture, self.config.top_level) if variant.spade else maps[0]

    def guides(self, maps: Sequence[torch.Tensor], level: float | None = None) -> list[Guide]:
        """Eq. 7: the fused guides f_0 (smallest) ... f_n; at `level` as LevelInput has them.

        Raises ValueError for a level that this network does not have.
        """
        fused = self.fusion(maps)
        if level is None:
            return fused
        if self.level_input is None:
            raise ValueError("level: this network was built without levels and has one result only")
        if not 0 <= level <= self.config.top_level:
            raise ValueError(f"level: expected a number from 0 to {self.config.top_level}, got {level:g}")
        return self.level_input(fused, level)

    def decode(self, start: torch.Tensor, guides: Sequence[Guide]) -> torch.Tensor:
        """Eqs. 7 and 10: the restored image (N, 3, S, S) from `start` and `guides`, whoever made them."""
        return self.generator(start, guides)
