"""VDN (Yue et al. 2019): a network that denoises and one that estimates the noise, trained by variational inference.

Restoring uses the first alone: input minus the mean of the residual. The second gives the parameters of an inverse gamma
law of each pixel's noise variance, which only the loss needs.
"""

from collections.abc import Mapping

import torch
from torch import nn
from torch.nn import functional

from benchmark.methods.network import padded_to_multiple
from ispl_model.initial import subdue_

SCALE = 1
DEPTH = 4
SMALLEST, LARGEST = 1e-8, 1e4  # of variances and of the inverse gamma's parameters


class Denoiser(nn.Module):
    """U-net of four levels with two 3x3 convolutions each: (N, 3, H, W) to (N, 6, H, W), sides multiples of 8."""

    def __init__(self, width: int) -> None:
        super().__init__()
        channels = [width * 2**level for level in range(DEPTH)]
        self.down = nn.ModuleList(_double(a, b) for a, b in zip([3, *channels], channels, strict=False))
        pairs = list(zip(channels[:0:-1], channels[-2::-1], strict=True))
        self.enlarge = nn.ModuleList(nn.ConvTranspose2d(a, b, 2, 2) for a, b in pairs)
        self.up = nn.ModuleList(_double(2 * b, b) for _, b in pairs)
        self.tail = nn.Conv2d(width, 6, 3, padding=1)
        subdue_(self.tail)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        skips = []
        for level, block in enumerate(self.down):
            x = block(x if level == 0 else functional.avg_pool2d(x, 2))
            skips.append(x)
        for enlarge, block, skip in zip(self.enlarge, self.up, skips[-2::-1], strict=True):
            x = block(torch.cat([enlarge(x), skip], dim=1))
        return self.tail(x)


class Vdnet(nn.Module):
    """7,700,742 + 116,038 parameters at width 64. (N, 3, H, W) in [0, 1] to the same, not clamped.

    In training the result is a mapping of (N, 3, H, W) maps: "restored"; "mean" and "variance" of the residual; "alpha"
    and "beta" of the inverse gamma law of the noise variance.
    """

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.denoiser = Denoiser(width)
        layers = [nn.Conv2d(3, width, 3, padding=1), nn.LeakyReLU(0.2)]
        for _ in range(3):
            layers += [nn.Conv2d(width, width, 3, padding=1), nn.LeakyReLU(0.2)]
        self.noise = nn.Sequential(*layers, nn.Conv2d(width, 6, 3, padding=1))

    def forward(self, x: torch.Tensor) -> torch.Tensor | Mapping[str, torch.Tensor]:
        height, width = x.shape[-2:]
        residual = self.denoiser(padded_to_multiple(x, 2 ** (DEPTH - 1)))[..., :height, :width]
        mean, log_variance = residual.chunk(2, dim=1)
        if not self.training:
            return x - mean
        alpha, beta = (_positive(part) for part in self.noise(x).chunk(2, dim=1))
        return {"restored": x - mean, "mean": mean, "variance": _positive(log_variance), "alpha": alpha, "beta": beta}


def _positive(logarithm: torch.Tensor) -> torch.Tensor:
    """exp, in float32, kept where its own logarithm and gamma functions are finite."""
    return logarithm.float().exp().clamp(SMALLEST, LARGEST)


def _double(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(outputs, outputs, 3, padding=1),
        nn.LeakyReLU(0.2),
    )
