"""Weights at the start: networks that begin near the identity need far fewer steps to become useful."""

import torch
from torch import nn


def weight_of(layer: nn.Module) -> torch.Tensor:
    """The weight of a layer that has one; torch's annotations lose it where the layer is taken out of a Sequential."""
    if not isinstance(layer.weight, torch.Tensor):
        raise TypeError(f"expected a layer with a weight, got {type(layer).__name__}")
    return layer.weight


def bias_of(layer: nn.Module) -> torch.Tensor:
    """The bias of a layer that has one, as `weight_of`."""
    if not isinstance(layer.bias, torch.Tensor):
        raise TypeError(f"expected a layer with a bias, got {type(layer).__name__}")
    return layer.bias


def init_identity_(conv: nn.Module, repeats: int = 1) -> None:
    """Start near the identity: each channel goes to itself, the default weights stay at a tenth, no bias.

    repeats: outputs for each input; 4 before a pixel shuffle by 2 starts it as a repetition of pixels
    (Aitken et al., "Checkerboard artifact free sub-pixel convolution", 2017).
    """
    outputs, inputs, *kernel = weight_of(conv).shape
    identity = nn.init.dirac_(torch.empty(outputs // repeats, inputs, *kernel)).repeat_interleave(repeats, dim=0)
    init_small_(conv)
    with torch.no_grad():
        weight_of(conv).add_(identity)


def init_small_(conv: nn.Module) -> None:
    """Start with a tenth of the default weights and no bias: a branch that hardly speaks at first."""
    with torch.no_grad():
        weight_of(conv).mul_(0.1)
        if conv.bias is not None:
            bias_of(conv).zero_()
