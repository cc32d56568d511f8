"""The prior fusion module F: from the encoder's maps to one guide for each level (paper, eq. 7)."""

from collections.abc import Sequence

import torch
from torch import nn


class UnetFusion(nn.Module):
    """f_i = y_i: each level is guided by the encoder's map of its own size (the paper's benchmark choice)."""

    def __init__(self, map_channels: Sequence[int]) -> None:
        """map_channels: of y_0 ... y_n, smallest map first; guide_channels: of f_0 ... f_n in the same order."""
        super().__init__()
        self.guide_channels = tuple(map_channels)

    def forward(self, maps: Sequence[torch.Tensor]) -> Sequence[torch.Tensor]:
        return maps
