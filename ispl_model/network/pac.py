"""Pixel-adaptive convolution whose kernel is modulated by a learned feature correlation (paper, eqs. 8 and 9).

Both equations gather 3x3 windows, which together are nine times the size of their map. On a processor they are
therefore evaluated in tiles of rows that stay in its cache, and their gradients are written out: the backward pass
gathers the windows again, so that nothing of their size is kept. Elsewhere, and in a graph that is traced or exported,
each tap is the whole map, shifted, and the backward pass computes it again too.
"""

from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import nn
from torch.autograd.function import once_differentiable
from torch.utils.checkpoint import checkpoint

from ispl_model.network.init import bias_of
from ispl_model.network.windows import TAPS, add_strip, memory_for, strips, taken, tiles, window_grid, windows

REGISTER_BYTES = 64  # of AVX-512


def correlations(projected: torch.Tensor, stride: int = 1) -> torch.Tensor:
    """Eq. 9: phi = tanh(g(y_p)^T g(y_q)) between each centre p and its nine neighbours q, row by row.

    Args:
        projected: g(y), (N, D, H, W). Outside the image g is 0, so the correlation there is 0.
        stride: distance of the centres in pixels; the first is pixel (0, 0).
    Returns:
        (N, 9, ceil(H / stride), ceil(W / stride)), within [-1, 1], in float32 at least.
    """
    if not in_tiles(projected):
        return _recomputed(_whole_correlations, projected, stride)
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
    kernel = weight.to(features.dtype).permute(0, 2, 3, 1).flatten(1)  # (O, 9 C)
    if not in_tiles(features):
        return _recomputed(_whole_sum, features, factors, kernel, bias.to(features.dtype), stride)
    window_factors = factors.permute(0, 2, 3, 1).unflatten(3, (3, 3))
    maps = features.permute(0, 2, 3, 1)
    return _ModulatedSum.apply(maps, window_factors, kernel, bias.to(features.dtype), stride).permute(0, 3, 1, 2)


class PixelAdaptiveConv2d(nn.Module):
    """3x3 convolution of y, each tap weighted by tanh(g(y_p)^T g(y_q)) (eqs. 8, 9), centres 2 pixels apart.

    g is 1x1 - ReLU - 1x1 with `projection` channels. It keeps torch's default initialisation: with small weights
    (Xavier, gain 0.02) every correlation is about 0 and the network behind it gets neither signal nor gradient.
    """

    def __init__(self, inputs: int, outputs: int, projection: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, stride=2, padding=1)
        first, second = nn.Conv2d(inputs, projection, 1), nn.Conv2d(projection, projection, 1)
        self.project = nn.Sequential(first, nn.ReLU(True), second)

    def forward(self, features: torch.Tensor) -> torch.Tensor:  # (N, inputs, H, W) => (N, outputs, H/2, W/2)
        projected, stride = self._projected(features), self.conv.stride[0]
        factors = correlations(projected, stride)
        return pac_conv2d(features.to(projected.dtype), factors, self.conv.weight, bias_of(self.conv), stride)

    def _projected(self, features: torch.Tensor) -> torch.Tensor:
        """g(y); in tiles where no backward pass follows, so that what is between its layers stays in the cache."""
        if torch.is_grad_enabled() or not in_tiles(features):
            return self.project(features)
        maps, none = features.permute(0, 2, 3, 1), self.project(features[:0])
        projected = none.new_empty((*maps.shape[:3], none.shape[1]))
        first, second = ((each.weight.flatten(1), each.bias) for each in self.project if isinstance(each, nn.Conv2d))
        for tile in tiles(maps, 1, 1):
            projected[tile] = F.linear(F.linear(maps[tile], *first).relu_(), *second)
        return projected.permute(0, 3, 1, 2)


def in_tiles(maps: torch.Tensor) -> bool:
    """Whether tiles serve: on a processor, where nothing traces the arithmetic."""
    return maps.device.type == "cpu" and not torch.compiler.is_compiling()


def _recomputed(compute: Callable[..., torch.Tensor], *arguments: torch.Tensor | int) -> torch.Tensor:
    if not torch.is_grad_enabled():
        return compute(*arguments)
    result: torch.Tensor = checkpoint(compute, *arguments, use_reentrant=False, preserve_rng_state=False)
    return result


