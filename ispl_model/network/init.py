"""Weights at the start: networks that begin near the identity need far fewer steps to become useful."""

import torch
from torch import nn


def pass_through_(conv: nn.Conv2d, repeats: int = 1) -> None:
    """Start near the identity: each channel goes to itself, the default weights stay at a tenth, no bias.

    repeats: outputs for each input; 4 before a pixel shuffle by 2 starts it as a repetition of pixels
    (Aitken et al., "Checkerboard artifact free sub-pixel convolution", 2017).
    """
    outputs, inputs, *kernel = conv.weight.shape
    identity = nn.init.dirac_(torch.empty(outputs // repeats, inputs, *kernel)).repeat_interleave(repeats, dim=0)
    subdue_(conv)
    with torch.no_grad():
        conv.weight.add_(identity)


def subdue_(conv: nn.Conv2d) -> None:
    """Start with a tenth of the default weights and no bias: a branch that hardly speaks at first."""
    with torch.no_grad():
        conv.weight.mul_(0.1)
        if conv.bias is not None:
            conv.bias.zero_()
