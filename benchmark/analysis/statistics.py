"""How sure a number is: 95 % intervals, and whether two methods differ. Plain numbers in, plain numbers out.

A mean over images is resampled (bootstrap, BCa). A number of a whole set is not: drawing images with replacement puts
copies into the set, which shifts Frechet and kernel distances. There each of GROUPS fixed groups of images is left
out in turn (jackknife). The same values give the same digits on every machine: sums are exact, draws are fixed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np

from benchmark.records.scores import GROUPS
from degrade.core.random import rng_for

RESAMPLES = 10_000
NORMAL = 1.96  # standard errors to each side that hold 95 % of a normal distribution
_STANDARD = NormalDist()
_BITS = 62  # of the integers that stand for values: their sums fit into 64 bits
_HALF = 31  # bits of them that are multiplied at a time
_AT_ONCE = 1_000_000  # numbers of 64 bits held at a time, 8 MB
_CACHED = 130_000  # of those that are read twice, which a processor's cache then holds


@dataclass(frozen=True)
class Interval:
    """The ends of a 95 % interval, in the unit of its value."""

    low: float
    high: float

    @property
    def half(self) -> float:
        """Half its width."""
        return (self.high - self.low) / 2


def mean(values: Sequence[float]) -> float:
    """The mean by an exact sum."""
    return math.fsum(values) / len(values)


def mean_interval(images: Sequence[Sequence[float]]) -> Interval | None:
    """Bootstrap interval (BCa, widened for few images) of the mean of all values over resampled images.

    BCa moves the ends by how lopsided the resampled means and the values are; wider levels make up for the
    spread of few images being too small. On values shaped like ours it covers the mean in 92, 93, 94, 94 % at 8, 20,
    67, 100 images, percentiles in 86, 91, 93, 94 %, a studentised interval in 93, 94, 94, 94 %; that one has no
    finite end where all but a few images are alike, as in found.dlib (tests/reference/mean_coverage.py).

    images: the values of each image, one for each training seed; images without a value are left out.
    None below two images, and where all values are equal: resampling these says nothing.
    Sources: Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, Section 14.3; Hesterberg, "What
    teachers should know about the bootstrap", The American Statistician, 2015 (expanded percentiles).
    """
    valued = [values for values in images if len(values)]
    flat = [value for values in valued for value in values]
    if len(valued) < 2 or min(flat) == max(flat):
        return None
    sums, scale = _integers([math.fsum(values) for values in valued])
    sizes = np.array([len(values) for values in valued])
    drawn = _resampled(sizes) if sizes.min() < sizes.max() else sizes.sum()  # alike, as many are drawn every time
    means, centre = np.sort(_resampled(sums) / drawn), sums.sum() / sizes.sum()
    left, right = (np.searchsorted(means, centre, side) for side in ("left", "right"))
    bias = _STANDARD.inv_cdf((left + right) / 2 / RESAMPLES)
    low, high = _tails(bias, _acceleration((sums - centre * sizes).tolist()), len(valued))
    ends = np.ldexp(means[[low - 1, -high]], -scale).tolist()
    value = mean(flat)  # the ends may miss it by the last bit where nearly all resamples are alike
    return Interval(min(ends[0], value), max(ends[1], value))


def difference_interval(first: Sequence[float], second: Sequence[float]) -> Interval | None:
    """As mean_interval, of the mean of `first` less that of `second`, where the two are of different images.

    Each side is resampled on its own, and the levels are widened as for the smaller one. None below two values on a
    side, and where neither side varies. Source: Efron and Tibshirani, 1993, Chapter 14, for two samples.
    """
    sides = (first, second)
    if min(map(len, sides)) < 2 or all(min(side) == max(side) for side in sides):
        return None
    resampled, deviations = [], []
    for sample, (sign, side) in enumerate(zip((1, -1), sides, strict=True)):
        sums, scale = _integers(side)
        resampled.append(np.ldexp(_resampled(sums, sample) / len(side), -scale))
        deviations += [sign * (value - mean(side)) / len(side) for value in side]
    means, value = np.sort(resampled[0] - resampled[1]), mean(first) - mean(second)
    left, right = (np.searchsorted(means, value, side) for side in ("left", "right"))
    bias = _STANDARD.inv_cdf((left + right) / 2 / RESAMPLES)
    low, high = _tails(bias, _acceleration(deviations), min(map(len, sides)))
    return Interval(min(float(means[low - 1]), value), max(float(means[-high]), value))


def resampled_sums(values: np.ndarray) -> np.ndarray:
    """(images, ...) to its sum over each resample of images, (RESAMPLES, ...), for a number that is no mean."""
    parts = np.split(_counts(len(values), 0), _starts(len(values)))
    return np.concatenate([np.tensordot(part.astype(np.float64), values, axes=1) for part in parts])


def percentile_interval(resampled: np.ndarray, images: int) -> Interval | None:
    """Percentiles of a number's (RESAMPLES,) values over resampled images, widened for few images as mean_interval's.

    None below two images, and where all values are equal.
    """
    if images < 2 or resampled.min() == resampled.max():
        return None
    ordered, (low, high) = np.sort(resampled), _tails(0.0, 0.0, images)
    return Interval(float(ordered[low - 1]), float(ordered[-high]))


def _tails(bias: float, acceleration: float, images: int) -> tuple[int, int]:
    """How many resampled means lie at or beyond each end of the interval."""
    tails = []
    for sign in (-1, 1):
        moved = bias + sign * _reach(images)
        share = _STANDARD.cdf(-sign * (bias + moved / (1 - acceleration * moved)))
        tails.append(max(1, round(share * RESAMPLES)))
    return tails[0], tails[1]


@lru_cache(maxsize=64)
def _reach(images: int) -> float:
    """Deviations of a normal distribution to each side, such that so many images give Student's interval."""
    return math.sqrt(images / (images - 1)) * _students_t(images - 1)


