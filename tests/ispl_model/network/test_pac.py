"""Pixel-adaptive convolution against a plain loop, torch's convolution and numerical gradients."""

import math
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F

from ispl_model.network import pac, windows
from ispl_model.network.ispl import Ispl
from ispl_model.network.pac import PixelAdaptiveConv2d, correlations, pac_conv2d
from ispl_model.network.variants import IsplConfig
from ispl_model.runtime.device import seeded_build

STRIDES = (1, 2)
ROUTES = {"tiles": True, "whole": False}  # as on a processor, and as everywhere else


@pytest.fixture(params=ROUTES, autouse=True)
def route(request, monkeypatch):
    monkeypatch.setattr(pac, "in_tiles", lambda maps: ROUTES[request.param])
    return request.param


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def neighbours(row: int, column: int, height: int, width: int):
    """Tap number and place of each pixel of the 3x3 window that lies inside the image."""
    for tap in range(9):
        y, x = row + tap // 3 - 1, column + tap % 3 - 1
        if 0 <= y < height and 0 <= x < width:
            yield tap, y, x


def layer_with(stride: int, inputs: int, outputs: int, projection: int) -> PixelAdaptiveConv2d:
    layer = PixelAdaptiveConv2d(inputs, outputs, projection).to(memory_format=torch.channels_last)
    layer.conv.stride = (stride, stride)
    return layer


def unfolded(layer: PixelAdaptiveConv2d, features: torch.Tensor) -> torch.Tensor:
    """The layer by unfolding, multiplying and einsum: all windows in memory, gradients by autograd."""
    stride = layer.conv.stride[0]
    projected = layer.project(features)
    centres = projected[:, :, ::stride, ::stride]
    factors = torch.tanh((unfold(projected, stride) * centres.flatten(2).unsqueeze(2)).sum(1, keepdim=True))
    summed = torch.einsum("nckp,ock->nop", unfold(features, stride) * factors, layer.conv.weight.flatten(2))
    return (summed + layer.conv.bias[:, None]).unflatten(2, centres.shape[2:])


def unfold(maps: torch.Tensor, stride: int) -> torch.Tensor:  # (N, C, H, W) => (N, C, 9, h w)
    return F.unfold(maps, 3, padding=1, stride=stride).unflatten(1, (maps.shape[1], 9))


def saved_bytes(work: Callable[[], object]) -> int:
    """Of the memory that autograd keeps of `work()`, each piece counted once, however many tensors look at it."""
    kept = {}

    def note(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        work()
    return sum(storage.nbytes() for storage in kept.values())


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


@pytest.mark.parametrize("channels", [2, 8])  # of which eight doubles fill a register
def test_tiles_of_one_row_give_the_same_result_and_gradients_as_one_tile(monkeypatch, channels):
    def result_and_gradients() -> list[torch.Tensor]:
        torch.manual_seed(0)
        layer, features = PixelAdaptiveConv2d(channels, 11, 4).double(), random(2, channels, 10, 8)
        result = layer(features)
        with torch.no_grad():
            restored = layer(features)
        return [result, restored, *torch.autograd.grad(result.square().sum(), list(layer.parameters()))]

    whole = result_and_gradients()
    monkeypatch.setattr(windows, "TILE_NUMBERS", 1)
    for tiled, expected in zip(result_and_gradients(), whole, strict=True):
        torch.testing.assert_close(tiled, expected)


def test_correlations_stay_in_range_and_vanish_outside_the_image():
    factors = correlations(100 * torch.ones(1, 4, 3, 3), 1)
    assert factors.abs().max() <= 1
    assert factors[0, 0, 0, 0] == 0  # the neighbour up and left of the first pixel
    assert factors[0, 4].min() == 1  # every pixel with itself


@pytest.mark.parametrize("stride", STRIDES)
@pytest.mark.parametrize(("side", "channels"), [(8, 5), (11, 5), (11, 8)])
def test_values_and_gradients_equal_those_of_unfolding_everything(stride, side, channels):
    torch.manual_seed(0)
    layer = layer_with(stride, channels, 7, 4).double()
    features = random(3, channels, side, side + 1, seed=1).requires_grad_()
    of = [features, *layer.parameters()]
    results = [compute(features) for compute in (layer, lambda features: unfolded(layer, features))]
    torch.testing.assert_close(*results)
    weighing = random(*results[0].shape, seed=2)
    for ours, expected in zip(*(torch.autograd.grad((one * weighing).sum(), of) for one in results), strict=True):
        torch.testing.assert_close(ours, expected)


@pytest.mark.parametrize("stride", STRIDES)
def test_the_backward_pass_keeps_little_more_than_that_of_a_convolution_and_the_projection(stride):
    layer, features = layer_with(stride, 64, 64, 32), torch.rand(1, 64, 128, 128, requires_grad=True)
    ours, windows = saved_bytes(lambda: layer(features)), saved_bytes(lambda: unfolded(layer, features))
    plain = saved_bytes(lambda: (layer.conv(features), layer.project(features)))
    assert ours < 1.5 * plain < windows


def test_both_routes_give_one_network_and_one_step_of_training(monkeypatch):
    """Where there is no tile, as on a GPU, a network and all its gradients are those of a processor."""

    def result_and_gradients(tiled: bool) -> list[torch.Tensor]:
        monkeypatch.setattr(pac, "in_tiles", lambda maps: tiled)
        network = seeded_build(lambda: Ispl(IsplConfig("isp_unet_pac", width=4, size=64)), 0)
        restored = network(torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(1)))
        return [restored, *torch.autograd.grad(restored.square().mean(), list(network.parameters()))]

    for tiled, whole in zip(result_and_gradients(True), result_and_gradients(False), strict=True):
        torch.testing.assert_close(tiled, whole, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("stride", STRIDES)
def test_shapes_are_known_without_a_value(stride):
    """On torch's meta device, which is neither a processor nor has any values."""
    with torch.device("meta"):
        layer, features = layer_with(stride, 5, 7, 4), torch.empty(3, 5, 11, 12, requires_grad=True)
        result = layer(features)
        assert result.shape == (3, 7, -(-11 // stride), -(-12 // stride)) and result.device.type == "meta"
        assert torch.autograd.grad(result.sum(), features)[0].shape == features.shape


def test_a_new_layer_passes_a_healthy_signal_on():
    torch.manual_seed(0)
    layer, features = PixelAdaptiveConv2d(64, 128, 32), torch.randn(1, 64, 32, 32).relu()
    correlated = correlations(layer.project(features), 2)
    assert 0.2 < correlated.abs().mean() < 0.9  # neither shut nor saturated
    ratio = layer(features).var() / layer.conv(features).var()
    assert 0.1 < ratio < 1


def test_bfloat16_autocast_is_close_to_float32():
    torch.manual_seed(0)
    layer, features = PixelAdaptiveConv2d(8, 16, 32), torch.rand(1, 8, 16, 16)
    with torch.autocast("cpu", torch.bfloat16):
        low = layer(features)
    assert low.dtype == torch.bfloat16
    assert (low - layer(features)).abs().max() < 0.02


def test_correlations_of_bfloat16_maps_are_computed_in_float32():
    projected = random(1, 32, 8, 8).bfloat16() / 4
    torch.testing.assert_close(correlations(projected), correlations(projected.float()), rtol=0, atol=0)
