"""Weather between the face and the camera: haze and rain."""

import math
from dataclasses import dataclass
from typing import Annotated

import cv2
import numpy as np

from degrade.core.colour import in_channels
from degrade.core.doubles import single
from degrade.core.image import Image
from degrade.core.random import uniform_numbers
from degrade.operators.base import check_positive, check_range, check_seed
from degrade.operators.blur.motion import MotionBlur
from degrade.operators.lengths import Length, OddLength, check_lengths
from degrade.operators.words import Words


@dataclass(frozen=True)
class Haze:
    """Scatter light into the picture: I = J t + A (1 - t), where t is the share of light that gets through.

    Depth grows evenly from the bottom of the image to its top, so t goes from `near` to `far` as a power.

    near, far: t at the bottom and at the top edge, above 0 to 1; equal for a face at one depth.
    airlight: A in 8-bit steps, 0 to 255, the same in the three channels.
    Source: the atmospheric scattering model, Narasimhan and Nayar, IJCV 2002; He et al., CVPR 2009
        (t = exp(-beta d)).
    """

    near: Annotated[float, Words("light through at the bottom")]
    far: Annotated[float, Words("light through at the top")]
    airlight: Annotated[float, Words("airlight", "8-bit steps")]

    def __post_init__(self) -> None:
        check_positive(self, "near", 1)
        check_positive(self, "far", 1)
        check_range(self, "airlight", 0, 255)

    def __call__(self, image: Image) -> Image:
        height = image.shape[0]
        depth = 1 - (np.arange(height) + 0.5) / height
        through = (self.near ** (1 - depth) * self.far**depth).astype(np.float32)[:, None, None]
        hazy = image * through
        hazy += np.float32(self.airlight / 255) * (1 - through)
        return np.clip(hazy, 0, 1, out=hazy)


@dataclass(frozen=True)
class Rain:
    """Add a layer of bright streaks, alike in the three channels: I = J + strength * S, clipped.

    coverage: expected share of the area under streaks (drops * length * width), 0 to 1.
    length: of a streak in pixels, odd, 3 to 1001.
    width: of a streak along the row in pixels, 1 to 50: standard deviation of its Gaussian profile x sqrt(2 pi).
    angle: degrees from upright, -60 to 60; positive streaks lean to the right at the top.
    strength: what the brightest streak adds, in 8-bit steps, 0 to 255; drops have half to all of it.
    seed: fixes the places.
    Source: the additive model O = B + R of Li et al., CVPR 2016; streaks as in Garg and Nayar, SIGGRAPH 2006.
    """

    coverage: Annotated[float, Words("coverage")]
    length: Annotated[int, OddLength(low=3, high=1001), Words("streak length")]
    width: Annotated[float, Length(low=1.0, high=50.0, raised=True), Words("streak width")]
    angle: Annotated[float, Words("angle from upright", "degrees")]
    strength: Annotated[float, Words("strength", "8-bit steps")]
    seed: int

    def __post_init__(self) -> None:
        check_range(self, "coverage", 0, 1)
        check_lengths(self)
        check_range(self, "angle", -60, 60)
        check_range(self, "strength", 0, 255)
        check_seed(self)

    def __call__(self, image: Image) -> Image:
        rainy = image + in_channels(self._layer(*image.shape[:2]))
        return np.clip(rainy, 0, 1, out=rainy)

    def _layer(self, height: int, width: int) -> np.ndarray:
        """What is added. Drops fall beyond the borders too, where half a streak may reach in."""
        reach = self.length // 2 + math.ceil(self.width)
        tall, wide = height + 2 * reach, width + 2 * reach
        count = round(self.coverage * tall * wide / (self.length * self.width))
        numbers = uniform_numbers(3 * count, self.seed).reshape(3, count)
        drops = np.zeros((tall, wide))
        np.maximum.at(drops, ((numbers[0] * tall).astype(int), (numbers[1] * wide).astype(int)), 0.5 + numbers[2] / 2)
        line = MotionBlur(self.length, 0.5, self.angle).kernel()
        streaks = cv2.filter2D(drops, -1, line / line.max(), borderType=cv2.BORDER_CONSTANT)
        if self.width > 1:
            sigma, size = self.width / math.sqrt(2 * math.pi), 2 * math.ceil(1.2 * self.width) + 1
            profile = cv2.getGaussianKernel(size, sigma)
            streaks = cv2.sepFilter2D(streaks, -1, profile / profile.max(), np.ones(1))
        inner = np.clip(streaks[reach : reach + height, reach : reach + width], 0, 1)
        return single(inner * (self.strength / 255))