def _whole_correlations(projected: torch.Tensor, stride: int) -> torch.Tensor:
    wide = projected.to(torch.promote_types(projected.dtype, torch.float32))
    centres = wide[:, :, ::stride, ::stride]
    return torch.tanh(torch.stack([(tap * centres).sum(1) for tap in _shifted(wide, stride)], dim=1))


def _whole_sum(
    features: torch.Tensor, factors: torch.Tensor, kernel: torch.Tensor, bias: torch.Tensor, stride: int
) -> torch.Tensor:
    scales = factors.to(features.dtype).split(1, dim=1)
    modulated = [tap * scale for tap, scale in zip(_shifted(features, stride), scales, strict=True)]
    return F.conv2d(torch.cat(modulated, dim=1), kernel[:, :, None, None], bias)


def _shifted(maps: torch.Tensor, stride: int) -> Iterator[torch.Tensor]:
    """For each tap the neighbour of each centre there, 0 outside of the image: views (N, C, h, w)."""
    height, width = maps.shape[-2:]
    around = F.pad(maps, (1, 1, 1, 1))
    for row, column in TAPS:
        yield around[:, :, row : row + height : stride, column : column + width : stride]


class _Correlations(torch.autograd.Function):
    """Eq. 9 on maps (N, H, W, D) => (N, h, w, 3, 3)."""

    @staticmethod
    def forward(ctx, projected: torch.Tensor, stride: int) -> torch.Tensor:
        wide = torch.promote_types(projected.dtype, torch.float32)
        factors = projected.new_empty(window_grid(projected, stride), dtype=wide)
        memory, taps = memory_for(projected, stride, 1, wide), TAPS[len(TAPS) // 2 :] if stride == 1 else TAPS
        for tile, strip in strips(projected, stride, 1, wide):
            seen = windows(strip, stride)
            for row, column in taps:
                products = _product(seen[:, :, :, row, column], seen[:, :, :, 1, 1], memory)
                torch.sum(products, -1, out=factors[tile][..., row, column])
        if stride == 1:
            _mirror(factors)
        ctx.stride = stride
        ctx.save_for_backward(projected, factors.tanh_())
        return factors

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        projected, factors = ctx.saved_tensors
        to_projected = torch.zeros_like(projected)
        for tile, strip in strips(projected, ctx.stride, 1, factors.dtype):
            inner = (gradient[tile] * (1 - factors[tile].square())).unsqueeze(-1)  # at tanh's argument
            to_strip = torch.zeros_like(strip)
            seen, to_seen = windows(strip, ctx.stride), windows(to_strip, ctx.stride)
            for row, column in TAPS:
                to_seen[:, :, :, row, column].addcmul_(inner[:, :, :, row, column], seen[:, :, :, 1, 1])
                to_seen[:, :, :, 1, 1].addcmul_(inner[:, :, :, row, column], seen[:, :, :, row, column])
            add_strip(to_projected, to_strip, tile, ctx.stride)
        return to_projected, None


class _ModulatedSum(torch.autograd.Function):
    """Eq. 8: maps (N, H, W, C), factors (N, h, w, 3, 3), kernel (O, 9 C), bias (O,) => (N, h, w, O)."""

    @staticmethod
    def forward(ctx, features: torch.Tensor, factors: torch.Tensor, kernel: torch.Tensor, bias, stride: int):
        result = features.new_empty((*factors.shape[:3], len(kernel)))
        tap_by_tap = features.element_size() >= 4 and _fills_register(features)
        (_add_taps if tap_by_tap else _add_windows)(result, features, factors, kernel, bias, stride)
        ctx.stride = stride
        ctx.save_for_backward(features, factors, kernel)
        return result

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient: torch.Tensor):
        features, factors, kernel = ctx.saved_tensors
        gradient = gradient.contiguous()
        to_features, to_factors = torch.zeros_like(features), torch.empty_like(factors)
        to_kernel = torch.zeros_like(kernel, dtype=factors.dtype)
        memory = memory_for(features, ctx.stride, 9, features.dtype)
        for tile, strip in strips(features, ctx.stride, 9, features.dtype):
            seen, scale = windows(strip, ctx.stride), factors[tile].to(features.dtype)
            outputs = gradient[tile].view(-1, len(kernel))
            modulated = _modulated(seen, scale, memory)
            to_kernel += outputs.T @ modulated.view(len(outputs), -1)
            to_modulated = torch.mm(outputs, kernel, out=modulated.view(len(outputs), -1)).view(seen.shape)
            to_strip = torch.zeros_like(strip)
            to_seen = windows(to_strip, ctx.stride)
            for row, column in TAPS:
                to_tap, tap_scale = to_modulated[:, :, :, row, column], scale[:, :, :, row, column, None]
                to_seen[:, :, :, row, column].addcmul_(to_tap, tap_scale)
            torch.sum(to_modulated.mul_(seen), -1, dtype=factors.dtype, out=to_factors[tile])
            add_strip(to_features, to_strip, tile, ctx.stride)
        return to_features, to_factors, to_kernel.to(kernel.dtype), gradient.flatten(0, 2).sum(0), None


