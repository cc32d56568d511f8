"""ISPL, the paper's network: U-net fusion and pixel-adaptive convolution.

Trained by the paper's section 4.1; what the paper leaves open is decided in ispl_model.
"""

from collections.abc import Sequence
from pathlib import Path

from torch import nn

from benchmark.methods.method import Method
from degrade.errors import InputError
from degrade.image import Image
from degrade.resize import match_scale
from ispl_model.device import find_device
from ispl_model.generator import Ispl, IsplConfig
from ispl_model.restore import load_network, restore_images
from ispl_model.train import ISPL_TRAINING as TRAINING


def configure(width: int, size: int) -> IsplConfig:
    """The network's config for images of `size` px."""
    return IsplConfig(variant="isp_unet_pac", width=width, size=size)


def build(width: int, size: int) -> nn.Module:
    """An untrained network."""
    return Ispl(configure(width, size))


def load(device: str, checkpoint: Path | None, size: int) -> Method:
    """The network of a checkpoint of any ISPL variant; an LQ that is stored smaller is enlarged first (Sec. 4.1).

    Raises InputError when there is no checkpoint, or it is of another network or image side.
    """
    if checkpoint is None:
        raise InputError("ispl: expected a checkpoint, got none; `benchmark run` trains one")
    where = find_device(device)
    network, header = load_network(checkpoint, where)
    if network.config.size != size:
        raise InputError(f"{checkpoint}: expected a network for {size} px, got one for {network.config.size}")

    def restore(images: Sequence[Image]) -> list[Image]:
        return restore_images(network, [match_scale(image, size, TRAINING.scale) for image in images], size, where)

    return Method(header["method"], restore, TRAINING.scale)
