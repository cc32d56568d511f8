"""The subspace embedding network E: one map of features for each level (paper, eqs. 6 to 8)."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import nn

from ispl_model.pac import PixelAdaptiveConv2d
from ispl_model.spade import standardise


class Encoder(nn.Module):
    """RGB => maps y_0 (smallest, 16x16) ... y_n (full resolution), each twice the side of the one before.

    Full resolution is a 3x3 convolution and ReLU. Each stage below is a pixel-adaptive convolution (eqs. 8, 9), or
    a plain one where projection is None, evaluated only at every second pixel of the finer map (a quarter of the
    work of filtering everywhere and reducing after, and as many parameters), then instance norm without
    parameters and ReLU, which the last stage does not have.

    The full-resolution map is not normalised (the authors' code does): normalised there, an image and
    its half-bright copy give the same features at every level and no output can have the right brightness.
    """

    def __init__(self, channels: Sequence[int], projection: int | None) -> None:
        """channels: of y_0 ... y_n; projection: channels D of g in eq. 9, None for plain convolutions."""
        super().__init__()
        fine_to_coarse = tuple(reversed(channels))
        self.head = nn.Conv2d(3, fine_to_coarse[0], 3, padding=1, bias=False)
        nn.init.dirac_(self.head.weight[:3])  # the first three channels start as red, green and blue
        pairs = zip(fine_to_coarse, fine_to_coarse[1:], strict=False)
        self.stages = nn.ModuleList(_stage(inputs, outputs, projection) for inputs, outputs in pairs)

    def forward(self, image: torch.Tensor) -> list[torch.Tensor]:
        maps = [F.relu(self.head(image))]  # (N, 3, S, S) => (N, width, S, S)
        for stage in self.stages[:-1]:
            maps.append(F.relu(standardise(stage(maps[-1]))))  # (N, C, H, W) => (N, 2C, H/2, W/2)
        maps.append(self.stages[-1](maps[-1]))
        return maps[::-1]


def _stage(inputs: int, outputs: int, projection: int | None) -> nn.Module:
    if projection is None:
        return nn.Conv2d(inputs, outputs, 3, stride=2, padding=1)
    return PixelAdaptiveConv2d(inputs, outputs, projection)