def _students_t(freedom: int) -> float:
    """The 97.5 % point of Student's distribution."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.975))


def _acceleration(deviations: Sequence[float]) -> float:
    """A sixth of the skewness of a mean, from each image's deviation."""
    squares = math.fsum(value * value for value in deviations)
    return math.fsum(value * value * value for value in deviations) / (6 * squares * math.sqrt(squares))


def seeds_interval(values: Sequence[float]) -> Interval | None:
    """Student's interval of the mean of a method's values, one for each training seed.

    None below three values, of which two give a width of twelve standard errors and more, and where all are equal.
    Source: Student, "The probable error of a mean", Biometrika, 1908.

    >>> seeds_interval([1.0, 2.0, 3.0]).half.__round__(3)  # 4.303 / sqrt(3)
    2.484
    """
    if len(values) < 3 or min(values) == max(values):
        return None
    centre = mean(values)
    variance = math.fsum((value - centre) ** 2 for value in values) / (len(values) - 1)
    reach = _students_t(len(values) - 1) * math.sqrt(variance / len(values))
    return Interval(centre - reach, centre + reach)


def jackknife_interval(value: float, replicates: Sequence[float]) -> Interval | None:
    """value -+ 1.96 standard errors by the delete-one-group jackknife.

    replicates: the value without each group of images in turn, the groups of about equal size.
    None below two groups, and where all replicates are equal.
    Source: Efron and Tibshirani, 1993, equation 11.5, with groups for single images.

    >>> jackknife_interval(10.0, (9.0, 11.0))
    Interval(low=8.04, high=11.96)
    """
    if len(replicates) < 2 or min(replicates) == max(replicates):
        return None
    centre = mean(replicates)
    spread = math.fsum((replicate - centre) ** 2 for replicate in replicates)
    reach = NORMAL * math.sqrt((1 - 1 / len(replicates)) * spread)
    return Interval(value - reach, value + reach)


def without_each_group(images: Sequence[Sequence[float]]) -> tuple[float, ...]:
    """The mean of all values without each group of images in turn: replicates of a metric of images.

    images: the values of every image of the split in name order, empty where one has none.
    An image's group is its position modulo GROUPS, as in the replicates of a set score.
    Empty where leaving out a group leaves nothing.

    >>> without_each_group([[1.0], [2.0], [6.0]])
    (4.0, 3.5, 1.5)
    """
    kept = [
        [value for place, values in enumerate(images) if place % GROUPS != group for value in values]
        for group in range(min(GROUPS, len(images)))
    ]
    return tuple(mean(values) for values in kept) if all(kept) else ()


def signed_rank(differences: Sequence[float]) -> float:
    """p of Wilcoxon's signed-rank test, two-sided: how likely differences so lopsided are if neither side is better.

    1 where all differences are 0. Source: Wilcoxon, "Individual comparisons by ranking methods", 1945.
    """
    from scipy.stats import wilcoxon

    return float(wilcoxon(differences).pvalue) if any(differences) else 1.0


def holm(values: Sequence[float]) -> list[float]:
    """p values corrected for their number, in the order given.

    Source: Holm, "A simple sequentially rejective multiple test procedure", 1979.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    corrected, largest = [0.0] * len(values), 0.0
    for rank, place in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        largest = max(largest, min(1.0, (len(values) - rank) * values[place]))
        corrected[place] = largest
    return corrected


def _integers(values: Sequence[float]) -> tuple[np.ndarray, int]:
    """(integers, scale): value x 2^scale, rounded; as many of them as there are can be summed in 64 bits."""
    scale = _BITS - math.frexp(len(values) * max(map(abs, values)))[1]
    return np.rint(np.ldexp(np.array(values), scale)).astype(np.int64), scale


def _resampled(integers: np.ndarray, sample: int = 0) -> np.ndarray:
    """(images,) integers to their sum over each resample: (RESAMPLES,). Integers, so exact in any order.

    The processor's matrix product is of doubles, which hold whole numbers below 2^53: each integer is multiplied in
    halves, whose sums over fewer than four million images stay below. Four times as fast as 64-bit integers.
    """
    halves = np.stack([integers >> _HALF, integers & ((1 << _HALF) - 1)], axis=1).astype(np.float64)
    counts = _counts(len(integers), sample)
    parts = [part.astype(np.float64) @ halves for part in np.split(counts, _starts(len(integers), _CACHED))]
    high, low = np.concatenate(parts).astype(np.int64).T
    return (high << _HALF) + low


@lru_cache(maxsize=8)
def _counts(images: int, sample: int) -> np.ndarray:
    """(RESAMPLES, images): how often a resample holds each image. The same for every metric, method and machine.

    sample: 1 draws anew, for the second of two samples.
    """
    rng = rng_for(0, "bootstrap", images, *([sample] if sample else []))
    counts = np.empty((RESAMPLES, images), np.uint8)
    for part in np.split(counts, _starts(images)):
        drawn = rng.integers(images, size=part.shape) + images * np.arange(len(part))[:, None]
        part[:] = np.bincount(drawn.ravel(), minlength=part.size).reshape(part.shape)
    return counts


def _starts(images: int, numbers: int = _AT_ONCE) -> range:
    """The resamples at which a new part begins, each of at most so many numbers."""
    rows = max(1, numbers // images)
    return range(rows, RESAMPLES, rows)
