"""Pixelation in whole blocks."""

from dataclasses import dataclass

import numpy as np

from degrade.errors import InputError
from degrade.image import Image


@dataclass(frozen=True)
class Mosaic:
    """Replace each block by its mean; blocks start at the top left, the last ones may be narrower.

    block: side of a block in pixels, an integer of at least 2.
    """

    block: int

    def __post_init__(self) -> None:
        if not (isinstance(self.block, int) and self.block >= 2):
            raise ValueError(f"Mosaic: block must be an integer of at least 2 pixels, got {self.block!r}")

    def __call__(self, image: Image) -> Image:
        height, width = image.shape[:2]
        rows, columns = np.arange(0, height, self.block), np.arange(0, width, self.block)
        sums = np.add.reduceat(np.add.reduceat(image, rows, axis=0, dtype=np.float64), columns, axis=1)
        heights, widths = np.diff(rows, append=height), np.diff(columns, append=width)
        means = (sums / (heights[:, None] * widths)[:, :, None]).astype(np.float32)
        return means.repeat(heights, axis=0).repeat(widths, axis=1)


def sample_mosaic(rng: np.random.Generator, block: tuple[int, int] = (16, 16), ratio: float = 1.0) -> Mosaic:
    """Draw the block from the integers of the interval and multiply it by `ratio`.

    Raises InputError when that is not an integer of at least 2.
    """
    side = int(rng.integers(block[0], block[1] + 1)) * ratio
    if side < 2 or side != int(side):
        raise InputError(
            f"mosaic: blocks come out {side:g} pixels wide at this size; choose one that makes it a whole 2 or more"
        )
    return Mosaic(int(side))
