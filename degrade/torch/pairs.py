"""Clean faces as a data set of pairs that are degraded as they are read."""

from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch.utils.data import Dataset

from degrade.core.errors import InputError
from degrade.core.image import from_uint8
from degrade.core.parallel import one_thread
from degrade.core.random import check_whole, rng_for
from degrade.core.storage.paths import user_path
from degrade.recipes.recipe import Recipe
from degrade.splits.roles import role_sources
from degrade.splits.sources import check_preparation
from degrade.torch.transform import Degrade

_AS_A_SPLIT = -1  # in place of an epoch


class DegradedPair(NamedTuple):
    """What a network takes and what it should give, (3, h, w) and (3, H, W), float32 in [0, 1], RGB; and its name."""

    degraded: torch.Tensor
    reference: torch.Tensor
    name: str


class DegradedPairs(Dataset[DegradedPair]):
    """The pairs that `degrade run FACES OUT` with the same recipe, seed and size would write, made as they are read.

    A pair depends on its source, the recipe, the seed, its name and the epoch, never on workers, ranks, order or where
    a training was resumed; no global random state is read or set. Until `set_epoch` is called the pixels are those of
    the split; from then on every epoch degrades anew.

    faces: the folder of clean faces. size: side of the references, 16 px or more. role, crop, background: same as for
    `degrade.make_split`. Raises InputError for an argument that can be none, a folder without such faces, an unknown
    recipe and a size that it does not take, and, as it is read, for a face that cannot be used.

    >>> import tempfile
    >>> import numpy as np, degrade
    >>> with tempfile.TemporaryDirectory() as faces:
    ...     degrade.write_image(f"{faces}/face_001.png", np.full((64, 64, 3), 200, np.uint8))
    ...     pairs = DegradedPairs(faces, "sr4", size=64)
    ...     degraded, reference, name = pairs[0]
    >>> degraded.shape, reference.shape, name
    (torch.Size([3, 16, 16]), torch.Size([3, 64, 64]), 'face_001')
    """

    def __init__(  # noqa: PLR0913 - one argument for each option of `degrade run` that changes a pair
        self,
        faces: Path | str,
        recipe: Recipe | Path | str,
        seed: int = 0,
        *,
        size: int = 512,
        role: str = "all",
        crop: str = "none",
        background: str | None = None,
    ) -> None:
        self.degrade = Degrade(recipe, seed)
        check_preparation(size, crop, background)
        self.size, self.crop, self.background = int(size), crop, background
        self.sources = role_sources(user_path(faces), role)
        if not self.sources:
            raise InputError(f"{faces}: expected at least one face of role '{role}', got none; ask for another role")
        self.degrade.recipe(rng_for(seed, self.degrade.recipe.key, self.sources[0].name), self.size)  # refuses a size
        self._epoch = torch.tensor(_AS_A_SPLIT)
        self._epoch.share_memory_()  # type: ignore[no-untyped-call]  # workers that live on see it change

    def __len__(self) -> int:
        return len(self.sources)

    def __getitem__(self, index: int) -> DegradedPair:
        epoch = int(self._epoch)
        return self.pair(index, None if epoch == _AS_A_SPLIT else epoch)

    def set_epoch(self, epoch: int) -> None:
        """Degrade every face as in this epoch (0, 1, ...) from now on, in all workers; call it before iterating."""
        check_whole(epoch, "epoch")
        self._epoch.fill_(epoch)

    def pair(self, index: int, epoch: int | None = None) -> DegradedPair:
        """The pair of an epoch, None: of the split; for loops that count epochs themselves."""
        source = self.sources[index]
        with one_thread():
            reference = source.pixels(source.encoded(self.size), self.size, self.crop, self.background)
            degraded = self.degrade(reference, source.name, epoch)
        return DegradedPair(_as_floats(degraded), _as_floats(reference), source.name)


def _as_floats(pixels: np.ndarray) -> torch.Tensor:
    """(H, W, 3) of 8 bits => (3, H, W) in [0, 1]; turned first, as floats have four times as many bytes."""
    return torch.from_numpy(from_uint8(np.stack(cv2.split(pixels))))
