"""Blur by a camera that is not held still."""

import math
from dataclasses import dataclass

import numpy as np

from degrade.core.image import Image
from degrade.core.random import normal_table, random_bits, uniform_numbers
from degrade.operators.base import check_positive, check_range, check_seed
from degrade.operators.blur.kernels import convolve

_STEP = 0.25  # pixels between two places of the path


@dataclass(frozen=True)
class ShakeBlur:
    """Average along a random path at constant speed; its heading walks at random, so it bends but has no corners.

    length: of the path in pixels, > 0 to 500.
    turn: standard deviation of the change of heading over one pixel of path, degrees, 0 (straight) to 180;
        over n pixels it is sqrt(n) times that.
    seed: fixes the path.
    Source: hand shake as a random path, Boracchi and Foi, IEEE TIP 2012; the walk is that of a
        worm-like chain (Kratky and Porod 1949), whose extent has a closed form.
    """

    length: float
    turn: float
    seed: int

    def __post_init__(self) -> None:
        check_positive(self, "length", 500)
        check_range(self, "turn", 0, 180)
        check_seed(self)

    def path(self) -> np.ndarray:
        """(n, 2) places (down, right) in pixels, a quarter of a pixel or less apart, with their mean at 0."""
        count = max(2, math.ceil(self.length / _STEP))
        step = self.length / count
        turns = normal_table().take(random_bits((count,), self.seed)).astype(np.float64)
        turns *= math.radians(self.turn) * math.sqrt(step)
        turns[0] = 2 * math.pi * uniform_numbers(1, self.seed ^ 1)[0]
        heading = np.cumsum(turns)
        places = np.cumsum(step * np.stack([np.sin(heading), np.cos(heading)], axis=1), axis=0)
        return places - places.mean(axis=0)

    def kernel(self) -> np.ndarray:
        """Odd square of float32 weights that sum to 1: each place is shared by the four pixels around it."""
        path = self.path()
        reach = int(np.abs(path).max()) + 1
        corner = np.floor(path).astype(int)
        part = path - corner
        weights = np.zeros((2 * reach + 1, 2 * reach + 1))
        for down in (0, 1):
            for right in (0, 1):
                share = np.abs(1 - down - part[:, 0]) * np.abs(1 - right - part[:, 1])
                np.add.at(weights, (corner[:, 0] + down + reach, corner[:, 1] + right + reach), share)
        return (weights / weights.sum()).astype(np.float32)

    def __call__(self, image: Image) -> Image:
        return convolve(image, self.kernel())
