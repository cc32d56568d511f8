"""EP-map of Table 1: guided by the reference's parsing map, which facexlib's parser makes, and by nothing else.

The paper does not say whether its maps are those of the references or of the degraded images; those of the references
are the stronger prior, so `restore` is given the references. Without the parser's weights the method is unavailable
here; `ispl train --variant ep_map --parsing DIR` trains on a folder of label maps.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from torch import nn
from tqdm import tqdm

from benchmark.methods.ispl.variants import IsplMethod, trained_network
from benchmark.methods.method import Method
from degrade.core.image import Image
from degrade.core.resize import match_scale
from degrade.splits.split import Split
from ispl_model.network.variants import IsplConfig
from ispl_model.restoration.restorer import restore_images
from ispl_model.runtime.device import find_device
from ispl_model.training.data import Condition
from ispl_model.training.ispl import ISPL_TRAINING
from ispl_model.training.parsing import load_parser, one_hot, parsing_condition

_EP_MAP = IsplMethod("ep_map")


def reference_maps(split: Split) -> Condition:
    """The one-hot parsing map of each reference of a split by its name; all are parsed first and kept, a byte a pixel.

    Raises InputError as load_parser does.
    """
    parse = load_parser(str(find_device("auto")))
    names = tqdm(split.names, unit="image", desc="parsing", disable=None)
    return parsing_condition({name: parse(split.reference(name)) for name in names}.__getitem__)


TRAINING = replace(ISPL_TRAINING, condition=reference_maps)


def configure(width: int, size: int) -> IsplConfig:
    """The network's config for images of `size` px."""
    return _EP_MAP.configure(width, size)


def build(width: int, size: int) -> nn.Module:
    """An untrained network."""
    return _EP_MAP.build(width, size)


def load(device: str, checkpoint: Path | None, size: int) -> Method:
    """The network of a checkpoint; what it restores from is the parsing map of the image it is given.

    Raises InputError as IsplMethod.load does, and without the parser.
    """
    where = find_device(device)
    network = trained_network("ep_map", checkpoint, size, where)
    parse = load_parser(str(where))

    def restore(references: Sequence[Image]) -> list[Image]:
        fitting = [match_scale(image, size, 1) for image in references]
        given = [np.concatenate([image, one_hot(parse(image))], axis=2) for image in fitting]
        return restore_images(network, given, size, where)

    return Method("ispl:ep_map", restore, scale=1, needs_reference=True)
