"""VDN (Yue et al. 2019): a network that denoises and one that estimates the noise, trained by variational inference.

Restoring uses the first alone: input minus the mean of the residual. The second gives the parameters of an inverse
gamma law of each pixel's noise variance, which only the loss needs.
"""

import math
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

from benchmark.methods.method import Method
from benchmark.methods.network import WidthConfig, padded_to_multiple, restorer
from ispl_model.initial import subdue_
from ispl_model.losses import Tensors
from ispl_model.training import Training

SCALE = 1
DEPTH = 4
WINDOW = 7  # side of the window that the noise variance's prior looks at, in pixels
PRIOR_VARIANCE = 5e-5  # of the residual; the authors' for simulated noise
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


def variational_loss(outputs: Tensors, batch: Tensors) -> torch.Tensor:
    """The negative evidence lower bound a pixel (eqs. 12 to 15): likelihood, and two divergences from the priors.

    The prior of the residual is Gaussian around the true one with variance PRIOR_VARIANCE, that of the noise variance
    inverse gamma with the mode of the blurred squared residual, as the authors do where the noise's law is unknown.
    """
    residual = batch["degraded"] - batch["reference"]
    mean, variance, alpha, beta = (outputs[name] for name in ("mean", "variance", "alpha", "beta"))
    prior_alpha = torch.full_like(alpha, (WINDOW**2 - 2) / 2)
    prior_beta = WINDOW**2 / 2 * _local_variance(residual)
    return (
        likelihood(mean, variance, alpha, beta)
        + gaussian_divergence(mean, variance, residual)
        + inverse_gamma_divergence(alpha, beta, prior_alpha, prior_beta)
    )


def likelihood(mean: torch.Tensor, variance: torch.Tensor, alpha: torch.Tensor, beta: torch.Tensor) -> torch.Tensor:
    """Mean of -E log p(degraded | clean, noise variance): E[residual^2] = mean^2 + variance, E[1 / sigma^2] = a / b."""
    expected = beta.log() - torch.digamma(alpha) + (mean.square() + variance) * alpha / beta
    return 0.5 * math.log(2 * math.pi) + 0.5 * expected.mean()


def gaussian_divergence(mean: torch.Tensor, variance: torch.Tensor, residual: torch.Tensor) -> torch.Tensor:
    """Mean of KL(N(mean, variance) || N(residual, PRIOR_VARIANCE))."""
    ratio = variance / PRIOR_VARIANCE
    return 0.5 * ((mean - residual).square() / PRIOR_VARIANCE + ratio - 1 - ratio.log()).mean()


def inverse_gamma_divergence(
    alpha: torch.Tensor, beta: torch.Tensor, prior_alpha: torch.Tensor, prior_beta: torch.Tensor
) -> torch.Tensor:
    """Mean of KL(IG(alpha, beta) || IG(prior_alpha, prior_beta))."""
    shape = (alpha - prior_alpha) * torch.digamma(alpha) + torch.lgamma(prior_alpha) - torch.lgamma(alpha)
    return (shape + prior_alpha * (beta / prior_beta).log() + alpha * (prior_beta / beta - 1)).mean()


def _local_variance(residual: torch.Tensor) -> torch.Tensor:
    """The squared residual under a Gaussian window of WINDOW px and sigma 3, at least 1e-10."""
    places = torch.arange(WINDOW, dtype=residual.dtype, device=residual.device) - WINDOW // 2
    weights = torch.exp(-places.square() / 18)
    kernel = torch.outer(weights, weights) / weights.sum() ** 2
    padded = functional.pad(residual.square(), (WINDOW // 2,) * 4, mode="reflect")
    blurred = functional.conv2d(padded, kernel.expand(3, 1, WINDOW, WINDOW), groups=3)
    return blurred.clamp(min=1e-10)


# Section 4.1 and the authors' code: 60 epochs, the rate halved at 10, 20, 25, ..., 50; patches of 128 px.
TRAINING = Training(
    scale=SCALE,
    losses={"variational": 1.0},
    learning_rate=2e-4,
    betas=(0.9, 0.999),
    constant_share=1.0,
    drops={epoch / 60: 0.5 for epoch in (10, 20, 25, 30, 35, 40, 45, 50)},
    crop=128,
    clip={"denoiser": 1e4, "noise": 1e3},
    functions={"variational": variational_loss},
)


def configure(width: int, size: int) -> WidthConfig:
    """The network's config; it works at every size."""
    return WidthConfig(width)


def build(width: int, size: int) -> nn.Module:
    """An untrained network."""
    return Vdnet(width)


def load(device: str, checkpoint: Path | None, size: int) -> Method:
    """The network of a checkpoint; InputError when there is none or it is another network's."""
    return restorer("vdnet", Vdnet, SCALE, device, checkpoint, size)
