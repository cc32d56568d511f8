"""A guide as a stack of maps of different sides, and its convolution without enlarging the small ones.

Bilinear enlargement is one matrix on the rows and one on the columns, and so is taking a neighbour. A 3x3 convolution
of an enlarged map is therefore a 1x1 convolution of the small map for each tap, between two such matrices: the same
result, and the enlarged map never exists. At width 64 and 512 px ISP-concat takes 1.04 T multiply-adds instead of 3.73,
ISP-Y0 0.56 instead of 1.63.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from ispl_model.network.init import bias_of

FAR = 4  # from this enlargement on; at 2 the matrices take more multiply-adds than the enlarged map


@dataclass(frozen=True)
class MultiScaleGuide:
    """The channels of `near`, (N, C, H, W), and behind them those of the maps `far`, (N, C_j, h_j, w_j), enlarged."""

    near: torch.Tensor
    far: Sequence[torch.Tensor]

    @property
    def shape(self) -> torch.Size:
        """Of the guide as one map, (N, channels of all, H, W)."""
        images, channels, *sides = self.near.shape
        return torch.Size((images, channels + sum(features.shape[1] for features in self.far), *sides))


Guide = torch.Tensor | MultiScaleGuide


def concat_lazy(maps: Sequence[torch.Tensor], level: torch.Tensor) -> Guide:
    """The channels of all maps, finest map first, each at the side of the map `level`."""
    near = [features for features in maps if level.shape[-1] < FAR * features.shape[-1]]
    first = [resample_to(features, level) for features in near] or [level[:, :0]]
    joined = first[0] if len(first) == 1 else torch.cat(first, dim=1)
    return MultiScaleGuide(joined, maps[len(near) :]) if len(near) < len(maps) else joined


def materialise(guide: Guide) -> torch.Tensor:
    """The guide as one map, (N, C, H, W)."""
    if isinstance(guide, torch.Tensor):
        return guide
    return torch.cat([guide.near, *(resample_to(features, guide.near) for features in guide.far)], dim=1)


def conv_guide(guide: Guide, conv: nn.Conv2d) -> torch.Tensor:
    """conv(materialise(guide)) for a 3x3 convolution with padding 1, (N, O, H, W)."""
    if isinstance(guide, torch.Tensor):
        return conv(guide)
    channels = [features.shape[1] for features in (guide.near, *guide.far)]
    kernel, *kernels = conv.weight.split(channels, dim=1)
    height, width = guide.near.shape[-2:]
    wide = [_widened(features, weight, width) for features, weight in zip(guide.far, kernels, strict=True)]
    to_rows = [_taps(features.shape[-2], height, rows) for features, rows in zip(guide.far, wide, strict=True)]
    far = torch.cat(to_rows, dim=1) @ torch.cat(wide, dim=1)  # (N, H, W O)
    far = far.unflatten(2, (width, -1)).permute(0, 3, 1, 2)
    if not channels[0]:
        return far + bias_of(conv)[:, None, None].to(far.dtype)
    return far + F.conv2d(guide.near, kernel, conv.bias, padding=1)


def resample_to(features: torch.Tensor, level: Guide) -> torch.Tensor:
    """`features` at the side of the guide or map `level`: enlarged bilinearly, or halved as often as needed.

    A bilinear halving is the mean of 2x2 pixels, several of them the mean of a block.
    """
    side, wanted = features.shape[-1], level.shape[-1]
    if side > wanted:
        return F.avg_pool2d(features, side // wanted)
    if side < wanted:
        return F.interpolate(features, scale_factor=wanted // side, mode="bilinear", align_corners=False)
    return features


def _widened(features: torch.Tensor, weight: torch.Tensor, width: int) -> torch.Tensor:
    """Each row of a map (N, C, h, w) enlarged to `width` and convolved along it, for each of the three rows of the
    kernel (O, C, 3, 3): (N, 3 h, width * O).
    """
    outputs, (height, narrow) = len(weight), features.shape[-2:]
    tapped = features.permute(0, 2, 3, 1) @ weight.permute(1, 2, 3, 0).flatten(1)  # (N, h, w, 9 O)
    tapped = tapped.unflatten(3, (3, 3, outputs)).permute(0, 3, 1, 4, 2, 5)  # (N, 3, h, 3, w, O)
    columns = _taps(narrow, width, tapped) @ tapped.reshape(-1, 3 * narrow, outputs)  # (N 3 h, width, O)
    return columns.view(len(features), 3 * height, -1)


def _taps(small: int, side: int, like: torch.Tensor) -> torch.Tensor:
    """(side, 3 small): from a line of `small` values to the enlarged line before, at and behind each place.

    Outside of it the line is 0.
    """
    enlarged = F.interpolate(torch.eye(small, device=like.device)[None], size=side, mode="linear")  # (1, small, side)
    around = F.pad(enlarged[0], (1, 1)).unfold(1, side, 1)  # (small, 3, side)
    return around.permute(2, 1, 0).flatten(1).to(like.dtype)
