"""EP-GAN-style: an edge-preserving GAN against compression artefacts, after the abstract of Mao et al. (ICME 2018).

The paper's layers and weights could not be had. Known is that it restores edges and textures together and that a
regulariser of edge fidelity joins signal, feature and adversarial terms. Chosen here: a residual network of 16 blocks at
full resolution that gives the image and a map of its edges. Results must not be read as the paper's EP-GAN.
"""

from collections.abc import Mapping

import torch
from torch import nn

from ispl_model.initial import subdue_

SCALE = 1
BLOCKS = 16


class Block(nn.Module):
    """x + conv(relu(conv(x)))."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        subdue_(self.second)

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # (N, width, H, W) => same
        return x + self.second(torch.relu(self.first(x)))


class EpGan(nn.Module):
    """(N, 3, H, W) in [0, 1] to the same, not clamped; starts near its input.

    In training the result is a mapping: "restored", and "edges" (N, 1, H, W) >= 0, the predicted size of luma's gradient.
    """

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.head = nn.Sequential(nn.Conv2d(3, width, 3, padding=1), nn.ReLU())
        self.blocks = nn.Sequential(*(Block(width) for _ in range(BLOCKS)))
        self.image = nn.Conv2d(width, 3, 3, padding=1)
        self.edges = nn.Sequential(nn.Conv2d(width, 1, 3, padding=1), nn.Softplus())
        subdue_(self.image)

    def forward(self, x: torch.Tensor) -> torch.Tensor | Mapping[str, torch.Tensor]:
        features = self.blocks(self.head(x))
        restored = x + self.image(features)
        return {"restored": restored, "edges": self.edges(features)} if self.training else restored
