"""Spatially-adaptive modulation and the residual block built on it (paper, eq. 10)."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from ispl_model.network.guides import Guide, conv_guide
from ispl_model.network.init import init_identity_, init_small_

HIDDEN_LIMIT = 128  # channels between the guide and its gamma and beta, at most


def standardise(features: torch.Tensor) -> torch.Tensor:
    """(x - mu) / sigma of eq. 10, with mu and sigma over the pixels of each channel of each image, (N, C, H, W).

    Instance statistics equal the authors' batch statistics at their test batch of 1, and make the answer for an image
    independent of the others in its batch and of train or eval mode. This is torch's instance_norm, whose
    result is not channels-last: mixed layouts made the whole network's training step a quarter slower on a CPU.
    """
    return _Standardise.apply(features)


class _Standardise(torch.autograd.Function):
    @staticmethod
    def forward(ctx, features: torch.Tensor) -> torch.Tensor:
        images = [torch.native_batch_norm(one, None, None, None, None, True, 0.0, 1e-5) for one in features.split(1)]
        result = torch.cat([normalised for normalised, _, _ in images])
        ctx.save_for_backward(result, torch.stack([inverse_sigma for _, _, inverse_sigma in images]))
        return result

    @staticmethod
    def backward(ctx, gradient: torch.Tensor) -> torch.Tensor:
        result, inverse_sigma = ctx.saved_tensors
        scale = inverse_sigma.to(gradient.dtype)[:, :, None, None]
        projection = _pixel_mean(gradient * result) * scale
        return torch.addcmul((gradient - _pixel_mean(gradient)) * scale, result, projection, value=-1)


def _pixel_mean(maps: torch.Tensor) -> torch.Tensor:  # (N, C, H, W) => (N, C, 1, 1)
    # A matrix product, because torch's mean over pixels is slow where channels are innermost.
    pixels = maps.permute(0, 2, 3, 1).flatten(1, 2)
    weights = pixels.new_full((1, 1, 1), 1 / pixels.shape[1]).expand(pixels.shape[0], 1, pixels.shape[1])
    return torch.bmm(weights, pixels).permute(0, 2, 1)[..., None]


class Modulation(nn.Module):
    """gamma * n + beta of eq. 10, gamma and beta being inferred from the guide.

    As in the paper and the authors' code gamma and beta have no bias and no "1 +" (which NVlabs' SPADE has).
    Source: Park et al., "Semantic Image Synthesis with Spatially-Adaptive Normalization", CVPR 2019.
    """

    def __init__(self, channels: int, guide: int) -> None:
        super().__init__()
        hidden = min(channels, HIDDEN_LIMIT)
        self.shared = nn.Conv2d(guide, hidden, 3, padding=1)
        self.gamma = nn.Conv2d(hidden, channels, 3, padding=1, bias=False)
        self.beta = nn.Conv2d(hidden, channels, 3, padding=1, bias=False)

    def pass_guide_through_(self) -> None:
        """Start with an output that is nearly the guide (which is >= 0)."""
        init_identity_(self.shared)
        init_identity_(self.beta)
        init_small_(self.gamma)

    def forward(self, standardised: torch.Tensor, guide: Guide) -> torch.Tensor:  # (N, channels, H, W) => same
        hidden = F.relu(conv_guide(guide, self.shared))
        return self.gamma(hidden) * standardised + self.beta(hidden)


class ModulatedBlock(nn.Module):
    """Residual block, twice [modulation, LeakyReLU 0.2, 3x3 convolution]; a learned shortcut where channels change.

    Spectral norm is on the block's own convolutions only, not on those that make gamma and beta.
    passing: start with an output that is nearly twice the guide, once by the residual and once by the shortcut.
    """

    def __init__(self, inputs: int, outputs: int, guide: int, passing: bool = False) -> None:
        super().__init__()
        middle = min(inputs, outputs)
        self.norm_0, self.norm_1 = Modulation(inputs, guide), Modulation(middle, guide)
        self.conv_0 = nn.Conv2d(inputs, middle, 3, padding=1)
        self.conv_1 = nn.Conv2d(middle, outputs, 3, padding=1)
        self.has_shortcut = inputs != outputs
        if self.has_shortcut:
            self.norm_s = Modulation(inputs, guide)
            self.conv_s = nn.Conv2d(inputs, outputs, 1, bias=False)
        if passing:
            self._pass_guide_through_()
        for name in ("conv_0", "conv_1", "conv_s")[: 2 + self.has_shortcut]:
            spectral_norm(getattr(self, name))

    def _pass_guide_through_(self) -> None:
        for module in self.children():
            if isinstance(module, Modulation):
                module.pass_guide_through_()
            else:
                init_identity_(module)

    def forward(self, features: torch.Tensor, guide: Guide) -> torch.Tensor:
        # (N, inputs, H, W), (N, guide, H, W) => (N, outputs, H, W)
        standardised = standardise(features)
        middle = self.conv_0(F.leaky_relu(self.norm_0(standardised, guide), 0.2))
        residual = self.conv_1(F.leaky_relu(self.norm_1(standardise(middle), guide), 0.2))
        return residual + (self.conv_s(self.norm_s(standardised, guide)) if self.has_shortcut else features)
