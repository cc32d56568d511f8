"""Noise. Each field is fixed by the operator's `seed`; levels are in 8-bit steps (0-255), drawn for every channel.

The fields come from inverse-distribution tables indexed by 16 raw bits. That is three to ten times faster than
the usual generators, and it lasts: numpy promises the raw bits of a bit generator for ever, but not the numbers
its Generator makes of them.
"""

import math
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from degrade.image import Image
from degrade.seeds import draw_seed

_STEPS = 1 << 16  # entries of a table: one for each value of 16 random bits


@dataclass(frozen=True)
class GaussianNoise:
    """Add normal noise.

    sigma: standard deviation in 8-bit steps, >= 0.
    seed: fixes the field.
    """

    sigma: float
    seed: int

    def __post_init__(self) -> None:
        _check("GaussianNoise", "sigma", self.sigma, self.seed)

    def __call__(self, image: Image) -> Image:
        return _add(image, _normal_table() * np.float32(self.sigma / 255), self.seed)


def sample_gaussian_noise(rng: np.random.Generator, sigma: tuple[float, float] = (20.0, 40.0)) -> GaussianNoise:
    """Draw sigma uniformly."""
    return GaussianNoise(float(rng.uniform(*sigma)), draw_seed(rng))


@dataclass(frozen=True)
class LaplaceNoise:
    """Add Laplace noise, whose tails are longer than the normal's.

    scale: the parameter b of exp(-|x| / b) / 2b in 8-bit steps, >= 0; the standard deviation is sqrt(2) b.
    seed: fixes the field.
    """

    scale: float
    seed: int

    def __post_init__(self) -> None:
        _check("LaplaceNoise", "scale", self.scale, self.seed)

    def __call__(self, image: Image) -> Image:
        return _add(image, _laplace_table() * np.float32(self.scale / 255), self.seed)


def sample_laplace_noise(rng: np.random.Generator, scale: tuple[float, float] = (20.0, 40.0)) -> LaplaceNoise:
    """Draw the scale uniformly."""
    return LaplaceNoise(float(rng.uniform(*scale)), draw_seed(rng))


@dataclass(frozen=True)
class PoissonNoise:
    """Add a Poisson count of 8-bit steps with a random sign to each value, whatever the value is.

    This is the noise of the authors' script; photon noise, which depends on the signal, is SensorNoise.

    lam: expected count in 8-bit steps, 0 to 255; the standard deviation is sqrt(lam^2 + lam).
    seed: fixes the field.
    """

    lam: float
    seed: int

    def __post_init__(self) -> None:
        _check("PoissonNoise", "lam", self.lam, self.seed)

    def __call__(self, image: Image) -> Image:
        return _add(image, _signed_poisson_table(self.lam) / np.float32(255), self.seed)


def sample_poisson_noise(rng: np.random.Generator, lam: tuple[float, float] = (15.0, 30.0)) -> PoissonNoise:
    """Draw the expected count uniformly."""
    return PoissonNoise(float(rng.uniform(*lam)), draw_seed(rng))


@dataclass(frozen=True)
class SensorNoise:
    """Noise of a camera sensor: variance shot^2 * light + read^2, in linear light (sRGB decoded, then encoded).

    shot: standard deviation that photon noise has at white, in 8-bit steps of linear light, >= 0.
    read: standard deviation of the electronics' noise, in 8-bit steps of linear light, >= 0.
    seed: fixes the field.
    Source: the Poisson-Gaussian model of Foi et al., IEEE TIP 2008, eq. 3 (normal approximation).
    """

    shot: float
    read: float
    seed: int

    def __post_init__(self) -> None:
        _check("SensorNoise", "shot", self.shot, self.seed)
        _check("SensorNoise", "read", self.read, self.seed)

    def __call__(self, image: Image) -> Image:
        light = np.where(image <= 0.04045, image / 12.92, cv2.pow((image + 0.055) / 1.055, 2.4))
        spread = np.sqrt((self.shot / 255) ** 2 * light + (self.read / 255) ** 2)
        light = np.clip(light + spread * _normal_table().take(_bits(image.shape, self.seed)), 0, 1)
        encoded = np.where(light <= 0.0031308, light * 12.92, 1.055 * cv2.pow(light, 1 / 2.4) - 0.055)
        return np.clip(encoded, 0, 1, out=encoded)


def sample_sensor_noise(
    rng: np.random.Generator, shot: tuple[float, float] = (2.0, 12.0), read: tuple[float, float] = (0.2, 2.0)
) -> SensorNoise:
    """Draw both levels log-uniformly, so that halving and doubling are equally likely."""
    drawn = np.exp([rng.uniform(*np.log(shot)), rng.uniform(*np.log(read))])
    return SensorNoise(float(drawn[0]), float(drawn[1]), draw_seed(rng))


def _check(name: str, field: str, level: float, seed: int) -> None:
    if not 0 <= level <= 255:
        raise ValueError(f"{name}: {field} must lie in [0, 255] 8-bit steps, got {level}")
    if not (isinstance(seed, int) and 0 <= seed < 2**63):
        raise ValueError(f"{name}: seed must be an integer in [0, 2^63), got {seed!r}")


def _bits(shape: tuple[int, ...], seed: int) -> np.ndarray:
    """16 uniform random bits for each value of an image of that shape."""
    count = math.prod(shape)
    return np.random.SFC64(seed).random_raw(-(-count // 4)).view(np.uint16)[:count].reshape(shape)


def _add(image: Image, table: np.ndarray, seed: int) -> Image:
    noisy = table.take(_bits(image.shape, seed))
    noisy += image
    return np.clip(noisy, 0, 1, out=noisy)


@cache
def _normal_table() -> np.ndarray:
    """Quantiles of the normal distribution at (i + 1/2) / 65536, brought to variance 1; the last is 4.3."""
    from scipy.special import ndtri  # here, because no other operator needs scipy's import time

    quantiles = ndtri((np.arange(_STEPS) + 0.5) / _STEPS)
    return (quantiles / quantiles.std()).astype(np.float32)


@cache
def _laplace_table() -> np.ndarray:
    """Quantiles of the Laplace distribution at (i + 1/2) / 65536, brought to variance 2 (b = 1)."""
    upper = -np.log(2 * (np.arange(_STEPS // 2) + 0.5) / _STEPS)[::-1]
    quantiles = np.concatenate([-upper[::-1], upper])
    return (quantiles * math.sqrt(2) / quantiles.std()).astype(np.float32)


def _signed_poisson_table(lam: float) -> np.ndarray:
    """65536 values, half negative, in which each count n is as frequent as exp(-lam) lam^n / n! (to 1 in 32768)."""
    counts = np.arange(int(lam + 12 * math.sqrt(lam) + 12))
    logarithms = -lam + counts * math.log(lam or 1) - np.cumsum(np.log(np.maximum(counts, 1)))
    chances = np.exp(logarithms) if lam > 0 else (counts == 0).astype(float)
    ends = np.rint(np.cumsum(chances) * (_STEPS // 2)).astype(int)
    positive = np.repeat(counts, np.diff(ends, prepend=0)).astype(np.float32)
    return np.concatenate([-positive, positive])
