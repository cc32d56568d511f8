"""The prior fusion module F: from the encoder's maps to one guide for each level (paper, eq. 7 and Sec. 3.3).

A fusion is built from the channels of y_0 ... y_n, smallest map first, and says the channels of its guides
f_0 ... f_n in the same order. Maps of another level are brought to a level's side by 2x bilinear steps (Sec. 4.2).
"""

import math
from collections.abc import Sequence
from functools import reduce

import torch
from torch import nn

from ispl_model.network.guides import Guide, concat_lazy, materialise, resample_to
from ispl_model.network.init import init_identity_

Maps = Sequence[torch.Tensor]


class Fusion(nn.Module):
    """What all fusions share: the channels of their guides f_0 ... f_n."""

    guide_channels: tuple[int, ...]


class UnetFusion(Fusion):
    """f_i = y_i: each level is guided by the encoder's map of its own size (the paper's benchmark choice)."""

    def __init__(self, map_channels: Sequence[int]) -> None:
        super().__init__()
        self.guide_channels = tuple(map_channels)

    def forward(self, maps: Maps) -> list[Guide]:
        return list(maps)


class FirstMapFusion(Fusion):
    """f_i = y_0, ISP-Y0 of Sec. 4.2."""

    def __init__(self, map_channels: Sequence[int]) -> None:
        super().__init__()
        self.guide_channels = (map_channels[0],) * len(map_channels)

    def forward(self, maps: Maps) -> list[Guide]:
        return [concat_lazy(maps[:1], level) for level in maps]


class StyleFusion(Fusion):
    """f_i = phi_i(y_0): one embedding shared by all levels, StyleGAN in the terms of Sec. 3.3.

    phi_i is a 1x1 convolution to the channels of level i, as StyleGAN's styles are affine maps of one latent code.
    """

    def __init__(self, map_channels: Sequence[int]) -> None:
        super().__init__()
        self.guide_channels = tuple(map_channels)
        self.styles = nn.ModuleList(nn.Conv2d(map_channels[0], channels, 1) for channels in map_channels)

    def forward(self, maps: Maps) -> list[Guide]:
        return [concat_lazy([style(maps[0])], level) for style, level in zip(self.styles, maps, strict=True)]


class ConcatFusion(Fusion):
    """f_i = [y_0; y_1; ...; y_n], ISP-concat of Sec. 4.2: 3008 channels at every level at full scale.

    The finest map comes first, so that the guide's first channels are the image's at the start.
    """

    def __init__(self, map_channels: Sequence[int]) -> None:
        super().__init__()
        self.guide_channels = (sum(map_channels),) * len(map_channels)

    def forward(self, maps: Maps) -> list[Guide]:
        return [concat_lazy(maps[::-1], level) for level in maps]


class MatrixFusion(Fusion):
    """f_i = sum_j W_ij a_j, ISP-matrix of Sec. 4.2, a_j being y_j brought to 128 channels by a 1x1 convolution.

    128 channels are those of the paper's width 64: twice the width. W starts as the identity, the U-net.
    """

    def __init__(self, map_channels: Sequence[int]) -> None:
        super().__init__()
        channels = 2 * map_channels[-1]
        self.align = _alignments(map_channels, channels)
        self.guide_channels = (channels,) * len(map_channels)
        self.matrix = nn.Parameter(torch.eye(len(map_channels)))

    def forward(self, maps: Maps) -> list[torch.Tensor]:
        embedded = [align(features) for align, features in zip(self.align, maps, strict=True)]
        return [_weighted_sum(embedded, row, level) for row, level in zip(self.matrix, maps, strict=True)]


class MultiCodeFusion(Fusion):
    """f_i = alpha^T y for every i: one linear combination, channel by channel, multi-code GAN prior in Sec. 3.3.

    The maps are aligned as in MatrixFusion. The finest one starts with weight 1, the others with a tenth.
    Source: Gu et al., "Image Processing Using Multi-Code GAN Prior", CVPR 2020.
    """

    def __init__(self, map_channels: Sequence[int]) -> None:
        super().__init__()
        channels = 2 * map_channels[-1]
        self.align = _alignments(map_channels, channels)
        self.guide_channels = (channels,) * len(map_channels)
        self.alpha = nn.Parameter(torch.full((len(map_channels), channels, 1, 1), 0.1))
        nn.init.ones_(self.alpha[-1])

    def forward(self, maps: Maps) -> list[torch.Tensor]:
        embedded = [align(features) for align, features in zip(self.align, maps, strict=True)]
        return [_weighted_sum(embedded, self.alpha, level) for level in maps]


class LevelInput(nn.Module):
    """Guides at level t in [0, n]: the fewer subspaces are used, the more the generator invents (Secs. 3.2, 3.3, 4.5).

    At a whole t the guides f_0 ... f_t stay, and each finer one is f_t through a 1x1 convolution of its own, bilinearly
    enlarged (which commutes with a 1x1 convolution and is cheaper in this order). Between whole numbers the
    two sets of guides are blended linearly. At n everything stays and no convolution is used.
    """

    def __init__(self, guide_channels: Sequence[int]) -> None:
        super().__init__()
        finer = [(channels, guide_channels[level + 1 :]) for level, channels in enumerate(guide_channels[:-1])]
        carry = [[nn.Conv2d(channels, outputs, 1) for outputs in above] for channels, above in finer]
        self.carry = nn.ModuleList(nn.ModuleList(convs) for convs in carry)
        for conv in (conv for convs in carry for conv in convs):
            init_identity_(conv)

    def forward(self, guides: Sequence[Guide], level: float) -> list[Guide]:
        whole = math.floor(level)
        share, lower = level - whole, self._at(guides, whole)
        if share == 0:
            return lower
        pairs = zip(lower[whole + 1 :], self._at(guides, whole + 1)[whole + 1 :], strict=True)
        return [
            *lower[: whole + 1],
            *((1 - share) * materialise(low) + share * materialise(high) for low, high in pairs),
        ]

    def _at(self, guides: Sequence[Guide], level: int) -> list[Guide]:
        if level == len(self.carry):
            return list(guides)
        whole = materialise(guides[level])
        carried = [conv(whole) for conv in self.carry[level].children()]
        finer = [resample_to(features, guide) for features, guide in zip(carried, guides[level + 1 :], strict=True)]
        return [*guides[: level + 1], *finer]


def _alignments(map_channels: Sequence[int], outputs: int) -> nn.ModuleList:
    """For each map a 1x1 convolution to as many channels; the finest starts by passing its channels on."""
    convs = [nn.Conv2d(channels, outputs, 1) for channels in map_channels]
    init_identity_(convs[-1])
    return nn.ModuleList(convs)


def _weighted_sum(embedded: Maps, weights: torch.Tensor, level: torch.Tensor) -> torch.Tensor:
    terms = (weight * resample_to(features, level) for weight, features in zip(weights, embedded, strict=True))
    return reduce(torch.add, terms)
