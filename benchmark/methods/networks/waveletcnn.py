"""Wavelet-SRNet (Huang et al. 2017): predicts the Haar packet coefficients of the large image at the small one's size.

Everything runs at the input's resolution; a fixed transposed convolution turns 4^n coefficients of each colour into
2^n x 2^n pixels. `waveletcnn` enlarges by 4 (n = 2); `waveletcnn:x16` (n = 4) takes a 16th of the side.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import torch
from torch import nn
from torch.nn import functional

from benchmark.methods.networks.common import BatchNorm, NetworkMethod
from ispl_model.losses.pixel import Tensors
from ispl_model.network.init import init_identity_, init_small_, weight_of
from ispl_model.training.config import TrainingConfig

SCALE = 4
LIFT = 4  # an image times this has unit deviation, beside which a step of the optimiser changes little


def haar_packet(levels: int) -> torch.Tensor:
    """The (4^levels, side, side) orthonormal Haar packet kernels, side = 2^levels, coarse bands first.

    Band b in base 4, most significant digit first, names the sub-band of each split: 0 average, 1 horizontal,
    2 vertical, 3 diagonal detail; the first digit is that of the first (finest) split. Bands 0, 1-3, 4-15, ... hold the
    details of ever finer scales.

    >>> haar_packet(1)[:2].tolist()
    [[[0.5, 0.5], [0.5, 0.5]], [[0.5, -0.5], [0.5, -0.5]]]
    """
    kernel = torch.ones(1, 1, 1)
    averages, details = torch.tensor([1.0, 1.0]), torch.tensor([1.0, -1.0])
    splits = [torch.outer(rows, columns) / 2 for rows in (averages, details) for columns in (averages, details)]
    for _ in range(
        levels
    ):  # pixel (2 i + di, 2 j + dj) of a finer split: coarser value at (i, j) times the split's sign
        kernel = torch.cat([torch.stack([torch.kron(coarse, split) for coarse in kernel]) for split in splits])
    return kernel


class HaarPacket(nn.Module):
    """Images to coefficients and back; exact inverses of each other (tested)."""

    kernel: torch.Tensor

    def __init__(self, levels: int) -> None:
        super().__init__()
        self.side = 2**levels
        bands = haar_packet(levels)[:, None, None]  # (B, 1, 1, side, side)
        kernel = (bands * torch.eye(3)[None, :, :, None, None]).flatten(0, 1)  # (3 B, 3, side, side), colours innermost
        self.register_buffer("kernel", kernel, persistent=False)

    def decompose(self, image: torch.Tensor) -> torch.Tensor:  # (N, 3, H, W) => (N, 3 * 4^n, H / 2^n, W / 2^n)
        return functional.conv2d(image, self.kernel.to(image.dtype), stride=self.side)

    def compose(self, coefficients: torch.Tensor) -> torch.Tensor:  # the inverse
        return functional.conv_transpose2d(coefficients, self.kernel.to(coefficients.dtype), stride=self.side)


class NormBlock(nn.Module):
    """relu(norm(shortcut(x) + conv(relu(norm(conv(x)))))); the shortcut is a 1x1 convolution where channels change."""

    def __init__(self, inputs: int, outputs: int, groups: tuple[int, int] = (1, 1)) -> None:
        """groups: of the first and of the second convolution."""
        super().__init__()
        self.shortcut = nn.Conv2d(inputs, outputs, 1, bias=False) if inputs != outputs else nn.Identity()
        last = BatchNorm(outputs)
        self.body = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, padding=1, groups=groups[0], bias=False),
            BatchNorm(outputs),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, padding=1, groups=groups[1], bias=False),
            last,
        )
        init_small_(self.body[3])
        last.keep_brightness_(given=LIFT, gives=LIFT)
        if inputs != outputs:
            init_identity_(self.shortcut)

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # (N, inputs, H, W) => (N, outputs, H, W)
        branch = self.body[:4](x)
        return torch.relu(self.body[4](self.shortcut(x) + branch))


class WaveletCnn(nn.Module):
    """51,353,968 parameters for levels = 2, 226,203,712 for 4, at width 64.

    (N, 3, H, W) in [0, 1] to (N, 3, 2^levels H, 2^levels W), not clamped. In training the result is a
    mapping: "restored", and "coefficients" (N, 3 * 4^levels, H, W).
    """

    def __init__(self, width: int = 64, levels: int = 2) -> None:
        super().__init__()
        channels = [width * 2**level for level in range(5)]
        norm = BatchNorm(width)
        norm.keep_brightness_(gives=LIFT)
        layers: list[nn.Module] = [nn.Conv2d(3, width, 3, padding=1, bias=False), norm, nn.ReLU()]
        for inputs, outputs in zip([width, *channels], channels, strict=False):
            layers += [NormBlock(inputs, outputs), NormBlock(outputs, outputs)]
        self.embedding = nn.Sequential(*layers)
        counts = [1, *(3 * 4**level for level in range(levels))]  # bands of each scale
        branches = [_branch(channels[-1], width, count) for count in counts]
        self.branches = nn.ModuleList(branches)
        self.packet = HaarPacket(levels)
        self._start_as_repetition(levels, [branch[-1] for branch in branches])

    def _start_as_repetition(self, levels: int, bands: Sequence[nn.Module]) -> None:
        """The average band starts as the input, as far as batch norm lets it, and the details as nearly nothing."""
        init_identity_(self.embedding[0])
        average, *details = bands
        init_identity_(average)
        for band in details:
            init_small_(band)
        with torch.no_grad():
            weight_of(average).mul_(2**levels)
            for band in bands:
                weight_of(band).div_(LIFT)

    def forward(self, x: torch.Tensor) -> torch.Tensor | Mapping[str, torch.Tensor]:
        features = self.embedding(x)
        coefficients = torch.cat([branch(features) for branch in self.branches], dim=1)
        restored = self.packet.compose(coefficients)
        return {"restored": restored, "coefficients": coefficients} if self.training else restored


def _branch(inputs: int, width: int, bands: int) -> nn.Sequential:
    half = max(1, width // 2)
    return nn.Sequential(
        NormBlock(inputs, half * bands, (1, bands)),
        NormBlock(half * bands, width * bands, (bands, bands)),
        nn.Conv2d(width * bands, 3 * bands, 3, padding=1, groups=bands),
    )


def details(outputs: Tensors, batch: Tensors) -> torch.Tensor:
    """Half the summed squared error of the detail bands, a mean over the images."""
    return _half_squared_error(outputs["coefficients"][:, 3:], _wanted(outputs, batch)[:, 3:])


def averages(outputs: Tensors, batch: Tensors) -> torch.Tensor:
    """The same of the average band."""
    return _half_squared_error(outputs["coefficients"][:, :3], _wanted(outputs, batch)[:, :3])


def image_error(outputs: Tensors, batch: Tensors) -> torch.Tensor:
    """The same of the image itself."""
    return _half_squared_error(outputs["restored"], batch["reference"])


def texture(outputs: Tensors, batch: Tensors) -> torch.Tensor:
    """Mean over bands and places of max(0, 1.2 |wanted|^2 - |found|^2), the energy of the three colours of a detail.

    Keeps details from fading to zero.
    """
    found, wanted = (
        part[:, 3:].unflatten(1, (-1, 3)).square().sum(dim=2)
        for part in (outputs["coefficients"], _wanted(outputs, batch))
    )
    return functional.relu(1.2 * wanted - found).mean()


def _wanted(outputs: Tensors, batch: Tensors) -> torch.Tensor:
    side = batch["reference"].shape[-1] // outputs["coefficients"].shape[-1]
    return HaarPacket(side.bit_length() - 1).to(batch["reference"].device).decompose(batch["reference"])


def _half_squared_error(found: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    return (found - wanted).square().sum() / (2 * len(found))


# hhb072/WaveletSRNet: main.py, 3406727: the weights of the detail and average bands, of the image and of texture, Adam
# and weight decay, faces of 128 px, no drop of the rate in 500 epochs.
TRAINING = TrainingConfig(
    scale=SCALE,
    losses={"details": 0.99, "averages": 0.01, "image": 0.1, "texture": 1.0},
    learning_rate=2e-4,
    betas=(0.9, 0.999),
    constant_share=1.0,
    weight_decay=5e-4,
    crop=128,
    functions={"details": details, "averages": averages, "image": image_error, "texture": texture},
    version=2,
)

waveletcnn = NetworkMethod("waveletcnn", WaveletCnn, TRAINING)
x16 = NetworkMethod("waveletcnn:x16", partial(WaveletCnn, levels=4), replace(TRAINING, scale=16))
