"""ISPL with U-net fusion and plain convolutions in the encoder: a column of Table 1."""

from torch import nn

from benchmark.methods.ispl import TRAINING, load  # noqa: F401 - the same for every variant
from ispl_model.generator import Ispl, IsplConfig


def configure(width: int, size: int) -> IsplConfig:
    """The network's config for images of `size` px."""
    return IsplConfig(variant="isp_unet", width=width, size=size)


def build(width: int, size: int) -> nn.Module:
    """An untrained network."""
    return Ispl(configure(width, size))
