"""Pixel-adaptive convolution whose kernel is modulated by a learned feature correlation (paper, eqs. 8 and 9).

Both equations gather 3x3 windows, which together are nine times the size of their map. They are therefore evaluated
in tiles of rows that stay in the processor's cache, and their gradients are written out: the backward pass
gathers the windows again, so that nothing of their size is kept.
"""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import nn

TILE_NUMBERS = 2**20  # how many numbers a tile's windows may have


def correlations(projected: torch.Tensor, stride: int = 1) -> torch.Tensor:
    """Eq. 9: phi = tanh(g(y_p)^T g(y_q)) between each centre p and its nine neighbours q, row by row.

    Args:
        projected: g(y), (N, D, H, W). Outside the image g is 0, so the correlation there is 0.
        stride: distance of the centres in pixels; the first is pixel (0, 0).
    Returns:
        (N, 9, ceil(H / stride), ceil(W / stride)), within [-1, 1], in float32 at least.
    """
    return _Correlations.apply(projected.permute(0, 2, 3, 1), stride).flatten(3).permute(0, 3, 1, 2)


def pac_conv2d(
    features: torch.Tensor, factors: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, stride: int = 1
) -> torch.Tensor:
    """Eq. 8: sum over the 3x3 window of phi(y_q, y_p) w_(q-p) y_q, plus the bias; y is 0 outside the image.

    With all factors 1 this is conv2d(features, weight, bias, stride, padding=1).

    Args:
        features: y, (N, C, H, W).
        factors: phi, (N, 9, ceil(H / stride), ceil(W / stride)), as `correlations` gives them.
        weight, bias: (O, C, 3, 3) and (O,).
    Returns:
        (N, O, ceil(H / stride), ceil(W / stride)) in the type of features.
    Source: Su et al., "Pixel-Adaptive Convolutional Neural Networks", CVPR 2019, with phi in place of its Gaussian.
    """
    kernel = weight.to(features.dtype).permute(2, 3, 1, 0).flatten(0, 2)  # (9 C, O)
    window_factors = factors.permute(0, 2, 3, 1).unflatten(3, (3, 3))
    summed = _ModulatedSum.apply(features.permute(0, 2, 3, 1), window_factors, kernel, stride)
    return (summed + bias.to(features.dtype)).permute(0, 3, 1, 2)


class PixelAdaptiveConv2d(nn.Module):
    """3x3 convolution of y, each tap weighted by tanh(g(y_p)^T g(y_q)) (eqs. 8, 9), centres 2 pixels apart.

    g is 1x1 - ReLU - 1x1 with `projection` channels. It keeps torch's default initialisation: with small weights
    (Xavier, gain 0.02) every correlation is about 0 and the network behind it gets neither signal nor gradient.
    """

    def __init__(self, inputs: int, outputs: int, projection: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, stride=2, padding=1)
        self.project = nn.Sequential(nn.Conv2d(inputs, projection, 1), nn.ReLU(), nn.Conv2d(projection, projection, 1))

    def forward(self, features: torch.Tensor) -> torch.Tensor:  # (N, inputs, H, W) => (N, outputs, H/2, W/2)
        projected = self.project(features)
        stride = self.conv.stride[0]
        factors = correlations(projected, stride)
        return pac_conv2d(features.to(projected.dtype), factors, self.conv.weight, self.conv.bias, stride)


