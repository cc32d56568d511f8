"""Noise that does not depend on the value it falls on.

Each field is fixed by the operator's `seed`; levels are in 8-bit steps (0-255), drawn for every channel.
"""

import math
from dataclasses import dataclass
from typing import Annotated

import cv2
import numpy as np

from degrade.core.colour import in_channels
from degrade.core.doubles import single
from degrade.core.image import Image
from degrade.core.random import add_field, draw_seed, laplace_table, normal_table, random_field, signed_poisson_table
from degrade.operators.base import check_range, check_seed
from degrade.operators.words import Words


@dataclass(frozen=True)
class GaussianNoise:
    """Add normal noise.

    sigma: standard deviation in 8-bit steps, 0 to 255.
    seed: fixes the field.
    Source: the ISPL paper, Sec. 4.1; imgaug's AdditiveGaussianNoise, for each channel, in its authors' script.
    """

    sigma: Annotated[float, Words("standard deviation", "8-bit steps")]
    seed: int

    def __post_init__(self) -> None:
        check_range(self, "sigma", 0, 255)
        check_seed(self)

    def __call__(self, image: Image) -> Image:
        return add_field(image, normal_table() * np.float32(self.sigma / 255), self.seed)


@dataclass(frozen=True)
class GreyNoise:
    """Add normal noise that is the same in the three channels: grain without colour.

    sigma: standard deviation in 8-bit steps, 0 to 255.
    seed: fixes the field.
    Source: "gray noise" of Wang et al., Real-ESRGAN (2021), Sec. 3.1.
    """

    sigma: Annotated[float, Words("standard deviation", "8-bit steps")]
    seed: int

    def __post_init__(self) -> None:
        check_range(self, "sigma", 0, 255)
        check_seed(self)

    def __call__(self, image: Image) -> Image:
        field = random_field(normal_table() * np.float32(self.sigma / 255), image.shape[:2], self.seed)
        noisy = image + in_channels(field)
        return np.clip(noisy, 0, 1, out=noisy)


@dataclass(frozen=True)
class CorrelatedNoise:
    """Add normal noise whose channels go together, with a 3 x 3 covariance the same in every pixel.

    red, green, blue: standard deviations in 8-bit steps, 0 to 255.
    red_green, red_blue, green_blue: correlations, -1 to 1; together they must be possible.
    seed: fixes the field.
    Source: Zhang et al., BSRGAN (2021) (the general zero-mean Gaussian).
    """

    red: Annotated[float, Words("standard deviation of red", "8-bit steps")]
    green: Annotated[float, Words("standard deviation of green", "8-bit steps")]
    blue: Annotated[float, Words("standard deviation of blue", "8-bit steps")]
    red_green: Annotated[float, Words("correlation of red and green")]
    red_blue: Annotated[float, Words("correlation of red and blue")]
    green_blue: Annotated[float, Words("correlation of green and blue")]
    seed: int

    def __post_init__(self) -> None:
        for field in ("red", "green", "blue"):
            check_range(self, field, 0, 255)
        for field in ("red_green", "red_blue", "green_blue"):
            check_range(self, field, -1, 1)
        check_seed(self)
        a, b, c = self.red_green, self.red_blue, self.green_blue
        if 1 + 2 * a * b * c - a * a - b * b - c * c < -1e-9:
            raise ValueError(f"CorrelatedNoise: no three channels correlate by {a}, {b} and {c} at once")

    def __call__(self, image: Image) -> Image:
        field = random_field(normal_table(), image.shape, self.seed)
        noisy = single(cv2.transform(field.astype(np.float64), self._root()))
        noisy += image
        return np.clip(noisy, 0, 1, out=noisy)

    def _root(self) -> np.ndarray:
        """The lower triangle whose product with its transpose is the covariance (Cholesky), for values in [0, 1]."""
        second = math.sqrt(max(0.0, 1 - self.red_green**2))
        mixed = (self.green_blue - self.red_green * self.red_blue) / second if second > 1e-9 else 0.0
        third = math.sqrt(max(0.0, 1 - self.red_blue**2 - mixed**2))
        rows = [[1.0, 0.0, 0.0], [self.red_green, second, 0.0], [self.red_blue, mixed, third]]
        levels = np.array([self.red, self.green, self.blue]) / 255
        return (np.array(rows) * levels[:, None]).astype(np.float32)


def draw_correlated_noise(rng: np.random.Generator, level: float) -> CorrelatedNoise:
    """Draw a covariance level^2 R diag(d) R^T with d uniform in [0, 1] and R any rotation.

    level: in 8-bit steps, above 0 to 255. Source: Zhang et al., BSRGAN (2021), the authors' code.
    """
    rotation = _draw_rotation(rng)
    d = rng.uniform(0, 1, size=3).tolist()
    covariance = [[sum(a[k] * b[k] * d[k] for k in range(3)) for b in rotation] for a in rotation]
    spread = [math.sqrt(covariance[i][i]) for i in range(3)]
    red_green, red_blue, green_blue = (covariance[i][j] / (spread[i] * spread[j]) for i, j in ((0, 1), (0, 2), (1, 2)))
    red, green, blue = (level * each for each in spread)
    return CorrelatedNoise(red, green, blue, red_green, red_blue, green_blue, draw_seed(rng))


def _draw_rotation(rng: np.random.Generator) -> list[list[float]]:
    """Any rotation equally likely: a unit quaternion of four normal numbers (Shoemake 1992).

    In plain floats: the last bits of a matrix product or a decomposition depend on processor and threads.
    """
    drawn = rng.normal(size=4).tolist()
    length = math.sqrt(sum(part * part for part in drawn))
    w, x, y, z = (part / length for part in drawn)
    return [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]


@dataclass(frozen=True)
class LaplaceNoise:
    """Add Laplace noise, whose tails are longer than the normal's.

    scale: the parameter b of exp(-|x| / b) / 2b in 8-bit steps, 0 to 255; the standard deviation is sqrt(2) b.
    seed: fixes the field.
    Source: the ISPL paper, Sec. 4.1; imgaug's AdditiveLaplaceNoise, for each channel, in its authors' script.
    """

    scale: Annotated[float, Words("scale", "8-bit steps")]
    seed: int

    def __post_init__(self) -> None:
        check_range(self, "scale", 0, 255)
        check_seed(self)

    def __call__(self, image: Image) -> Image:
        return add_field(image, laplace_table() * np.float32(self.scale / 255), self.seed)


@dataclass(frozen=True)
class PoissonNoise:
    """Add a Poisson count of 8-bit steps with a random sign to each value, whatever the value is.

    Photon noise, which depends on the signal, is ShotNoise or SensorNoise.

    lam: expected count in 8-bit steps, 0 to 255; the standard deviation is sqrt(lam^2 + lam).
    seed: fixes the field.
    Source: the ISPL paper, Sec. 4.1; imgaug's AdditivePoissonNoise, for each channel, in its authors' script.
    """

    lam: Annotated[float, Words("expected count", "8-bit steps")]
    seed: int

    def __post_init__(self) -> None:
        check_range(self, "lam", 0, 255)
        check_seed(self)

    def __call__(self, image: Image) -> Image:
        return add_field(image, signed_poisson_table(self.lam) / np.float32(255), self.seed)
