"""ISPL, the paper's network, its columns of Table 1 and the authors' code: one object for each, used as a module is.

Trained by the paper's section 4.1, the authors' code as they train it; what the paper leaves open is decided in
ispl_model. The column EP-map has a file of its own, because it needs a parser.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from benchmark.methods.method import Method
from degrade.core.errors import InputError
from degrade.core.image import Image
from degrade.core.resize import match_scale
from ispl_model.network.ispl import Ispl
from ispl_model.network.variants import IsplConfig
from ispl_model.restoration.restorer import load_network, restore_images
from ispl_model.runtime.device import find_device
from ispl_model.runtime.tensors import parameter_count
from ispl_model.training.config import TrainingConfig
from ispl_model.training.ispl import ISPL_RELEASED_TRAINING, ISPL_TRAINING


@dataclass(frozen=True)
class IsplMethod:
    """One variant of ispl_model.network.variants, with what a module of a trainable method has."""

    variant: str
    TRAINING: TrainingConfig = ISPL_TRAINING

    def configure(self, width: int, size: int) -> IsplConfig:
        """The network's config for images of `size` px."""
        return IsplConfig(variant=self.variant, width=width, size=size)

    def build(self, width: int, size: int) -> nn.Module:
        """An untrained network."""
        return Ispl(self.configure(width, size))

    def load(self, device: str, checkpoint: Path | None, size: int) -> Method:
        """The network of a checkpoint; an LQ that is stored smaller is enlarged first (Sec. 4.1).

        Raises InputError when there is no checkpoint, or it is of another network or image side.
        """
        where = find_device(device)
        network = trained_network(self.variant, checkpoint, size, where)

        def restore(images: Sequence[Image]) -> list[Image]:
            fitting = [match_scale(image, size, self.TRAINING.scale) for image in images]
            return restore_images(network, fitting, size, where)

        return Method(f"ispl:{self.variant}", restore, self.TRAINING.scale, parameters=parameter_count(network))


def trained_network(variant: str, checkpoint: Path | None, size: int, device: torch.device) -> Ispl:
    """The network of a checkpoint; InputError when there is none, or it is of another variant or image side."""
    if checkpoint is None:
        raise InputError(f"ispl:{variant}: expected a checkpoint, got none; `benchmark run` trains one")
    network, _ = load_network(checkpoint, device)
    config = network.config
    if (config.variant, config.size) != (variant, size):
        got = f"got {config.variant} for {config.size} px"
        raise InputError(f"{checkpoint}: expected a network {variant} for {size} px, {got}")
    return network


ep_16x = IsplMethod("ep_16x")
isp_y0 = IsplMethod("isp_y0")
isp_unet = IsplMethod("isp_unet")
isp_unet_pac = IsplMethod("isp_unet_pac")
isp_concat = IsplMethod("isp_concat")
isp_matrix = IsplMethod("isp_matrix")
released = IsplMethod("released", ISPL_RELEASED_TRAINING)
