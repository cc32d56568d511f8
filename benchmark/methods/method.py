"""What a loaded method is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from degrade.core.image import Image, read
from degrade.core.resize import match_scale
from degrade.splits.split import Split

if TYPE_CHECKING:
    from ispl_model.training.data import Condition


@dataclass(frozen=True)
class Method:
    """A restorer. `restore` takes degraded contract images of any stored scale and gives restored
    contract images of the side it was loaded for, in the same order.

    With `needs_reference` the runner passes the references in place of the degraded images.
    condition: as TrainingConfig.condition, from a split to what follows the three channels of each of its images,
    (S, S, C); it may give None. files: by name the images that were restored elsewhere; `restore` is then not used.
    """

    name: str
    restore: Callable[[Sequence[Image]], list[Image]]
    scale: int
    needs_reference: bool = False
    condition: "Callable[[Split], Condition | None] | None" = None
    files: Mapping[str, Path] | None = None

    def restored(self, split: Split, name: str) -> Image:
        """What the method makes of one image of a split."""
        if self.files is not None:
            return read(self.files[name])
        given = split.reference(name) if self.needs_reference else split.degraded(name)
        if self.condition and (more := self.condition(split)):
            fitting = match_scale(given, int(split.info["size"]), self.scale)
            given = np.concatenate([fitting, more(name, False)], axis=2)
        (image,) = self.restore([given])
        return image
