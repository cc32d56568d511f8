"""What a loaded method is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from degrade.core.errors import InputError
from degrade.core.image import Image, read
from degrade.core.resize import match_scale, resize_bicubic
from degrade.splits.split import Split

if TYPE_CHECKING:
    from ispl_model.training.data import Condition


@dataclass(frozen=True)
class Method:
    """A restorer. `restore` takes degraded contract images, of scale 1 as they are stored, of a larger scale with the
    side of what it gives over its scale, and gives restored contract images of the side it was loaded for, in order.

    With `needs_reference` the runner passes the references in place of the degraded images.
    own_process: whether it computes in a process of its own, whose memory is not ours.
    parameters: numbers that its network has learnt, None without one or where they cannot be counted.
    condition: as TrainingConfig.condition, from a split to what follows the three channels of each of its images,
    (S, S, C); it may give None. files: by name the images that were restored elsewhere; `restore` is then not used.
    resized: the side to which these are brought; None where they must have it.
    """

    name: str
    restore: Callable[[Sequence[Image]], list[Image]]
    scale: int
    needs_reference: bool = False
    own_process: bool = False
    parameters: int | None = None
    condition: "Callable[[Split], Condition | None] | None" = None
    files: Mapping[str, Path] | None = None
    resized: int | None = None

    def restored(self, split: Split, name: str) -> Image:
        """What the method makes of one image of a split."""
        if self.files is not None:
            image = read(self.files[name])
            return image if self.resized is None else _square(image, self.resized, self.files[name])
        given, size = split.reference(name) if self.needs_reference else split.degraded(name), int(split.info["size"])
        more = self.condition(split) if self.condition else None
        if more or self.scale > 1:
            given = match_scale(given, size, self.scale)
        if more:
            given = np.concatenate([given, more(name, False)], axis=2)
        (image,) = self.restore([given])
        return image


def _square(image: Image, side: int, path: Path) -> Image:
    height, width = image.shape[:2]
    if height != width:
        raise InputError(f"{path.name}: expected a square image to resize to {side} px, got {width} x {height}")
    return image if height == side else resize_bicubic(image, side, side)
