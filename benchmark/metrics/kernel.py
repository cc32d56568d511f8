"""Kernel distances between sets of images, unbiased at any number of them: squared maximum mean discrepancies.

KID over subsets of Inception's features; MMD-dlib of whole sets of faces.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from benchmark.assets.weights import weight_path
from benchmark.metrics import face
from benchmark.metrics.base import SetScorer, two_sets
from benchmark.metrics.inception import inception_feature
from benchmark.metrics.table import METRICS
from degrade.core.image import Image
from degrade.core.storage.files import sha256_array

_SUBSETS, _SUBSET, _SEED = 1000, 1000, 2020  # of KID; torch-fidelity's size and seed
WIDTH = 0.6  # dlib's own threshold: descriptors that are nearer are of one person
_ROWS = 512  # of the kernel's matrix at a time


@dataclass(frozen=True)
class KernelScorer:
    """A SetScorer: mean and deviation of the kernel distance over seeded subsets."""

    feature: Callable[[Image], np.ndarray]
    _last: dict[str, np.ndarray] = field(
        default_factory=dict, compare=False
    )  # mean and deviation are asked for in turn

    def distance(self, restored: np.ndarray, reference: np.ndarray) -> float:
        """Mean over the subsets; MetricError below two images on either side."""
        return float(self._over_subsets(restored, reference).mean())

    def deviation(self, restored: np.ndarray, reference: np.ndarray) -> float:
        """Standard deviation over the subsets, which share images: not an error of the mean."""
        return float(self._over_subsets(restored, reference).std())

    def _over_subsets(self, restored: np.ndarray, reference: np.ndarray) -> np.ndarray:
        key = sha256_array(restored) + sha256_array(reference)
        if key not in self._last:
            self._last.clear()
            self._last[key] = kernel_distances(*two_sets(restored, reference))
        return self._last[key]


@dataclass(frozen=True)
class GaussianKernelScorer:
    """A SetScorer. feature: one image to (D,) numbers, computed once for the same pixels."""

    feature: Callable[[Image], np.ndarray]

    def distance(self, restored: np.ndarray, reference: np.ndarray) -> float:
        """Squared MMD of (N, D) and (M, D); MetricError below two images on either side."""
        return squared_mmd(restored, reference)

    def deviation(self, restored: np.ndarray, reference: np.ndarray) -> None:
        """None: the distance is of the whole sets."""


def load(metric_id: str) -> SetScorer:
    """kid.inception, or mmd.dlib on the descriptors of ffd.dlib."""
    if metric_id == "kid.inception":
        return KernelScorer(inception_feature(weight_path(METRICS[metric_id].weights[0])))
    face.need_networks(metric_id)
    return GaussianKernelScorer(face.own_descriptor)


def squared_mmd(first: np.ndarray, second: np.ndarray, width: float = WIDTH) -> float:
    """Unbiased squared maximum mean discrepancy with kernel exp(-|x - y|^2 / (2 width^2)); may be below 0.

    Rows of one number may be pairs (an image and its own reference), which lie nearer than strangers do; between
    the sets a row is therefore not compared with the one at its own place. Without pairs that costs next to nothing.
    Source: Gretton et al., "A kernel two-sample test", JMLR 2012, equation 3, and equation 4 for pairs.

    >>> squared_mmd(np.zeros((2, 1)), np.full((2, 1), 100.0))
    2.0
    """
    x, y = two_sets(first, second)
    return _mean_kernel(x, x, width) + _mean_kernel(y, y, width) - 2 * _mean_kernel(x, y, width)


def _mean_kernel(x: np.ndarray, y: np.ndarray, width: float) -> float:
    """Over all pairs of rows, of equally many without those at the same place."""
    total = sum(float(part.sum()) for part in _kernel(x, y, width))
    if len(x) != len(y):
        return total / (len(x) * len(y))
    same_place = np.exp(np.square(x - y).sum(axis=1) / (-2 * width**2)).sum()
    return float(total - same_place) / (len(x) * (len(x) - 1))


def _kernel(x: np.ndarray, y: np.ndarray, width: float) -> Iterator[np.ndarray]:
    """Its matrix, some rows at a time."""
    sizes = np.square(x).sum(axis=1), np.square(y).sum(axis=1)
    for part in _parts(len(x)):
        squares = sizes[0][part, None] + sizes[1] - 2 * x[part] @ y.T
        yield np.exp(np.maximum(squares, 0) / (-2 * width**2))


def kernel_distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Unbiased squared maximum mean discrepancy with kernel (x y / D + 1)^3 of (N, D) and (M, D), over 1000 subsets.

    Subsets of min(1000, half the smaller set) rows, drawn without replacement and for each side on its own by
    torch-fidelity's generator, so that the values are its own. It draws 100, which adds a tenth of the deviation
    to the mean as an error and makes jackknife intervals a third too wide; 1000 make them 3 % too wide. Each
    kernel is computed once for all subsets. May be slightly negative. Source: Binkowski et al., ICLR 2018, section 4.
    """
    size = max(2, min(_SUBSET, min(len(first), len(second)) // 2))
    rng = np.random.RandomState(_SEED)
    chosen = np.zeros((_SUBSETS, len(first))), np.zeros((_SUBSETS, len(second)))  # 1 where a row is in a subset
    for subset in range(_SUBSETS):
        for rows in chosen:
            rows[subset, rng.choice(rows.shape[1], size, replace=False)] = 1
    within = sum(
        _kernel_sums(x, x, rows, rows) - rows @ _self_kernel(x) for x, rows in zip((first, second), chosen, strict=True)
    )
    across = _kernel_sums(first, second, *chosen)
    return within / (size * (size - 1)) - 2 * across / size**2


def _kernel_sums(x: np.ndarray, y: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Sum of the kernel over each subset's rows of x and rows of y; some rows of its matrix at a time."""
    sums = np.zeros(len(rows))
    for part in _parts(len(x)):
        kernel = (x[part] @ y.T / x.shape[1] + 1) ** 3
        sums += np.einsum("sn,sn->s", rows[:, part] @ kernel, columns)
    return sums


def _self_kernel(x: np.ndarray) -> np.ndarray:
    return (np.square(x).sum(axis=1) / x.shape[1] + 1) ** 3


def _parts(rows: int) -> Iterator[slice]:
    """So many rows of a kernel's matrix at a time as stay in memory."""
    return (slice(start, start + _ROWS) for start in range(0, rows, _ROWS))
