"""Pixel-adaptive convolution whose kernel is modulated by a learned feature correlation (paper, eqs. 8 and 9).

Both equations gather 3x3 windows, which together are nine times the size of their map. They are therefore evaluated
in tiles of rows that stay in the processor's cache, one tap of the window at a time, and their gradients are written
out: the backward pass gathers the windows again, so that nothing of their size is kept.
"""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import nn

TAPS = 9  # of a 3x3 window, row by row
TILE_NUMBERS = 2**20  # how many numbers a tile's windows may have


def correlations(projected: torch.Tensor, stride: int = 1) -> torch.Tensor:
    """Eq. 9: phi = tanh(g(y_p)^T g(y_q)) between each centre p and its nine neighbours q, row by row.

    Args:
        projected: g(y), (N, D, H, W). Outside the image g is 0, so the correlation there is 0.
        stride: distance of the centres in pixels; the first is pixel (0, 0).
    Returns:
        (N, 9, ceil(H / stride), ceil(W / stride)), within [-1, 1], in float32 at least.
    """
    return _Correlations.apply(projected.permute(0, 2, 3, 1), stride)


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
    summed = _ModulatedSum.apply(features.permute(0, 2, 3, 1), factors, kernel, stride)
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
        projected = self._project(features)
        stride = self.conv.stride[0]
        factors = correlations(projected, stride)
        return pac_conv2d(features.to(projected.dtype), factors, self.conv.weight, self.conv.bias, stride)

    def _project(self, features: torch.Tensor) -> torch.Tensor:
        # As matrix products, which on a processor take two thirds of the time of 1x1 convolutions.
        first, activation, second = self.project
        hidden = activation(F.linear(features.permute(0, 2, 3, 1), first.weight.flatten(1), first.bias))
        return F.linear(hidden, second.weight.flatten(1), second.bias).permute(0, 3, 1, 2)