class _Correlations(torch.autograd.Function):
    """Eq. 9 on maps (N, H, W, D) => (N, h, w, 3, 3)."""

    @staticmethod
    def forward(ctx, projected: torch.Tensor, stride: int) -> torch.Tensor:
        windows, centres = _windows(_pad(projected), stride), _centres(projected, stride)
        wide = torch.promote_types(projected.dtype, torch.float32)
        factors = projected.new_empty(windows.shape[:5], dtype=wide)
        for rows in _tiles(windows):
            factors[:, rows] = (windows[:, rows] * centres[:, rows]).sum(-1, dtype=wide)
        ctx.stride = stride
        ctx.save_for_backward(projected, factors.tanh_())
        return factors

    @staticmethod
    def backward(ctx, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        projected, factors = ctx.saved_tensors
        inner = (gradient * (1 - factors.square())).to(projected.dtype).unsqueeze(-1)  # at tanh's argument
        padded = _pad(projected)
        windows, centres = _windows(padded, ctx.stride), _centres(projected, ctx.stride)
        to_padded = torch.zeros_like(padded)
        to_windows, to_centres = _windows(to_padded, ctx.stride), _centres(to_padded[:, 1:-1, 1:-1], ctx.stride)
        for rows in _tiles(windows):
            _scatter(to_windows[:, rows], inner[:, rows] * centres[:, rows])
            to_centres[:, rows, :, 0, 0] += (inner[:, rows] * windows[:, rows]).sum((3, 4))
        return to_padded[:, 1:-1, 1:-1], None


class _ModulatedSum(torch.autograd.Function):
    """Eq. 8 without its bias: maps (N, H, W, C), factors (N, h, w, 3, 3), kernel (9 C, O) => (N, h, w, O)."""

    @staticmethod
    def forward(ctx, features: torch.Tensor, factors: torch.Tensor, kernel: torch.Tensor, stride: int) -> torch.Tensor:
        windows, scale = _windows(_pad(features), stride), factors.to(features.dtype).unsqueeze(-1)
        summed = features.new_empty((*windows.shape[:3], kernel.shape[1]))
        for rows in _tiles(windows):
            summed[:, rows] = (windows[:, rows] * scale[:, rows]).flatten(3) @ kernel
        ctx.stride = stride
        ctx.save_for_backward(features, factors, kernel)
        return summed

    @staticmethod
    def backward(ctx, gradient: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, None]:
        features, factors, kernel = ctx.saved_tensors
        padded, scale = _pad(features), factors.to(features.dtype).unsqueeze(-1)
        windows = _windows(padded, ctx.stride)
        to_padded, to_factors, to_kernel = torch.zeros_like(padded), torch.empty_like(factors), 0
        to_windows = _windows(to_padded, ctx.stride)
        for rows in _tiles(windows):
            window, output = windows[:, rows], gradient[:, rows]
            modulated = (window * scale[:, rows]).flatten(3).flatten(0, 2)
            to_kernel += (modulated.T @ output.flatten(0, 2)).to(factors.dtype)
            to_modulated = (output @ kernel.T).view(window.shape)
            to_factors[:, rows] = (to_modulated * window).sum(-1)
            _scatter(to_windows[:, rows], to_modulated.mul_(scale[:, rows]))
        return to_padded[:, 1:-1, 1:-1], to_factors, to_kernel.to(kernel.dtype), None


def _pad(maps: torch.Tensor) -> torch.Tensor:  # (N, H, W, C) => (N, H + 2, W + 2, C)
    return F.pad(maps, (0, 0, 1, 1, 1, 1))


def _windows(padded: torch.Tensor, stride: int) -> torch.Tensor:
    """The 3x3 windows of (N, H + 2, W + 2, C) as a view (N, h, w, 3, 3, C) into the same memory."""
    return padded.unfold(1, 3, stride).unfold(2, 3, stride).permute(0, 1, 2, 4, 5, 3)


def _centres(maps: torch.Tensor, stride: int) -> torch.Tensor:  # (N, H, W, C) => (N, h, w, 1, 1, C)
    return maps[:, ::stride, ::stride, None, None]


def _scatter(windows: torch.Tensor, values: torch.Tensor) -> None:
    """Add values to windows of one map; windows overlap, but those of one tap do not."""
    for row in range(3):
        for column in range(3):
            windows[:, :, :, row, column] += values[:, :, :, row, column]


def _tiles(windows: torch.Tensor) -> Iterator[slice]:
    rows = max(1, TILE_NUMBERS // windows[:, 0].numel())
    return (slice(first, first + rows) for first in range(0, windows.shape[1], rows))
