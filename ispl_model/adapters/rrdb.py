"""RRDBNet, the generator of ESRGAN (Wang et al. 2018), RealSR and Real-ESRGAN, and its weights out of ncnn's files.

The released RealSR and Real-ESRGAN x4plus come as ncnn's files. In PyTorch they need no other package, run on any
device, and give the package ncnn's pixels of a face to 4e-6.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from degrade.core.errors import InputError
from degrade.core.image import Image
from ispl_model.adapters.model import ImageModel, checked
from ispl_model.adapters.ncnn import read_layers
from ispl_model.adapters.spelling import need_file
from ispl_model.runtime.device import find_device
from ispl_model.runtime.tensors import parameter_count, to_tensor

SCALE = 4
BLOCKS = 23
RESIDUAL = 0.2  # both scales of the residual branches
_HALF = 0x01306B47  # ncnn's mark before weights of 16 bits


class DenseBlock(nn.Module):
    """Five 3x3 convolutions, each seeing all features before it; x + 0.2 of the last."""

    def __init__(self, width: int) -> None:
        super().__init__()
        growth = max(1, width // 2)
        outputs = (growth, growth, growth, growth, width)
        self.convs = nn.ModuleList(
            nn.Conv2d(width + index * growth, channels, 3, padding=1) for index, channels in enumerate(outputs)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # (N, width, H, W) => same
        features = [x]
        for conv in self.convs[:-1]:
            features.append(functional.leaky_relu(conv(torch.cat(features, dim=1)), 0.2))
        return x + RESIDUAL * self.convs[-1](torch.cat(features, dim=1))


class DenseBlocks(nn.Module):
    """RRDB: x + 0.2 (three dense blocks of x)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*(DenseBlock(width) for _ in range(3)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # (N, width, H, W) => same
        return x + RESIDUAL * self.blocks(x)


class Rrdb(nn.Module):
    """RRDBNet: 23 blocks, two enlargements by pixel repetition; 16,697,987 parameters at width 64.

    (N, 3, H, W) in [0, 1] to (N, 3, 4 H, 4 W), not clamped. Its layers are made in the order in which they compute.
    """

    def __init__(self, width: int = 64, blocks: int = BLOCKS) -> None:
        super().__init__()
        self.head = nn.Conv2d(3, width, 3, padding=1)
        self.blocks = nn.Sequential(*(DenseBlocks(width) for _ in range(blocks)))
        self.join = nn.Conv2d(width, width, 3, padding=1)
        self.enlarge = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in range(2))
        self.finish = nn.Conv2d(width, width, 3, padding=1)
        self.tail = nn.Conv2d(width, 3, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        features = self.head(x)
        features = features + self.join(self.blocks(features))
        for conv in self.enlarge:
            features = functional.leaky_relu(conv(functional.interpolate(features, scale_factor=2)), 0.2)
        return self.tail(functional.leaky_relu(self.finish(features), 0.2))


def load(param: Path, device: str = "cpu") -> ImageModel:
    """The network of FILE.param and FILE.bin, in float32: bfloat16 moves RealSR's pixels by up to 0.07.

    Raises InputError where they are not there or hold another network.
    """
    where = find_device(device)
    network = read_rrdb(param).to(where)

    def run(image: Image) -> Image:
        with torch.inference_mode():
            restored = network(to_tensor(image)[None].to(where))[0]
        return restored.permute(1, 2, 0).cpu().numpy()

    return ImageModel(checked(f"ncnn:{param}", run, SCALE), SCALE, parameters=parameter_count(network))


def read_rrdb(param: Path) -> Rrdb:
    """The network with its weights, on the CPU; its width and number of blocks are the file's."""
    loaded = list(_convolutions(param))
    width, count = len(loaded[0][1]), len(loaded)
    if width < 4 or (count - 6) % 15:
        raise _another(param)
    with torch.device("meta"):
        network = Rrdb(width, (count - 6) // 15)
    network.to_empty(device="cpu").eval().requires_grad_(False)
    convolutions = [module for module in network.modules() if isinstance(module, nn.Conv2d)]
    for convolution, (weight, bias) in zip(convolutions, loaded, strict=True):
        assert convolution.bias is not None
        if convolution.weight.numel() != len(weight) or convolution.bias.numel() != len(bias):
            raise _another(param)
        convolution.weight.copy_(torch.from_numpy(weight).view_as(convolution.weight))
        convolution.bias.copy_(torch.from_numpy(bias))
    return network


def _convolutions(param: Path) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Weights, flat, and bias of each convolution in ncnn's order, which is that of the computation."""
    weights = need_file("ncnn", need_file("ncnn", param).with_suffix(".bin"))
    data, at = weights.read_bytes(), 0
    try:
        for layer in read_layers(param):
            if layer.kind == "Convolution":
                outputs, count = int(layer.options["0"]), int(layer.options["6"])
                half = np.frombuffer(data, "<u4", 1, at)[0] == _HALF
                values = np.frombuffer(data, "<f2" if half else "<f4", count, at + 4).astype(np.float32)
                at += 4 + -(-values.size * (2 if half else 4) // 4) * 4  # 16-bit weights fill up to 4 bytes
                bias = np.frombuffer(data, "<f4", outputs, at).astype(np.float32)
                at += 4 * outputs
                yield values, bias
    except (KeyError, ValueError) as error:  # another layer's options; the file ends
        raise _another(param) from error
    if at == 0 or at != len(data):
        raise _another(param)


def _another(param: Path) -> InputError:
    return InputError(f"ncnn:{param}: expected the weights of an RRDBNet, got those of another network; fetch it again")
