"""Spatially-adaptive modulation and the residual block built on it (paper, eq. 10)."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.autograd.function import once_differentiable
from torch.nn.utils.parametrizations import spectral_norm

from ispl_model.network.guides import Guide, conv_guide
from ispl_model.network.init import init_identity_, init_small_

HIDDEN_LIMIT = 128  # channels between the guide and its gamma and beta, at most
_batch_norm_backward = torch.ops.aten.native_batch_norm_backward


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
    @once_differentiable
    def backward(ctx, gradient: torch.Tensor) -> torch.Tensor:
        """(g - mean g - n mean(g n)) / sigma of each image: that of a batch norm of n itself with the weight 1 / sigma.

        So nothing but n is kept, which the network keeps anyway.
        """
        normalised, inverse_sigma = ctx.saved_tensors
        mean, one = torch.zeros_like(inverse_sigma[0]), torch.ones_like(inverse_sigma[0])
        return torch.cat(
            [
                _batch_norm_backward(g, n, weight, None, None, mean, one, True, 0.0, [True, False, False])[0]
                for g, n, weight in zip(gradient.split(1), normalised.split(1), inverse_sigma, strict=True)
            ]
        )


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
        hidden = self._hidden(guide)
        return torch.addcmul(self.beta(hidden), self.gamma(hidden), standardised)

    def mixed(self, standardised: torch.Tensor, guide: Guide, kernel: torch.Tensor) -> torch.Tensor:
        """The modulated features through a 1x1 convolution, (outputs, channels, 1, 1), without bias.

        beta is a convolution too, so both make one to the fewer channels: 7 % of the network's multiply-adds less.
        """
        hidden = self._hidden(guide)
        taps = self.beta.weight.permute(0, 2, 3, 1)  # (channels, 3, 3, hidden)
        shift = (kernel.flatten(1) @ taps.flatten(1)).view(-1, *taps.shape[1:]).permute(0, 3, 1, 2)
        return F.conv2d(self.gamma(hidden) * standardised, kernel) + F.conv2d(hidden, shift, padding=1)

    def _hidden(self, guide: Guide) -> torch.Tensor:
        return F.relu(conv_guide(guide, self.shared))


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
        if not self.has_shortcut:
            return residual + features
        return residual + self.norm_s.mixed(standardised, guide, self.conv_s.weight)
