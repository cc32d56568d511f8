"""Pixel-adaptive convolution against a plain loop, torch's convolution and numerical gradients."""

import math

import pytest
import torch
import torch.nn.functional as F

from ispl_model import pac
from ispl_model.pac import PixelAdaptiveConv2d, correlations, pac_conv2d

STRIDES = (1, 2)


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def neighbours(row: int, column: int, height: int, width: int):
    """Tap number and place of each pixel of the 3x3 window that lies inside the image."""
    for tap in range(9):
        y, x = row + tap // 3 - 1, column + tap % 3 - 1
        if 0 <= y < height and 0 <= x < width:
            yield tap, y, x


@pytest.mark.parametrize("stride", STRIDES)
def test_with_every_correlation_one_it_is_a_convolution(stride):
    features, weight, bias = random(2, 3, 7, 6), random(4, 3, 3, 3, seed=1), random(4, seed=2)
    expected = F.conv2d(features, weight, bias, stride=stride, padding=1)
    factors = torch.ones(2, 9, *expected.shape[2:], dtype=torch.float64)
    torch.testing.assert_close(pac_conv2d(features, factors, weight, bias, stride), expected)


@pytest.mark.parametrize("stride", STRIDES)
def test_both_equations_equal_a_plain_loop_over_pixels_and_taps(stride):
    height, width = 5, 6
    features, projected = random(2, height, width)[None], random(3, height, width, seed=1)[None]
    weight, bias = random(4, 2, 3, 3, seed=2), random(4, seed=3)
    result = pac_conv2d(features, correlations(projected, stride), weight, bias, stride)
    for row in range(0, height, stride):
        for column in range(0, width, stride):
            expected = bias.clone()
            for tap, y, x in neighbours(row, column, height, width):
                factor = math.tanh(float(projected[0, :, row, column] @ projected[0, :, y, x]))
                expected += factor * weight[:, :, tap // 3, tap % 3] @ features[0, :, y, x]
            torch.testing.assert_close(result[0, :, row // stride, column // stride], expected)


@pytest.mark.parametrize("stride", STRIDES)
def test_gradients_equal_numerical_ones(stride):
    inputs = [random(2, 2, 4, 5), 0.5 * random(2, 3, 4, 5, seed=1), random(3, 2, 3, 3, seed=2), random(3, seed=3)]
    for tensor in inputs:
        tensor.requires_grad_()

    def both_equations(features, projected, weight, bias):
        return pac_conv2d(features, correlations(projected, stride), weight, bias, stride)

    assert torch.autograd.gradcheck(both_equations, inputs)


def test_tiles_of_one_row_give_the_same_result_and_gradients_as_one_tile(monkeypatch):
    def result_and_gradients() -> list[torch.Tensor]:
        torch.manual_seed(0)
        layer = PixelAdaptiveConv2d(2, 3, 4).double()
        result = layer(random(2, 2, 10, 8))
        return [result, *torch.autograd.grad(result.square().sum(), list(layer.parameters()))]

    whole = result_and_gradients()
    monkeypatch.setattr(pac, "TILE_NUMBERS", 1)
    for tiled, expected in zip(result_and_gradients(), whole, strict=True):
        torch.testing.assert_close(tiled, expected)


def test_correlations_stay_in_range_and_vanish_outside_the_image():
    factors = correlations(100 * torch.ones(1, 4, 3, 3), 1)
    assert factors.abs().max() <= 1
    assert factors[0, 0, 0, 0] == 0  # the neighbour up and left of the first pixel
    assert factors[0, 4].min() == 1  # every pixel with itself


def test_nothing_of_the_size_of_the_windows_is_kept_for_the_backward_pass():
    kept = []
    features = torch.rand(1, 8, 32, 32, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t.numel()) or t, lambda t: t):
        PixelAdaptiveConv2d(8, 16, 8)(features)
    assert max(kept) <= 32 * 32 * 9  # of the windows: 16 * 16 * 9 * 8, twice that


def test_bfloat16_autocast_is_close_to_float32():
    torch.manual_seed(0)
    layer, features = PixelAdaptiveConv2d(8, 16, 32), torch.rand(1, 8, 16, 16)
    with torch.autocast("cpu", torch.bfloat16):
        low = layer(features)
    assert low.dtype == torch.bfloat16
    assert (low - layer(features)).abs().max() < 0.02
