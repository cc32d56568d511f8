"""Blur by motion: along a line, and by a camera that is not held still. Lengths are pixels of the image."""

import math
from dataclasses import dataclass
from typing import Annotated

import cv2
import numpy as np

from degrade.core.image import Image
from degrade.core.random import normal_table, random_bits, uniform_numbers
from degrade.operators.base import check_range, check_seed
from degrade.operators.blur.kernels import convolve
from degrade.operators.lengths import Bend, Length, OddLength, check_lengths
from degrade.operators.words import Words

_STEP = 0.25  # pixels between two places of the path
_STRIP = 100_000  # values of a strip in MotionBlur, 400 kB


@dataclass(frozen=True)
class ShakeBlur:
    """Average along a random path at constant speed; its heading walks at random, so it bends but has no corners.

    length: of the path in pixels, above 0 to 500.
    turn: standard deviation of the change of heading over one pixel of path, degrees, 0 (straight) to 180;
        over n pixels it is sqrt(n) times that.
    seed: fixes the path.
    Source: hand shake as a random path, Boracchi and Foi, IEEE TIP 2012; the walk is that of a
        worm-like chain (Kratky and Porod 1949), whose extent has a closed form.
    """

    length: Annotated[float, Length(high=500.0), Words("path length")]
    turn: Annotated[float, Bend(), Words("turning")]
    seed: int

    def __post_init__(self) -> None:
        check_lengths(self)
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


@dataclass(frozen=True)
class MotionBlur:
    """Average along a straight line, as a camera that moves while the shutter is open.

    k: length of the line in pixels, odd, 3 to 2049.
    direction: weights run linearly from direction at the line's first end to 1 - direction at its other; 0 to 1.
    angle: degrees, -360 to 360; 0 has the first end at the top, growing clockwise.
    Source: the ISPL paper, Sec. 4.1. Its authors' script (Lotayou/Face-Renovation) calls imgaug's
        MotionBlur, which makes the same line and rounds its weights to 8 bits; these are not rounded.
    """

    k: Annotated[int, OddLength(low=3), Words("length")]
    direction: Annotated[float, Words("weight at the first end")]
    angle: Annotated[float, Words("angle", "degrees")]

    def __post_init__(self) -> None:
        check_lengths(self)
        check_range(self, "direction", 0, 1)
        check_range(self, "angle", -360, 360)

    def kernel(self) -> np.ndarray:
        """(k, k) float32 weights that sum to 1: the upright line, rotated with bilinear interpolation."""
        reach = self.k // 2
        down, right = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(float)
        cosine, sine = math.cos(math.radians(self.angle)), math.sin(math.radians(self.angle))
        along, across = cosine * down - sine * right, cosine * right + sine * down
        line = np.linspace(self.direction, 1 - self.direction, self.k)
        places = np.arange(-reach - 1, reach + 2)
        weights = np.clip(1 - np.abs(across), 0, None) * np.interp(along, places, [0.0, *line, 0.0])
        return (weights / weights.sum()).astype(np.float32)

    def __call__(self, image: Image) -> Image:
        """Only the weights that are not 0 are summed, strip by strip so that a strip stays in the processor's cache.

        Three times faster than a dense kernel from 13 pixels on.
        """
        reach, (height, width) = self.k // 2, image.shape[:2]
        wide = cv2.copyMakeBorder(image, reach, reach, reach, reach, cv2.BORDER_REFLECT_101)
        blurred, weights = np.zeros(image.shape, np.float32), self.kernel()
        taps = [(int(down), int(right), float(weights[down, right])) for down, right in np.argwhere(weights)]
        rows = max(1, _STRIP // (3 * width))
        for top in range(0, height, rows):
            strip = blurred[top : top + rows]
            for down, right, weight in taps:
                shifted = wide[top + down : top + down + len(strip), right : right + width]
                cv2.scaleAdd(shifted, weight, strip, strip)
        return np.clip(blurred, 0, 1, out=blurred)
