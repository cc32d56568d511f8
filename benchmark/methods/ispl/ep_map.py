"""EP-map of Table 1: guided by the reference's label map, and by nothing else.

The paper does not say whether its maps are those of the references or of the degraded images; those of the references
are the stronger prior, so `restore` is given the references. `drawn` has maps drawn from dlib's landmarks, `parsed`
those of facexlib's parser, whose weights must be there. `ispl train --variant ep_map --parsing DIR` trains on others.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from torch import nn

from benchmark.methods.ispl.variants import IsplMethod, trained_network
from benchmark.methods.method import Method
from degrade.core.image import Image
from degrade.core.progress import progress_bar
from degrade.core.resize import match_scale
from degrade.splits.split import Split
from ispl_model.network.variants import IsplConfig
from ispl_model.restoration.restorer import restore_images
from ispl_model.runtime.device import find_device
from ispl_model.training.config import TrainingConfig
from ispl_model.training.data import Condition
from ispl_model.training.ispl import ISPL_TRAINING
from ispl_model.training.landmark_maps import drawn_map
from ispl_model.training.parsing import load_parser, one_hot, parsing_condition

_VARIANT = "ep_map"
_EP_MAP = IsplMethod(_VARIANT)
Parse = Callable[[Image], np.ndarray]


@dataclass(frozen=True)
class EpMapMethod:
    """EP-map on one kind of label maps, with what a module of a trainable method has.

    parser: given a device, the function from a reference (S, S, 3) to its labels (S, S); it may raise InputError.
    """

    name: str
    parser: Callable[[str], Parse]

    @property
    def TRAINING(self) -> TrainingConfig:
        return replace(ISPL_TRAINING, condition=self.reference_maps)

    def reference_maps(self, split: Split) -> Condition:
        """The one-hot label map of each reference of a split by its name; all are made first and kept, a byte a pixel.

        Raises InputError as `parser` does.
        """
        parse = self.parser(str(find_device("auto")))
        names = progress_bar(split.names, unit="image", title="label maps")
        return parsing_condition({name: parse(split.reference(name)) for name in names}.__getitem__)

    def configure(self, width: int, size: int) -> IsplConfig:
        """The network's config for images of `size` px."""
        return _EP_MAP.configure(width, size)

    def build(self, width: int, size: int) -> nn.Module:
        """An untrained network."""
        return _EP_MAP.build(width, size)

    def load(self, device: str, checkpoint: Path | None, size: int) -> Method:
        """The network of a checkpoint; what it restores from is the label map of the image it is given.

        Raises InputError as IsplMethod.load does, and as `parser` does.
        """
        where = find_device(device)
        network = trained_network(_VARIANT, checkpoint, size, where)
        parse = self.parser(str(where))

        def restore(references: Sequence[Image]) -> list[Image]:
            fitting = [match_scale(image, size, 1) for image in references]
            given = [np.concatenate([image, one_hot(parse(image))], axis=2) for image in fitting]
            return restore_images(network, given, size, where)

        return Method(self.name, restore, scale=1, needs_reference=True)


drawn = EpMapMethod("ispl:ep_map", lambda device: drawn_map)
parsed = EpMapMethod("ispl:ep_map_parsed", load_parser)
