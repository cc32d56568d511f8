"""VDN (Yue et al. 2019): a network that denoises and one that estimates the noise, trained by variational inference.

Restoring uses the first alone: input minus the mean of the residual. The second gives the parameters of an inverse
gamma law of each pixel's noise variance, which only the loss needs. Variance and shape start as the priors have them.

The losses are functions of (outputs, batch), in float32. outputs holds, each (N, 3, H, W): "residual", the mean of
what is to be subtracted from the degraded image; "log_variance" of the restored image around its mean; "log_alpha" and
"log_beta" of the inverse gamma distribution of the noise variance. The negative evidence lower bound is likelihood +
kl_gauss + kl_inverse_gamma, means over pixels.

Source: Yue et al., "Variational Denoising Network", NeurIPS 2019, with the constants of the authors' code.
"""

import math
from collections.abc import Mapping

import torch
from torch import nn
from torch.nn import functional

from benchmark.methods.networks.common import NetworkMethod, padded_to_multiple
from ispl_model.losses.pixel import Tensors
from ispl_model.network.init import bias_of, init_small_
from ispl_model.training.config import TrainingConfig

SCALE = 1
DEPTH = 4


WINDOW, SIGMA = 7, 3.0  # px, of the window from which the prior takes a pixel's noise variance
PRIOR_VARIANCE = 5e-5  # eps^2, how far the restored image may be from the reference; 1e-6 for real noise
_LOWEST, _HIGHEST = math.log(1e-8), math.log(1e4)


def likelihood(outputs: Tensors, batch: Tensors) -> torch.Tensor:
    """E[-log N(degraded; restored, s^2)] = log(2 pi) / 2 + mean(log b - digamma(a) + (r^2 + m^2) a / b) / 2."""
    alpha, log_beta, variance = _alpha(outputs), _clamped(outputs["log_beta"]), _variance(outputs)
    error = outputs["residual"].square() + variance
    terms = log_beta - torch.digamma(alpha) + error * alpha * torch.exp(-log_beta)
    return 0.5 * math.log(2 * math.pi) + 0.5 * terms.mean()


def kl_gauss(outputs: Tensors, batch: Tensors, prior_variance: float = PRIOR_VARIANCE) -> torch.Tensor:
    """KL(N(restored, m^2) | N(reference, eps^2))."""
    error = outputs["residual"] - (batch["degraded"] - batch["reference"])
    ratio = _variance(outputs) / prior_variance
    return 0.5 * (error.square() / prior_variance + ratio - 1 - torch.log(ratio)).mean()


def kl_inverse_gamma(outputs: Tensors, batch: Tensors) -> torch.Tensor:
    """KL(IG(a, b) | IG(a_0, b_0)), a_0 = p^2 / 2 - 1, b_0 = p^2 / 2 times the noise variance around a pixel, p = 7."""
    alpha, log_beta = _alpha(outputs), _clamped(outputs["log_beta"])
    alpha_0 = alpha.new_tensor(WINDOW**2 / 2 - 1)
    beta_0 = WINDOW**2 / 2 * noise_variance(batch["degraded"], batch["reference"])
    shapes = (alpha - alpha_0) * torch.digamma(alpha) - torch.lgamma(alpha) + torch.lgamma(alpha_0)
    scales = alpha_0 * (log_beta - torch.log(beta_0)) + alpha * (beta_0 * torch.exp(-log_beta) - 1)
    return (shapes + scales).mean()


def noise_variance(degraded: torch.Tensor, reference: torch.Tensor) -> torch.Tensor:
    """The squared difference, blurred by a Gaussian of 7 x 7 pixels and sigma 3, at least 1e-10; for noise unknown."""
    offsets = torch.arange(WINDOW, dtype=degraded.dtype, device=degraded.device) - WINDOW // 2
    line = torch.exp(-0.5 * (offsets / SIGMA).square())
    line = line / line.sum()
    squares = functional.pad((degraded - reference).square(), [WINDOW // 2] * 4, mode="reflect")
    channels = squares.shape[1]
    for kernel in (line.view(1, 1, -1, 1), line.view(1, 1, 1, -1)):
        squares = functional.conv2d(squares, kernel.expand(channels, 1, *kernel.shape[2:]), groups=channels)
    return squares.clamp_min(1e-10)


def _clamped(logarithm: torch.Tensor) -> torch.Tensor:
    return logarithm.clamp(_LOWEST, _HIGHEST)


def _alpha(outputs: Tensors) -> torch.Tensor:
    return torch.exp(_clamped(outputs["log_alpha"]))


def _variance(outputs: Tensors) -> torch.Tensor:
    return torch.exp(_clamped(outputs["log_variance"]))


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
        init_small_(self.tail)
        nn.init.constant_(bias_of(self.tail)[3:], math.log(PRIOR_VARIANCE))

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

    In training the result is a mapping: "restored", and what benchmark.methods.networks.vdnet takes.
    """

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.denoiser = Denoiser(width)
        layers: list[nn.Module] = [nn.Conv2d(3, width, 3, padding=1), nn.LeakyReLU(0.2)]
        for _ in range(3):
            layers += [nn.Conv2d(width, width, 3, padding=1), nn.LeakyReLU(0.2)]
        self.noise = nn.Sequential(*layers, nn.Conv2d(width, 6, 3, padding=1))
        nn.init.constant_(bias_of(self.noise[-1])[:3], math.log(WINDOW**2 / 2 - 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor | Mapping[str, torch.Tensor]:
        height, width = x.shape[-2:]
        residual = self.denoiser(padded_to_multiple(x, 2 ** (DEPTH - 1)))[..., :height, :width]
        mean, log_variance = residual.chunk(2, dim=1)
        if not self.training:
            return x - mean
        log_alpha, log_beta = self.noise(x).chunk(2, dim=1)
        return {
            "restored": x - mean,
            "residual": mean,
            "log_variance": log_variance,
            "log_alpha": log_alpha,
            "log_beta": log_beta,
        }


def _double(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(outputs, outputs, 3, padding=1),
        nn.LeakyReLU(0.2),
    )


# zsyOAOA/VDNet: options.py and train_simulation.py, 605098c: the three terms of the bound, Adam at 2e-4, 60 epochs, the
# rate halved at 10, 20, 25, ..., 50 (their loop then stops, below 1e-6; here the last ten run too); patches of 128 px;
# largest gradient norms 1e4 and 1e3. The prior variance, 5e-5, is that of its README for simulated noise.
TRAINING = TrainingConfig(
    scale=SCALE,
    losses={"likelihood": 1.0, "kl_gauss": 1.0, "kl_inverse_gamma": 1.0},
    learning_rate=2e-4,
    betas=(0.9, 0.999),
    constant_share=1.0,
    drops={epoch / 60: 0.5 for epoch in (10, 20, 25, 30, 35, 40, 45, 50)},
    crop=128,
    clip={"denoiser": 1e4, "noise": 1e3},
    functions={"likelihood": likelihood, "kl_gauss": kl_gauss, "kl_inverse_gamma": kl_inverse_gamma},
)

vdnet = NetworkMethod("vdnet", Vdnet, TRAINING)
