"""The discriminators by name: the paper's (Sec. 3.5) and those of the methods it compares with.

Each takes (N, channels, H, W) in [0, 1] and gives lists of maps; the last map of each list is its score.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from ispl_model.network.spade import standardise

SCALES = 2


class PatchDiscriminator(nn.Module):
    """Five 4x4 convolutions, channels => w => 2w => 4w => 8w => 1; the middle three with spectral and instance norm.

    Returns the five maps, the last being the score of each patch.
    """

    def __init__(self, width: int, channels: int = 6) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, width, 4, stride=2, padding=2)
        pairs = ((width, 2 * width, 2), (2 * width, 4 * width, 2), (4 * width, 8 * width, 1))
        self.middle = nn.ModuleList(
            spectral_norm(nn.Conv2d(inputs, outputs, 4, stride=stride, padding=2, bias=False))
            for inputs, outputs, stride in pairs
        )
        self.score = nn.Conv2d(8 * width, 1, 4, padding=2)

    def forward(self, pair: torch.Tensor) -> list[torch.Tensor]:  # (N, channels, H, W) => 5 maps
        features = [F.leaky_relu(self.first(pair), 0.2)]
        for conv in self.middle:
            features.append(F.leaky_relu(standardise(conv(features[-1])), 0.2))
        return [*features, self.score(features[-1])]


class MultiScaleDiscriminator(nn.Module):
    """Judges (degraded, image) pairs, stacked to six channels, at full and at half size.

    Source: Wang et al., "High-Resolution Image Synthesis and Semantic Manipulation with Conditional GANs", CVPR 2018.
    """

    def __init__(self, width: int = 64, channels: int = 6) -> None:
        super().__init__()
        self.scales = nn.ModuleList(PatchDiscriminator(width, channels) for _ in range(SCALES))

    def forward(self, pair: torch.Tensor) -> list[list[torch.Tensor]]:
        """(N, channels, H, W) in [0, 1] => for each scale five maps, the last being the score of each patch."""
        results = []
        for scale in self.scales:
            results.append(scale(pair))
            pair = F.avg_pool2d(pair, 3, stride=2, padding=1, count_include_pad=False)
        return results


class PatchGan(nn.Module):
    """Scores overlapping patches: `layers` 4x4 convolutions of stride 2, two of stride 1, instance norm between.

    Source: Isola et al., "Image-to-Image Translation with Conditional Adversarial Networks", CVPR 2017; three layers
    see 70 pixels. At width 64, on RGB, 2,764,737 parameters with three and 11,154,369 with five.
    """

    def __init__(self, channels: int, width: int, layers: int) -> None:
        super().__init__()
        widths = [width * min(8, 2**layer) for layer in range(layers + 1)]
        self.convs = nn.ModuleList(
            nn.Conv2d(inputs, outputs, 4, stride=2 if layer < layers else 1, padding=2)
            for layer, (inputs, outputs) in enumerate(zip([channels, *widths], widths, strict=False))
        )
        self.score = nn.Conv2d(widths[-1], 1, 4, padding=2)

    def forward(self, image: torch.Tensor) -> list[list[torch.Tensor]]:
        features = [F.leaky_relu(self.convs[0](image), 0.2)]
        for conv in self.convs[1:]:
            features.append(F.leaky_relu(F.instance_norm(conv(features[-1])), 0.2))
        return [[*features, self.score(features[-1])]]


class DoublePatchGan(nn.Module):
    """Small and large patches side by side: three and five layers (Kupyn et al., "DeblurGAN-v2", ICCV 2019)."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.local, self.whole = PatchGan(channels, width, 3), PatchGan(channels, width, 5)

    def forward(self, image: torch.Tensor) -> list[list[torch.Tensor]]:
        return [*self.local(image), *self.whole(image)]


class VggDiscriminator(nn.Module):
    """One score for the image: pairs of convolutions of stride 1 and 2, batch norm but for the first, two dense layers.

    kernel: of the convolutions of stride 2; bias: of all but the first, which has one. size: side of the image.
    """

    def __init__(self, channels: int, widths: tuple[int, ...], size: int, dense: int, kernel: int, bias: bool) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(channels, widths[0], 3, padding=1), nn.LeakyReLU(0.2)]
        inputs = widths[0]
        for level, outputs in enumerate(widths):
            if level > 0:
                layers += _normalised(nn.Conv2d(inputs, outputs, 3, padding=1, bias=bias))
            layers += _normalised(nn.Conv2d(outputs, outputs, kernel, stride=2, padding=1, bias=bias))
            inputs = outputs
        self.features = nn.Sequential(*layers)
        pixels = (size >> len(widths)) ** 2
        self.score = nn.Sequential(nn.Linear(inputs * pixels, dense), nn.LeakyReLU(0.2), nn.Linear(dense, 1))

    def forward(self, image: torch.Tensor) -> list[list[torch.Tensor]]:
        features = self.features(image)
        return [[features, self.score(features.flatten(1))]]


class PlainDiscriminator(nn.Module):
    """Five 4x4 convolutions without norm or bias; one score for 64 px, a map of them for more.

    What reimplementations of Bulat and Tzimiropoulos, "Super-FAN", CVPR 2018, use; 2,763,776 parameters at width 64.
    """

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        widths = (channels, width, 2 * width, 4 * width, 8 * width)
        self.convs = nn.ModuleList(
            nn.Conv2d(inputs, outputs, 4, stride=2, padding=1, bias=False)
            for inputs, outputs in zip(widths, widths[1:], strict=False)
        )
        self.score = nn.Conv2d(widths[-1], 1, 4, bias=False)

    def forward(self, image: torch.Tensor) -> list[list[torch.Tensor]]:
        features = [image]
        for conv in self.convs:
            features.append(F.leaky_relu(conv(features[-1]), 0.2))
        return [[*features[1:], self.score(features[-1])]]


def _normalised(conv: nn.Conv2d) -> list[nn.Module]:
    return [conv, nn.BatchNorm2d(conv.out_channels), nn.LeakyReLU(0.2)]


def _vgg(channels: int, width: int, size: int) -> nn.Module:
    """BasicSR's for ESRGAN; 14,499,401 parameters at width 64 and 128 px."""
    widths = (width, 2 * width, 4 * width, 8 * width, 8 * width)
    return VggDiscriminator(channels, widths, size, dense=100, kernel=4, bias=False)


def _srgan(channels: int, width: int, size: int) -> nn.Module:
    """Ledig et al., "Photo-realistic single image super-resolution", CVPR 2017; 23,565,505 at width 64 and 96 px."""
    widths = (width, 2 * width, 4 * width, 8 * width)
    return VggDiscriminator(channels, widths, size, dense=16 * width, kernel=3, bias=True)


# Name => how to build it for images of `channels` channels and `size` px, (N, channels, size, size).
DISCRIMINATORS: dict[str, Callable[[int, int, int], nn.Module]] = {
    "multi_scale": lambda channels, width, size: MultiScaleDiscriminator(width, channels),
    "patch_3": lambda channels, width, size: PatchGan(channels, width, 3),
    "patch_5": lambda channels, width, size: PatchGan(channels, width, 5),
    "patch_3_5": lambda channels, width, size: DoublePatchGan(channels, width),
    "vgg": _vgg,
    "srgan": _srgan,
    "plain": lambda channels, width, size: PlainDiscriminator(channels, width),
}
