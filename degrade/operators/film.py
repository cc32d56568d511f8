"""What film and prints add: grain, scratches, dust."""

import math
from dataclasses import dataclass
from typing import Annotated

import cv2
import numpy as np

from degrade.core.colour import in_channels, luma
from degrade.core.doubles import single
from degrade.core.image import Image
from degrade.core.random import normal_table, random_field, uniform_numbers
from degrade.operators.base import check_integer, check_range, check_seed
from degrade.operators.lengths import Length, check_lengths
from degrade.operators.words import Words

_SHIFT = 4  # bits after the point in the places OpenCV draws at


@dataclass(frozen=True)
class FilmGrain:
    """Add soft grain, alike in the three channels, strongest where the luma is one half.

    Its standard deviation at luma v is sigma * 2 sqrt(v (1 - v)): the share of v that opaque grains leave open
    is a binomial mean.

    sigma: standard deviation at mid-grey in 8-bit steps, 0 to 255.
    size: standard deviation of the Gaussian that makes neighbours alike, pixels, 0 to 20; 0 is white noise.
    seed: fixes the field.
    Source: random-dot model of granularity (Nutting 1913; Dainty and Shaw, Image Science, 1974).
    """

    sigma: Annotated[float, Words("standard deviation", "8-bit steps")]
    size: Annotated[float, Length(low=0.0, high=20.0), Words("grain size")]
    seed: int

    def __post_init__(self) -> None:
        check_range(self, "sigma", 0, 255)
        check_lengths(self)
        check_seed(self)

    def __call__(self, image: Image) -> Image:
        grey = luma(image)
        spread = np.sqrt(np.maximum(grey * (1 - grey), 0)) * np.float32(2 * self.sigma / 255)
        spread *= self._field(*grey.shape)
        noisy = image + in_channels(spread)
        return np.clip(noisy, 0, 1, out=noisy)

    def _field(self, height: int, width: int) -> np.ndarray:
        """Variance 1 everywhere: it is made wider than the image, because mirrored borders would change it."""
        reach = math.ceil(3 * self.size)
        field = random_field(normal_table(), (height + 2 * reach, width + 2 * reach), self.seed)
        if reach == 0:
            return field
        line = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * self.size**2))
        line = (line / np.sqrt((line**2).sum())).astype(np.float32)
        soft = single(cv2.sepFilter2D(field.astype(np.float64), -1, line, line))
        return soft[reach : reach + height, reach : reach + width]


@dataclass(frozen=True)
class Scratches:
    """Lay nearly upright light scratches and specks of dust, light or dark, on the picture.

    scratches: how many lines, 0 to 1000; each is a fifth to the whole of the height long and up to 10 degrees askew.
    dust: how many specks, 0 to 100000; each a disk of half to twice `width` across.
    width: of a scratch in pixels, above 0 to 100.
    opacity: share of the picture that is covered where they lie, 0 to 1; their edges are smoothed.
    seed: fixes their places and forms.
    Source: scratches are upright because film runs through the machine: Kokaram, Motion Picture Restoration (1998).
    """

    scratches: Annotated[int, Words("number of lines")]
    dust: Annotated[int, Words("number of specks")]
    width: Annotated[float, Length(high=100.0), Words("line width")]
    opacity: Annotated[float, Words("opacity")]
    seed: int

    def __post_init__(self) -> None:
        check_integer(self, "scratches", 0, 1000)
        check_integer(self, "dust", 0, 100_000)
        check_lengths(self)
        check_range(self, "opacity", 0, 1)
        check_seed(self)

    def __call__(self, image: Image) -> Image:
        light, dark = np.zeros((2, *image.shape[:2]), np.uint8)
        numbers = uniform_numbers(4 * (self.scratches + self.dust), self.seed).reshape(-1, 4)
        for line in numbers[: self.scratches]:
            self._scratch(light, line)
        for speck in numbers[self.scratches :]:
            self._speck(light if speck[3] < 0.5 else dark, speck)
        share = np.float32(self.opacity / 255)
        damaged = image * in_channels(1 - share * dark)
        damaged += (1 - damaged) * in_channels(share * light)
        return np.clip(damaged, 0, 1, out=damaged)

    def _scratch(self, layer: np.ndarray, numbers: np.ndarray) -> None:
        height, width = layer.shape
        length = (0.2 + 0.8 * numbers[2]) * height
        top, left = numbers[0] * (height - length), numbers[1] * width
        askew = math.tan(math.radians(20 * numbers[3] - 10)) * length
        # A line thinner than a pixel is drawn one pixel wide and fainter.
        corners = _quadrilateral((left, top), (left + askew, top + length), max(1.0, self.width))
        cv2.fillConvexPoly(layer, corners, round(255 * min(1.0, self.width)), cv2.LINE_AA, _SHIFT)

    def _speck(self, layer: np.ndarray, numbers: np.ndarray) -> None:
        height, width = layer.shape
        centre = (int(numbers[1] * width * 2**_SHIFT), int(numbers[0] * height * 2**_SHIFT))
        radius = self.width * (0.25 + 0.75 * numbers[2])
        cv2.circle(layer, centre, max(1, round(radius * 2**_SHIFT)), 255, cv2.FILLED, cv2.LINE_AA, _SHIFT)


def _quadrilateral(start: tuple[float, float], end: tuple[float, float], width: float) -> np.ndarray:
    """Corners (x, y) of the line from start to end of that width, in OpenCV's fixed point."""
    along = np.subtract(end, start)
    side = np.array([-along[1], along[0]]) / max(float(np.hypot(*along)), 1e-9) * (width - 1) / 2
    corners = np.array([np.add(start, side), np.add(end, side), np.subtract(end, side), np.subtract(start, side)])
    return np.rint(corners * 2**_SHIFT).astype(np.int32)
