"""The subspace embedding network E: one map of features for each level (paper, eqs. 6 to 8)."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import nn

from ispl_model.network.guides import resample_to
from ispl_model.network.pac import PixelAdaptiveConv2d
from ispl_model.network.spade import standardise


class Encoder(nn.Module):
    """RGB => maps y_0 (smallest, 16x16) ... y_n (full resolution), each twice the side of the one before (eq. 6).

    Full resolution is a 3x3 convolution and ReLU. Each stage below is a pixel-adaptive convolution (eqs. 8, 9) or
    a plain one, evaluated only at every second pixel of the finer map (a quarter of the
    work of filtering everywhere and reducing after, and as many parameters), then instance norm without
    parameters and ReLU, which the last stage does not have.

    The full-resolution map is not normalised (the authors' code does): normalised there, an image and
    its half-bright copy give the same features at every level and no output can have the right brightness.
    With "lip" it is, y_0 is standardised too (there the last stage leaves out the ReLU alone), and each stage pools
    before it convolves: that is the authors' code, Lotayou/Face-Renovation 0532c90, models/networks/generator.py.
    """

    def __init__(self, channels: Sequence[int], convolution: str, projection: int, bright: bool = False) -> None:
        """channels: of y_0 ... y_n. convolution: "pac", "conv" or "lip". projection: channels D of g in eq. 9.

        bright: whether a 3x3 convolution of the image at the side of y_0 is added to y_0. The norms leave no
            brightness in it, so a network that gets y_0 alone needs that.
        """
        super().__init__()
        self.map_channels = tuple(channels)
        self.authors = convolution == "lip"
        fine_to_coarse = self.map_channels[::-1]
        self.head = nn.Conv2d(3, fine_to_coarse[0], 3, padding=1, bias=False)
        nn.init.dirac_(self.head.weight[:3])  # the first three channels start as red, green and blue
        pairs = zip(fine_to_coarse, fine_to_coarse[1:], strict=False)
        self.stages = nn.ModuleList(_stage(inputs, outputs, convolution, projection) for inputs, outputs in pairs)
        self.picture = nn.Conv2d(3, fine_to_coarse[-1], 3, padding=1) if bright else None

    def forward(self, image: torch.Tensor) -> list[torch.Tensor]:
        head = self.head(image)
        maps = [F.relu(standardise(head) if self.authors else head)]  # (N, 3, S, S) => (N, width, S, S)
        for stage in self.stages[:-1]:
            maps.append(F.relu(standardise(stage(maps[-1]))))  # (N, C, H, W) => (N, 2C, H/2, W/2)
        smallest = self.stages[-1](maps[-1])
        if self.picture is not None:
            smallest = smallest + self.picture(resample_to(image, smallest))
        maps.append(standardise(smallest) if self.authors else smallest)
        return maps[::-1]


class Pyramid(nn.Module):
    """An explicit prior instead of an embedding (Sec. 4.2): every y_i is the picture, reduced by taking pixels."""

    def __init__(self, levels: int, picture: range) -> None:
        """levels: number of maps. picture: the channels of the input that are the prior."""
        super().__init__()
        self.picture = picture
        self.map_channels = (len(picture),) * levels

    def forward(self, image: torch.Tensor) -> list[torch.Tensor]:
        return [sampled(image, self.picture, halvings) for halvings in range(len(self.map_channels) - 1, -1, -1)]


class LocalImportancePooling(nn.Module):
    """Weighted mean over 3x3 windows 2 pixels apart; the weights exp(12 sigmoid(.)) are inferred from the features.

    Source: Gao et al., "LIP: Local Importance-Based Pooling", ICCV 2019, as the authors' code has it: the weights'
    logits are a 3x3 convolution and an instance norm with parameters.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.logit = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.scale, self.shift = nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))

    def forward(self, features: torch.Tensor) -> torch.Tensor:  # (N, C, H, W) => (N, C, H/2, W/2)
        scale, shift = (value[:, None, None] for value in (self.scale, self.shift))
        weights = torch.exp(12 * torch.sigmoid(scale * standardise(self.logit(features)) + shift))
        return _window_means(features * weights) / _window_means(weights)


def sampled(image: torch.Tensor, channels: range, halvings: int) -> torch.Tensor:
    """Some channels of (N, C, H, W), one pixel of each block of 2^halvings: one-hot maps stay one-hot."""
    return image[:, channels.start : channels.stop, :: 2**halvings, :: 2**halvings]


def _window_means(maps: torch.Tensor) -> torch.Tensor:
    return F.avg_pool2d(maps, 3, stride=2, padding=1)


def _stage(inputs: int, outputs: int, convolution: str, projection: int) -> nn.Module:
    if convolution == "pac":
        return PixelAdaptiveConv2d(inputs, outputs, projection)
    if convolution == "lip":
        return nn.Sequential(LocalImportancePooling(inputs), nn.Conv2d(inputs, outputs, 3, padding=1))
    return nn.Conv2d(inputs, outputs, 3, stride=2, padding=1)