def _add_taps(result, features, factors, kernel, bias, stride: int) -> None:
    """Eq. 8 tap by tap: a product a ninth of the windows' size is multiplied while it is in the nearest cache."""
    maps = 1 + -(-len(kernel) // features.shape[3])  # the product and the result
    kernels, memory = kernel.T.unflatten(0, (9, -1)), memory_for(features, stride, maps, features.dtype)
    for tile, strip in strips(features, stride, maps, features.dtype):
        seen, scale = windows(strip, stride), factors[tile].to(features.dtype)
        total = result[tile].view(-1, len(kernel))
        for number, (row, column) in enumerate(TAPS):
            product = _product(seen[:, :, :, row, column], scale[:, :, :, row, column, None], memory)
            torch.addmm(total if number else bias, product.view(len(total), -1), kernels[number], out=total)


def _add_windows(result, features, factors, kernel, bias, stride: int) -> None:
    """Eq. 8 with all taps in one product, which sums in float32 whatever the type of `features`."""
    memory = memory_for(features, stride, 9, features.dtype)
    for tile, strip in strips(features, stride, 9, features.dtype):
        total = result[tile].view(-1, len(kernel))
        modulated = _modulated(windows(strip, stride), factors[tile].to(features.dtype), memory)
        torch.addmm(bias, modulated.view(len(total), -1), kernel.T, out=total)


def _mirror(factors: torch.Tensor) -> None:
    """Fill in the first four taps at stride 1: phi(p, q) = phi(q, p), and p is in the opposite tap of q's window."""
    height, width = factors.shape[1:3]
    later = F.pad(factors.flatten(3)[..., 5:], (0, 0, 1, 1, 1, 0))
    for tap, (row, column) in enumerate(TAPS[:4]):
        factors[..., row, column] = later[:, row : row + height, column : column + width, 3 - tap]


def _modulated(seen: torch.Tensor, factors: torch.Tensor, memory: torch.Tensor) -> torch.Tensor:
    """Windows (n, rows, w, 3, 3, C) times factors (n, rows, w, 3, 3) in `memory`, contiguous.

    Where the channels do not fill a register of the processor torch multiplies number by number, three times as slow as
    first repeating each factor for them, which a product with ones does.
    """
    if _fills_register(seen):
        return _product(seen, factors.unsqueeze(-1), memory)
    ones = torch.eye(len(TAPS), dtype=seen.dtype).repeat_interleave(seen.shape[-1], dim=1)
    result = taken(memory, seen.shape)
    torch.mm(factors.reshape(-1, len(TAPS)), ones, out=result.view(-1, ones.shape[1]))
    return result.mul_(seen)


def _fills_register(maps: torch.Tensor) -> bool:
    return maps.shape[-1] * maps.element_size() >= REGISTER_BYTES


def _product(one: torch.Tensor, other: torch.Tensor, memory: torch.Tensor) -> torch.Tensor:
    """one * other in `memory`, contiguous; by itself torch would keep the order of the overlapping windows."""
    return torch.mul(one, other, out=taken(memory, one.shape))
