"""Noise that depends on the value it falls on. A value's noise has the same law wherever the value occurs.

Levels are in 8-bit steps (0-255); each field is fixed by the operator's `seed`.
"""

from dataclasses import dataclass
from typing import Annotated

import cv2
import numpy as np

from degrade.core.colour import decode, encode, in_channels, luma
from degrade.core.image import Image
from degrade.core.random import normal_table, poisson_counts, random_bits, random_field
from degrade.operators.base import check_flag, check_positive, check_range, check_seed
from degrade.operators.words import Words

_MANY = 100  # expected photons from which the normal distribution stands for Poisson's (skewness 0.1)


@dataclass(frozen=True)
class ShotNoise:
    """Count photons: a value of v steps becomes gain * Poisson(v / gain), so the variance is gain * v.

    The count is drawn for v rounded to a whole step, and its deviation is added to the value as it is. Real-ESRGAN's
    Poisson noise of scale s is about gain = s^2, but there the law changes with the number of grey values in the image.

    gain: 8-bit steps a photon adds, above 0 to 255.
    seed: fixes the field.
    grey: the deviation is drawn once for the luma (ITU-R BT.601) and added to the three channels alike.
    Source: Foi et al., IEEE TIP 2008, with no Gaussian part.
    """

    gain: Annotated[float, Words("gain", "8-bit steps a photon")]
    seed: int
    grey: Annotated[bool, Words("alike in the channels")] = False

    def __post_init__(self) -> None:
        check_positive(self, "gain", 255)
        check_seed(self)
        check_flag(self, "grey")

    def __call__(self, image: Image) -> Image:
        signal = luma(image) if self.grey else image
        levels = np.rint(signal * np.float32(255)).astype(np.uint8)
        deviations = self._deviations(levels, random_bits(levels.shape, self.seed))
        noisy = image + (in_channels(deviations) if self.grey else deviations)
        return np.clip(noisy, 0, 1, out=noisy)

    def _deviations(self, levels: np.ndarray, bits: np.ndarray) -> np.ndarray:
        """What is added, in [0, 1] units."""
        steps = np.arange(256, dtype=np.float64)
        deviations: np.ndarray = cv2.LUT(bits, normal_table())
        deviations *= cv2.LUT(levels, (np.sqrt(self.gain * steps) / 255).astype(np.float32))
        expected = (steps / self.gain).tolist()
        dark = levels < np.searchsorted(expected, _MANY)
        if dark.any():
            expected = expected[: int(levels[dark].max()) + 1]
            counts = poisson_counts(expected, levels[dark], bits[dark]).astype(np.float32)
            counts -= np.array(expected, np.float32).take(levels[dark])
            deviations[dark] = counts * np.float32(self.gain / 255)
        return deviations


@dataclass(frozen=True)
class SpeckleNoise:
    """Multiply by 1 + n with n normal: variance (sigma / 255)^2 value^2.

    sigma: standard deviation that white gets, in 8-bit steps, 0 to 255.
    seed: fixes the field.
    Source: Zhang et al., BSRGAN (2021), the authors' additions; Goodman, JOSA 1976, for the name.
    """

    sigma: Annotated[float, Words("standard deviation at white", "8-bit steps")]
    seed: int

    def __post_init__(self) -> None:
        check_range(self, "sigma", 0, 255)
        check_seed(self)

    def __call__(self, image: Image) -> Image:
        factors = 1 + normal_table() * np.float32(self.sigma / 255)
        noisy = random_field(factors, image.shape, self.seed)
        noisy *= image
        return np.clip(noisy, 0, 1, out=noisy)


@dataclass(frozen=True)
class SaltPepperNoise:
    """Replace single values by 1 (salt) or 0 (pepper), each channel for itself.

    share: of the values that are replaced, 0 to 1 (rounded to 1 in 65536).
    salt: share of those that become 1, 0 to 1.
    seed: fixes the field.
    Source: Gonzalez and Woods, Digital Image Processing.
    """

    share: Annotated[float, Words("share of values")]
    salt: Annotated[float, Words("share of salt")]
    seed: int

    def __post_init__(self) -> None:
        check_range(self, "share", 0, 1)
        check_range(self, "salt", 0, 1)
        check_seed(self)

    def __call__(self, image: Image) -> Image:
        bits = random_bits(image.shape, self.seed)
        replaced = round(self.share * 65536)
        noisy = np.where(bits < replaced, np.float32(0), image)
        noisy[bits < round(replaced * self.salt)] = 1
        return noisy


@dataclass(frozen=True)
class SensorNoise:
    """Noise of a camera sensor: variance shot^2 * light + read^2, in linear light (sRGB decoded, then encoded).

    shot: standard deviation that photon noise has at white, in 8-bit steps of linear light, 0 to 255.
    read: standard deviation of the electronics' noise, in 8-bit steps of linear light, 0 to 255.
    seed: fixes the field.
    Source: the Poisson-Gaussian model of Foi et al., IEEE TIP 2008 (normal approximation).
    """

    shot: Annotated[float, Words("photon noise at white", "8-bit steps of linear light")]
    read: Annotated[float, Words("read noise", "8-bit steps of linear light")]
    seed: int

    def __post_init__(self) -> None:
        check_range(self, "shot", 0, 255)
        check_range(self, "read", 0, 255)
        check_seed(self)

    def __call__(self, image: Image) -> Image:
        light = decode(image)
        spread = np.sqrt((self.shot / 255) ** 2 * light + (self.read / 255) ** 2)
        light = np.clip(light + spread * random_field(normal_table(), image.shape, self.seed), 0, 1)
        return encode(light)
