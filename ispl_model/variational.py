"""The variational losses of VDN: plain functions of (outputs, batch), in float32.

outputs holds, each (N, 3, H, W): "residual", the mean of what is to be subtracted from the degraded image;
"log_variance" of the restored image around its mean; "log_alpha" and "log_beta" of the inverse gamma distribution
of the noise variance. The negative evidence lower bound is likelihood + kl_gauss + kl_inverse_gamma, means over pixels.

Source: Yue et al., "Variational Denoising Network", NeurIPS 2019, with the constants of the authors' code.
"""

import math

import torch
from torch.nn import functional

from ispl_model.losses.pixel import Tensors

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