class _Correlations(torch.autograd.Function):
    """Eq. 9 on maps (N, H, W, D) => (N, 9, h, w)."""

    @staticmethod
    def forward(ctx, projected: torch.Tensor, stride: int) -> torch.Tensor:
        windows = _Windows(projected, stride)
        wide = torch.promote_types(projected.dtype, torch.float32)
        factors = projected.new_empty((len(projected), TAPS, *windows.centres.shape[1:3]), dtype=wide)
        taps = range(TAPS // 2 + 1) if stride == 1 else range(TAPS)  # at stride 1 phi(p, q) = phi(q, p)
        for rows, product in windows.tiles():
            for tap in taps:
                torch.mul(windows.tap(tap)[:, rows], windows.centres[:, rows], out=product)
                factors[:, tap, rows] = product.sum(-1, dtype=wide)
        factors[:, : len(taps)].tanh_()
        for tap in range(len(taps), TAPS):
            _mirror(factors, tap)
        ctx.stride = stride
        ctx.save_for_backward(projected, factors)
        return factors

    @staticmethod
    def backward(ctx, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        projected, factors = ctx.saved_tensors
        inner = (gradient * (1 - factors.square())).to(projected.dtype).unsqueeze(-1)  # at tanh's argument
        windows, result = _Windows(projected, ctx.stride), _Windows(torch.zeros_like(projected), ctx.stride)
        for rows, _ in windows.tiles():
            centres, to_centres = windows.centres[:, rows], result.centres[:, rows]
            for tap in range(TAPS):
                result.tap(tap)[:, rows].addcmul_(inner[:, tap, rows], centres)
                to_centres.addcmul_(inner[:, tap, rows], windows.tap(tap)[:, rows])
        return result.maps, None


class _ModulatedSum(torch.autograd.Function):
    """Eq. 8 without its bias: maps (N, H, W, C), factors (N, 9, h, w), kernel (9 C, O) => (N, h, w, O)."""

    @staticmethod
    def forward(ctx, features: torch.Tensor, factors: torch.Tensor, kernel: torch.Tensor, stride: int) -> torch.Tensor:
        windows, scale = _Windows(features, stride), factors.to(features.dtype).unsqueeze(-1)
        summed = features.new_empty((*windows.centres.shape[:3], kernel.shape[1]))
        for rows, modulated in windows.tiles(TAPS):
            windows.modulate(rows, scale, modulated)
            summed[:, rows] = modulated.flatten(3) @ kernel
        ctx.stride = stride
        ctx.save_for_backward(features, factors, kernel)
        return summed

    @staticmethod
    def backward(ctx, gradient: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, None]:
        features, factors, kernel = ctx.saved_tensors
        windows, scale = _Windows(features, ctx.stride), factors.to(features.dtype).unsqueeze(-1)
        result, to_factors, to_kernel = _Windows(torch.zeros_like(features), ctx.stride), torch.empty_like(factors), 0
        for rows, modulated in windows.tiles(TAPS):
            output = gradient[:, rows].flatten(0, 2)
            windows.modulate(rows, scale, modulated)
            to_kernel += (modulated.flatten(3).flatten(0, 2).T @ output).to(factors.dtype)
            to_modulated = (output @ kernel.T).view(modulated.shape)
            for tap in range(TAPS):
                one = to_modulated[:, :, :, tap]
                result.tap(tap)[:, rows].addcmul_(one, scale[:, tap, rows])
                to_factors[:, tap, rows] = one.mul_(windows.tap(tap)[:, rows]).sum(-1)
        return result.maps, to_factors, to_kernel.to(kernel.dtype), None


class _Windows:
    """The 3x3 windows of maps (N, H, W, C) around every stride-th pixel, the border being 0.

    maps: (N, H, W, C), with `tap` and `centres` (N, h, w, C) views into the same memory.
    """

    def __init__(self, maps: torch.Tensor, stride: int) -> None:
        self.stride = stride
        self.padded = F.pad(maps, (0, 0, 1, 1, 1, 1))
        self.maps = self.padded[:, 1:-1, 1:-1]
        self.centres = self.maps[:, ::stride, ::stride]

    def tap(self, index: int) -> torch.Tensor:
        """What the windows' tap 0 ... 8 sees."""
        down, right = divmod(index, 3)
        height, width = self.maps.shape[1:3]
        return self.padded[:, down : down + height : self.stride, right : right + width : self.stride]

    def modulate(self, rows: slice, scale: torch.Tensor, result: torch.Tensor) -> None:
        """The windows of some rows times scale (N, 9, h, w, 1), into (N, rows, w, 9, C)."""
        for tap in range(TAPS):
            torch.mul(self.tap(tap)[:, rows], scale[:, tap, rows], out=result[:, :, :, tap])

    def tiles(self, taps: int | None = None) -> Iterator[tuple[slice, torch.Tensor]]:
        """Rows, and memory (N, rows, w, C) for them, or (N, rows, w, taps, C); it is used again for the next tile."""
        count, height, width, channels = self.centres.shape
        rows = max(1, TILE_NUMBERS // (count * width * TAPS * channels))
        shape = (count, rows, width, channels) if taps is None else (count, rows, width, taps, channels)
        memory = self.padded.new_empty(shape)
        for first in range(0, height, rows):
            yield slice(first, first + rows), memory[:, : height - first]


def _mirror(factors: torch.Tensor, tap: int) -> None:
    """phi of a tap from that of the opposite one: phi(p, p + d) = phi(p + d, p), and 0 where p + d is outside."""
    down, right = (place - 1 for place in divmod(tap, 3))
    height, width = factors.shape[2:]
    plane = factors[:, tap]
    plane.zero_()
    columns = slice(max(0, -right), width - max(0, right))
    moved = slice(max(0, right), width - max(0, -right))
    plane[:, : height - down, columns] = factors[:, TAPS - 1 - tap, down:, moved]
