"""Blurs. Lengths are pixels of the image they are applied to; borders are mirrored without repeating the edge."""

import math
from dataclasses import dataclass, field

import cv2
import numpy as np

from degrade.core.errors import InputError
from degrade.core.image import Image
from degrade.operators.base import check_length, check_range, check_width

_BORDERS = {"mirror": cv2.BORDER_REFLECT_101, "repeat": cv2.BORDER_REPLICATE}
_STRIP = 100_000  # values of a strip in MotionBlur, 400 kB


@dataclass(frozen=True)
class GaussianBlur:
    """Convolve with an isotropic Gaussian.

    sigma: standard deviation in pixels, above 0 to 256.
    size: width of the kernel in pixels, odd, at most 2049; 0 means 4 sigma to each side. A smaller one cuts the
        Gaussian off and makes the blur milder.
    border: what lies beyond it, "mirror" (the edge itself not again) or "repeat" (the edge again and again, as SciPy's
        mode "nearest").
    """

    sigma: float
    size: int = 0
    border: str = field(default="mirror", metadata={"added_later": True})

    def __post_init__(self) -> None:
        check_length(self, "sigma")
        check_width(self, "size", 1, also=(0,))
        if self.border not in _BORDERS:
            raise ValueError(f"GaussianBlur: border must be one of {sorted(_BORDERS)}, got {self.border!r}")

    def __call__(self, image: Image) -> Image:
        size = self.size or 2 * math.ceil(4 * self.sigma) + 1
        blurred = cv2.GaussianBlur(image, (size, size), self.sigma, borderType=_BORDERS[self.border])
        return np.clip(blurred, 0, 1, out=blurred)


@dataclass(frozen=True)
class MotionBlur:
    """Average along a straight line, as a camera that moves while the shutter is open.

    k: length of the line in pixels, odd, 3 to 2049.
    direction: weights run linearly from direction at the line's first end to 1 - direction at its other; in [0, 1].
    angle: degrees, -360 to 360; 0 has the first end at the top, growing clockwise.
    """

    k: int
    direction: float
    angle: float

    def __post_init__(self) -> None:
        check_width(self, "k", 3)
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


def imgaug_width(sigma: float) -> int:
    """The width in px at which imgaug, and so the authors' script, cuts a Gaussian.

    int(2.9 sigma) below sigma 5, int(2.6 sigma) from 5 on; as the size of a GaussianBlur it is raised to odd. The blur
    is 1.0 to 1.4 dB milder than that of the whole Gaussian.
    """
    if not isinstance(sigma, int | float):
        raise InputError(f"imgaug_width: expected the name of a field that is a number of pixels, got one of {sigma!r}")
    return int((2.9 if sigma < 5 else 2.6) * sigma)


def next_odd(length: float) -> int:
    """The smallest odd number that is not below `length`.

    >>> [next_odd(length) for length in (4, 5, 5.5, 6.9)]
    [5, 5, 7, 7]
    """
    return 2 * math.ceil((length - 1) / 2) + 1
