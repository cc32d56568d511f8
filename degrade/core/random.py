"""Randomness that depends on names, never on order, workers or earlier draws; and random fields, fixed by a seed.

Fields come from inverse-distribution tables indexed by 16 raw bits. That is three to ten times faster than the usual
generators, and it lasts: numpy promises the raw bits of a bit generator for ever, but not the numbers its Generator
makes of them.
"""

import hashlib
import math
from collections.abc import Sequence
from functools import cache
from statistics import NormalDist

import cv2
import numpy as np

from degrade.core.choices import LARGEST_SEED
from degrade.core.errors import InputError
from degrade.core.image import Image
from degrade.core.numbers import is_whole

_STEPS = 1 << 16  # entries of a table: one for each value of 16 random bits
_COARSE = 64


def check_whole(number: int, what: str, least: int = 0) -> int:
    """The number as Python's int, which JSON can hold, of Python's or numpy's; InputError for anything else.

    least: the smallest that it may be.

    1.0 and True would draw otherwise than 1, and nobody would be told.

    >>> check_whole(1.0, "seed")
    Traceback (most recent call last):
    degrade.core.errors.InputError: seed: expected a whole number from 0 to 9223372036854775807, got 1.0
    """
    if not (is_whole(number) or isinstance(number, np.integer)) or not least <= number <= LARGEST_SEED:
        raise InputError(f"{what}: expected a whole number from {least} to {LARGEST_SEED}, got {number!r}")
    return int(number)


def rng_for(seed: int, *key: str | int) -> np.random.Generator:
    """A generator fixed by the SHA-256 of (seed, *key) and by nothing else; InputError for a seed that is none.

    The key of a degraded image is (recipe, image name), with the epoch appended in training.
    The parts are joined with their lengths, so ("a", "bc") and ("ab", "c") differ.

    >>> bool(rng_for(0, "sr4", "face").random() == rng_for(0, "sr4", "face").random())
    True
    """
    check_whole(seed, "seed")
    parts = [str(part) for part in (seed, *key)]
    text = "".join(f"{len(part)}:{part}" for part in parts)
    digest = hashlib.sha256(text.encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))


def draw_seed(rng: np.random.Generator) -> int:
    """A seed below 2^63 (JSON, Arrow and numpy all hold it) for an operator's noise field."""
    return int(rng.integers(LARGEST_SEED, endpoint=True))


def uniform_numbers(count: int, seed: int) -> np.ndarray:
    """(count,) float64 numbers, uniform in [0, 1)."""
    return (np.random.SFC64(seed).random_raw(count) >> np.uint64(11)) * 2.0**-53


def random_bits(shape: tuple[int, ...], seed: int) -> np.ndarray:
    """16 uniform random bits for each value of an image of that shape."""
    count = math.prod(shape)
    return np.random.SFC64(seed).random_raw(-(-count // 4)).view(np.uint16)[:count].reshape(shape)


def random_field(table: np.ndarray, shape: tuple[int, ...], seed: int) -> np.ndarray:
    """An entry of the table (65536 values) for each value of an image of that shape."""
    return cv2.LUT(random_bits(shape, seed), table)


def add_field(image: Image, table: np.ndarray, seed: int) -> Image:
    """Add an entry of the table (65536 values) to each value, and clip."""
    noisy = random_field(table, image.shape, seed)
    noisy += image
    return np.clip(noisy, 0, 1, out=noisy)


@cache
def normal_table() -> np.ndarray:
    """Quantiles of the normal distribution at (i + 1/2) / 65536, brought to variance 1; the last is 4.3."""
    lower = np.array([NormalDist().inv_cdf(place) for place in ((np.arange(_STEPS // 2) + 0.5) / _STEPS).tolist()])
    quantiles = np.concatenate([lower, -lower[::-1]])
    return (quantiles / quantiles.std()).astype(np.float32)


@cache
def laplace_table() -> np.ndarray:
    """Quantiles of the Laplace distribution at (i + 1/2) / 65536, brought to variance 2 (b = 1)."""
    upper = -np.log(2 * (np.arange(_STEPS // 2) + 0.5) / _STEPS)[::-1]
    quantiles = np.concatenate([-upper[::-1], upper])
    return (quantiles * math.sqrt(2) / quantiles.std()).astype(np.float32)


def signed_poisson_table(lam: float) -> np.ndarray:
    """65536 values, half negative, in which each count n is as frequent as exp(-lam) lam^n / n! (to 1 in 32768)."""
    (ends,) = _poisson_ends([lam], _STEPS // 2)
    positive = np.repeat(np.arange(len(ends)), np.diff(ends, prepend=0)).astype(np.float32)
    return np.concatenate([-positive, positive])


def poisson_counts(expected: Sequence[float], which: np.ndarray, bits: np.ndarray) -> np.ndarray:
    """A count for each of `bits`, of the mean expected[which]: each n as frequent as exp(-mean) mean^n / n! (to 1 in
    65536), rising with the bits.

    A table for every mean would be larger than the processor's cache, so one for every 64th value of the bits tells
    where to begin counting. Most of its entries hold no end of a count, and then the beginning is the count.
    """
    ends = _poisson_ends(expected, _STEPS)
    rows, columns = ends.shape
    coarse = _STEPS // _COARSE
    places = np.arange(rows)[:, None] * (coarse + 1)
    reached = np.bincount((places + -(-ends // _COARSE)).ravel(), minlength=rows * (coarse + 1))
    begun = np.cumsum(reached.reshape(rows, coarse + 1), axis=1)  # how many ends are not above the cell's first value
    is_split = begun[:, 1:] > begun[:, :-1]
    table = (2 * begun[:, :-1] + is_split).astype(np.int16).ravel()
    found = table.take(which.astype(np.int32) * coarse + bits // _COARSE)
    counts, (open_,) = found >> 1, np.nonzero(found & 1)
    first, last = which[open_].astype(np.int32) * columns, bits[open_]
    ends = ends.ravel()
    while open_.size:
        above = ends.take(first + counts[open_]) <= last
        open_, first, last = open_[above], first[above], last[above]
        counts[open_] += 1
    return counts


def _poisson_ends(expected: Sequence[float], entries: int) -> np.ndarray:
    """(means, counts): how many of the entries have that count or less."""
    counts = np.arange(int(max(expected) + 12 * math.sqrt(max(expected)) + 12))
    lam = np.array(expected, float)[:, None]
    logarithms = np.array([math.log(mean or 1) for mean in expected])[:, None]
    chances = np.exp(-lam + counts * logarithms - np.cumsum(np.log(np.maximum(counts, 1))))
    chances = np.where(lam > 0, chances, counts == 0)
    return np.rint(np.cumsum(chances, axis=1) * entries).astype(int)
