"""Distance between sets of faces that is unbiased at any number of images: the squared maximum mean discrepancy."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from benchmark.metrics import face
from benchmark.metrics.base import MetricError, SetScorer
from degrade.core.image import Image

WIDTH = 0.6  # dlib's own threshold: descriptors that are nearer are of one person
_ROWS = 512  # of the kernel's matrix at a time


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
    """mmd.dlib, on the descriptors of ffd.dlib."""
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
    if min(len(first), len(second)) < 2:
        raise MetricError(f"needs at least two images on each side, got {len(first)} and {len(second)}")
    x, y = np.asarray(first, np.float64), np.asarray(second, np.float64)
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
    for start in range(0, len(x), _ROWS):
        part = slice(start, start + _ROWS)
        squares = sizes[0][part, None] + sizes[1] - 2 * x[part] @ y.T
        yield np.exp(np.maximum(squares, 0) / (-2 * width**2))
