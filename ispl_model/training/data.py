"""Training pairs by position: what a pair holds depends on (seed, epoch, name), never on workers or resume."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from degrade.core.errors import InputError
from degrade.core.image import Image, from_uint8, to_uint8
from degrade.core.parallel import Parent
from degrade.core.random import rng_for
from degrade.core.resize import match_scale
from degrade.recipes.library import recorded_recipe
from degrade.recipes.recipe import Recipe
from degrade.splits.split import Split
from degrade.torch import Degrade
from ispl_model.runtime.tensors import to_tensor

TensorPair = tuple[torch.Tensor, torch.Tensor]
Condition = Callable[[str, bool], np.ndarray]
_KEPT_BYTES = 2**29  # of decoded images, in each process


class TrainingPairs(Dataset):
    """The endless row of training pairs of a split: position p is image p mod n of epoch p // n.

    Each epoch is its own order. A pair is (degraded, reference), float32 CHW in [0, 1]; the
    reference is the stored one, mirrored with probability 1/2 together with the degraded image.

    scale: reference side / degraded side as the network takes it, by degrade.core.resize.match_scale.
    crop: side in reference pixels of a random window, a multiple of scale; None or at least the image: no crop.
    redraw: degrade each reference anew in every epoch instead of reading the stored degraded image; only done
        for splits whose recipe, in that version, is known.
    condition: gives by an image's name, and whether it is mirrored, float32 channels (h, w, C) that the network needs
        behind the degraded image's three, cropped alike. It mirrors them itself: in label maps left and right then
        change places too.
    """

    def __init__(
        self, split: Split, scale: int, crop: int | None, seed: int, redraw: bool, condition: Condition | None = None
    ) -> None:  # fmt: skip
        self.split, self.scale, self.crop, self.seed, self.condition = split, scale, crop, seed, condition
        self.size = int(split.info["size"])
        recipe = split_recipe(split) if redraw else None
        self.degrade = Degrade(recipe, seed) if recipe else None
        self.names: list[str] = []
        self.epoch = -1
        self.kept: dict[tuple[str, str], np.ndarray] | None = {}
        if len(split.names) * self.size**2 * 3 > _KEPT_BYTES:
            self.kept = None
        if self.size % scale or (crop or 0) % scale:
            raise ValueError(f"size and crop must be multiples of the scale {scale}, got {self.size} and {crop}")

    def __getitem__(self, position: int) -> TensorPair:
        epoch, index = divmod(position, len(self.split.names))
        if epoch != self.epoch:
            self.names, self.epoch = epoch_order(self.split.names, self.seed, epoch), epoch
        name, rng = self.names[index], rng_for(self.seed, "augment", epoch, self.names[index])
        reference, mirrored = self._stored("reference", name), rng.random() < 0.5
        degraded = self._fitting(self._degraded(reference, name, epoch), name, mirrored)
        return self._cropped(degraded, reference[:, ::-1] if mirrored else reference, rng)

    def stored(self, name: str) -> TensorPair:
        """One pair as it is stored, whole and not mirrored."""
        return to_tensor(self._fitting(self._stored("degraded", name), name)), to_tensor(
            self._stored("reference", name)
        )

    def _fitting(self, degraded: Image, name: str, mirrored: bool = False) -> np.ndarray:
        """What the network takes of a degraded image, (h, w, 3 + C)."""
        degraded = match_scale(degraded, self.size, self.scale)
        if mirrored:
            degraded = degraded[:, ::-1]
        return (
            degraded if self.condition is None else np.concatenate([degraded, self.condition(name, mirrored)], axis=2)
        )

    def _degraded(self, reference: Image, name: str, epoch: int) -> Image:
        return self.degrade(reference, name, epoch) if self.degrade else self._stored("degraded", name)

    def _stored(self, side: str, name: str) -> Image:
        """One of the split's 8-bit images, decoded once when the whole split is small."""
        if self.kept is None:
            return getattr(self.split, side)(name)
        if (side, name) not in self.kept:
            self.kept[side, name] = to_uint8(getattr(self.split, side)(name))
        return from_uint8(self.kept[side, name])

    def _cropped(self, degraded: np.ndarray, reference: Image, rng: np.random.Generator) -> TensorPair:
        if self.crop is not None and self.crop < self.size:
            side = self.crop // self.scale
            top, left = (int(start) for start in rng.integers(self.size // self.scale - side + 1, size=2))
            degraded = degraded[top : top + side, left : left + side]
            top, left = top * self.scale, left * self.scale
            reference = reference[top : top + self.crop, left : left + self.crop]
        return to_tensor(degraded), to_tensor(reference)


def split_recipe(split: Split) -> Recipe | None:
    """The recipe that made a split, or None when this version does not know it (collected pairs, an older recipe)."""
    try:
        return recorded_recipe(split.info)
    except InputError:
        return None


def epoch_order(names: tuple[str, ...], seed: int, epoch: int) -> list[str]:
    """The names sorted by a number drawn for each, so that an image more or less moves no other."""
    return sorted(names, key=lambda name: (rng_for(seed, "order", epoch, name).random(), name))


@dataclass(frozen=True)
class BatchShard:
    """One process's part of every step: `passes` batches of `batch` images, of `count` processes the one at `index`."""

    batch: int
    passes: int = 1
    index: int = 0
    count: int = 1

    @property
    def images(self) -> int:
        """Of all processes in one step."""
        return self.batch * self.passes * self.count

    def positions(self, steps: range) -> Iterator[int]:
        """Of the images of this process in the endless row, step after step."""
        own = self.batch * self.passes
        for step in steps:
            start = step * self.images + self.index * own
            yield from range(start, start + own)


def batches(pairs: TrainingPairs, shard: BatchShard, steps: range, workers: int) -> Iterator[Sequence[TensorPair]]:
    """The passes of each step number: (N, 3 + C, crop / scale, ...) and (N, 3, crop, ...), the same for any workers.

    The global random state is left alone.
    """
    loader = DataLoader(
        pairs,
        batch_size=shard.batch,
        sampler=shard.positions(steps),
        num_workers=workers,
        worker_init_fn=partial(_start_worker, Parent.here()),
        generator=torch.Generator(),
    )
    return zip(*[iter(loader)] * shard.passes, strict=True)


def _start_worker(parent: Parent, _: int) -> None:
    parent.keep()
    cv2.setNumThreads(0)  # one thread each is enough
