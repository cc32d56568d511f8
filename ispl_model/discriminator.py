"""The discriminator: two patch discriminators, on the image and on its half-size copy (paper, Sec. 3.5)."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from ispl_model.spade import standardise

SCALES = 2


class PatchDiscriminator(nn.Module):
    """Five 4x4 convolutions, width 6 => w => 2w => 4w => 8w => 1; the middle three with spectral and instance norm.

    Returns the five maps, the last being the score of each patch.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(6, width, 4, stride=2, padding=2)
        pairs = ((width, 2 * width, 2), (2 * width, 4 * width, 2), (4 * width, 8 * width, 1))
        self.middle = nn.ModuleList(
            spectral_norm(nn.Conv2d(inputs, outputs, 4, stride=stride, padding=2, bias=False))
            for inputs, outputs, stride in pairs
        )
        self.score = nn.Conv2d(8 * width, 1, 4, padding=2)

    def forward(self, pair: torch.Tensor) -> list[torch.Tensor]:  # (N, 6, H, W) => 5 maps
        features = [F.leaky_relu(self.first(pair), 0.2)]
        for conv in self.middle:
            features.append(F.leaky_relu(standardise(conv(features[-1])), 0.2))
        return [*features, self.score(features[-1])]


class MultiScaleDiscriminator(nn.Module):
    """Judges (degraded, image) pairs, stacked to six channels, at full and at half size.

    Source: Wang et al., "High-Resolution Image Synthesis and Semantic Manipulation with Conditional GANs", CVPR 2018.
    """

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.scales = nn.ModuleList(PatchDiscriminator(width) for _ in range(SCALES))

    def forward(self, pair: torch.Tensor) -> list[list[torch.Tensor]]:
        """(N, 6, H, W) in [0, 1] => for each scale five maps, the last being the score of each patch."""
        results = []
        for scale in self.scales:
            results.append(scale(pair))
            pair = F.avg_pool2d(pair, 3, stride=2, padding=1, count_include_pad=False)
        return results
