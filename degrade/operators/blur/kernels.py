"""Blurs by a dense kernel: the families of the blind super-resolution papers, and out-of-focus disks.

Lengths are pixels of the image they are applied to; borders are mirrored without repeating the edge. The angle of
an elliptic kernel is that of its sigma_x axis in degrees: 0 points to the right, 90 downwards.
With C = (x, y) and S = R diag(sigma_x^2, sigma_y^2) R^T, q = C^T S^-1 C below.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Annotated

import cv2
import numpy as np

from degrade.core.doubles import single
from degrade.core.image import Image
from degrade.operators.base import check_range
from degrade.operators.lengths import Frequency, Length, OddLength, check_lengths
from degrade.operators.words import Words

_SUMMED = 17  # px; up to here a direct sum is faster than a transform


@dataclass(frozen=True)
class AnisotropicBlur:
    """Convolve with an elliptic Gaussian, exp(-q / 2).

    sigma_x, sigma_y: standard deviations along the two axes in pixels, above 0 to 256.
    angle: of the sigma_x axis, degrees clockwise from the right, -360 to 360.
    size: width of the kernel in pixels, odd, 1 to 2049; or 0, which means 4 of the larger sigma to each side.
    Source: Liu et al., Blind Image Super-Resolution: A Survey (2021); Wang et al., Real-ESRGAN (2021), Sec. 3.1.
    """

    sigma_x: Annotated[float, Length(), Words("sigma along")]
    sigma_y: Annotated[float, Length(), Words("sigma across")]
    angle: Annotated[float, Words("angle", "degrees")]
    size: Annotated[int, OddLength(or_zero=True), Words("kernel width")] = 0

    def __post_init__(self) -> None:
        check_lengths(self)
        check_range(self, "angle", -360, 360)

    def kernel(self) -> np.ndarray:
        """(size, size) float32 weights that sum to 1."""
        return _weights(np.exp(-_quadratic(self) / 2))

    def __call__(self, image: Image) -> Image:
        return convolve(image, self.kernel())


@dataclass(frozen=True)
class _LongTailed(ABC):
    """The fields and the call that GeneralisedBlur and PlateauBlur share; they differ in the profile of q^beta."""

    sigma_x: Annotated[float, Length(), Words("sigma along")]
    sigma_y: Annotated[float, Length(), Words("sigma across")]
    angle: Annotated[float, Words("angle", "degrees")]
    beta: Annotated[float, Words("exponent")]
    size: Annotated[int, OddLength(), Words("kernel width")]

    def __post_init__(self) -> None:
        check_lengths(self)
        check_range(self, "angle", -360, 360)
        check_range(self, "beta", 0.01, 100)

    def kernel(self) -> np.ndarray:
        """(size, size) float32 weights that sum to 1."""
        with np.errstate(over="ignore"):  # q^beta may be infinite: the weight there is 0
            return _weights(self._profile(_quadratic(self) ** self.beta))

    @staticmethod
    @abstractmethod
    def _profile(power: np.ndarray) -> np.ndarray:
        """The weights, not yet brought to the sum 1, by q^beta."""

    def __call__(self, image: Image) -> Image:
        return convolve(image, self.kernel())


class GeneralisedBlur(_LongTailed):
    """Convolve with a generalised Gaussian, exp(-q^beta / 2): pointed for beta < 1, boxy above, Gaussian at 1.

    sigma_x, sigma_y: widths along the two axes in pixels, above 0 to 256.
    angle: of the sigma_x axis, degrees clockwise from the right, -360 to 360.
    beta: exponent, 0.01 to 100.
    size: width of the kernel in pixels, odd, 1 to 2049; the tails are long, so it is part of the shape.
    Source: Liu et al., IEEE TCSVT 2020, as in Wang et al., Real-ESRGAN (2021).
    """

    @staticmethod
    def _profile(power: np.ndarray) -> np.ndarray:
        return np.exp(-power / 2)


class PlateauBlur(_LongTailed):
    """Convolve with a plateau, 1 / (1 + q^beta): flat in the middle, with long tails.

    sigma_x, sigma_y: where it has fallen to one half along the two axes, pixels, above 0 to 256.
    angle: of the sigma_x axis, degrees clockwise from the right, -360 to 360.
    beta: exponent, 0.01 to 100; larger has the steeper flank.
    size: width of the kernel in pixels, odd, 1 to 2049; the tails are long, so it is part of the shape.
    Source: Liu et al., IEEE TCSVT 2020, as in Wang et al., Real-ESRGAN (2021).
    """

    @staticmethod
    def _profile(power: np.ndarray) -> np.ndarray:
        return 1 / (1 + power)


@dataclass(frozen=True)
class SincBlur:
    """Keep the frequencies below a circle, cutoff J1(cutoff r) / (2 pi r): edges ring, as after over-sharpening.

    cutoff: radians per pixel, above 0 to pi (pi keeps nearly everything).
    size: width of the kernel in pixels, odd, 1 to 2049.
    Source: Wang et al., Real-ESRGAN (2021); the weights are brought to the sum 1.
    """

    cutoff: Annotated[float, Frequency(), Words("cut-off")]
    size: Annotated[int, OddLength(), Words("kernel width")]

    def __post_init__(self) -> None:
        check_lengths(self)

    def kernel(self) -> np.ndarray:
        """(size, size) float32 weights that sum to 1; some are negative."""
        from scipy.special import j1  # here, because few operators need scipy's import time

        down, right = _grid(self.size)
        distance = np.hypot(down, right)
        distance[self.size // 2, self.size // 2] = 1e-9  # the limit: cutoff^2 / 4 pi
        return _weights(self.cutoff * j1(self.cutoff * distance) / (2 * math.pi * distance))

    def __call__(self, image: Image) -> Image:
        return convolve(image, self.kernel())


@dataclass(frozen=True)
class DefocusBlur:
    """Average over a disk, as a lens with a round aperture does out of focus.

    radius: of the disk in pixels, above 0 to 256; pixels on its rim count for the share of them that lies inside.
    Source: geometrical optics, the circle of confusion.
    """

    radius: Annotated[float, Length(), Words("radius")]

    def __post_init__(self) -> None:
        check_lengths(self)

    def kernel(self) -> np.ndarray:
        """(2 ceil(radius) + 1) squared float32 weights that sum to 1."""
        down, right = _grid(2 * math.ceil(self.radius) + 1)
        return _weights(np.clip(self.radius + 0.5 - np.hypot(down, right), 0, 1))

    def __call__(self, image: Image) -> Image:
        return convolve(image, self.kernel())


def convolve(image: Image, kernel: np.ndarray) -> Image:
    """Correlate each channel with an odd square kernel and clip; mirrored borders.

    A large kernel goes through OpenCV's Fourier transform, whose float32 differ between processors, in double.
    """
    if len(kernel) <= _SUMMED:
        blurred = _summed(image, kernel)
    else:
        blurred = single(cv2.filter2D(image.astype(np.float64), -1, kernel, borderType=cv2.BORDER_REFLECT_101))
    return np.clip(blurred, 0, 1, out=blurred)


def _summed(image: Image, kernel: np.ndarray) -> Image:
    """A few rows of the kernel at once: of 50 weights some processors' OpenCV would take the transform."""
    (height, width), reach = image.shape[:2], len(kernel) // 2
    wide = cv2.copyMakeBorder(image, reach, reach, reach, reach, cv2.BORDER_REFLECT_101)
    blurred, rows = np.zeros(image.shape, np.float32), 49 // len(kernel)
    for top in range(0, len(kernel), rows):
        some = kernel[top : top + rows]
        blurred += cv2.filter2D(wide[top:], -1, some, anchor=(reach, 0))[:height, reach : reach + width]
    return blurred


def _grid(size: int) -> np.ndarray:
    reach = size // 2
    return np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float64)


def _quadratic(blur: AnisotropicBlur | _LongTailed) -> np.ndarray:
    """q of the module's docstring for each place of the kernel."""
    down, right = _grid(blur.size or 2 * math.ceil(4 * max(blur.sigma_x, blur.sigma_y)) + 1)
    cosine, sine = math.cos(math.radians(blur.angle)), math.sin(math.radians(blur.angle))
    along, across = cosine * right + sine * down, cosine * down - sine * right
    return (along / blur.sigma_x) ** 2 + (across / blur.sigma_y) ** 2


def _weights(values: np.ndarray) -> np.ndarray:
    return (values / values.sum()).astype(np.float32)
