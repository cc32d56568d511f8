"""Training pairs by position: what a pair holds depends on (seed, epoch, name), never on workers or resume."""

import signal
from collections.abc import Iterator

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from degrade.errors import InputError
from degrade.image import Image, from_uint8, to_uint8
from degrade.recipes import Recipe, recorded_recipe
from degrade.resize import match_scale
from degrade.seeds import rng_for
from degrade.split import Split, degrade_image

Pair = tuple[torch.Tensor, torch.Tensor]
_KEPT_BYTES = 2**29  # of decoded images, in each process


class TrainingPairs(Dataset):
    """The endless row of training pairs of a split: position p is image p mod n of epoch p // n.

    Each epoch is its own order. A pair is (degraded, reference), float32 CHW in [0, 1]; the
    reference is the stored one, mirrored with probability 1/2 together with the degraded image.

    scale: reference side / degraded side as the network takes it, by degrade.resize.match_scale.
    crop: side in reference pixels of a random window, a multiple of scale; None or at least the image: no crop.
    redraw: degrade each reference anew in every epoch instead of reading the stored degraded image; only done
        for splits whose recipe, in that version, is known.
    """

    def __init__(self, split: Split, scale: int, crop: int | None, seed: int, redraw: bool) -> None:
        self.split, self.scale, self.crop, self.seed = split, scale, crop, seed
        self.size = int(split.info["size"])
        self.recipe = split_recipe(split) if redraw else None
        self.names: list[str] = []
        self.epoch = -1
        self.kept: dict[tuple[str, str], np.ndarray] | None = {}
        if len(split.names) * self.size**2 * 3 > _KEPT_BYTES:
            self.kept = None
        if self.size % scale or (crop or 0) % scale:
            raise ValueError(f"size and crop must be multiples of the scale {scale}, got {self.size} and {crop}")

    def __getitem__(self, position: int) -> Pair:
        epoch, index = divmod(position, len(self.split.names))
        if epoch != self.epoch:
            self.names, self.epoch = epoch_order(self.split.names, self.seed, epoch), epoch
        name = self.names[index]
        reference = self._stored("reference", name)
        degraded = match_scale(self._degraded(reference, name, epoch), self.size, self.scale)
        return self._augmented(degraded, reference, rng_for(self.seed, "augment", epoch, name))

    def _degraded(self, reference: Image, name: str, epoch: int) -> Image:
        if self.recipe is None:
            return self._stored("degraded", name)
        return degrade_image(reference, self.recipe, self.seed, name, epoch)[0]

    def _stored(self, side: str, name: str) -> Image:
        """One of the split's 8-bit images, decoded once when the whole split is small."""
        if self.kept is None:
            return getattr(self.split, side)(name)
        if (side, name) not in self.kept:
            self.kept[side, name] = to_uint8(getattr(self.split, side)(name))
        return from_uint8(self.kept[side, name])

    def _augmented(self, degraded: Image, reference: Image, rng: np.random.Generator) -> Pair:
        if rng.random() < 0.5:
            degraded, reference = degraded[:, ::-1], reference[:, ::-1]
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


def batches(pairs: TrainingPairs, batch: int, steps: range, workers: int) -> Iterator[Pair]:
    """One batch of each step number: (N, 3, crop / scale, ...) and (N, 3, crop, ...), the same for any workers.

    The global random state is left alone.
    """
    return iter(
        DataLoader(
            pairs,
            batch_size=batch,
            sampler=range(steps.start * batch, steps.stop * batch),
            num_workers=workers,
            worker_init_fn=_quiet_worker,
            generator=torch.Generator(),
        )
    )


def to_tensor(image: Image) -> torch.Tensor:
    """(H, W, 3) => (3, H, W), copied."""
    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))


def _quiet_worker(_: int) -> None:
    """Workers end with their parent: Ctrl-C is the parent's to answer, and one thread each is enough."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    cv2.setNumThreads(0)
