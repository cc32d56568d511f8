"""Frechet distances between sets of images (FID, FFD), of deep features."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.assets.weights import weight_path
from benchmark.metrics import face
from benchmark.metrics.base import MetricError, SetScorer, two_sets
from benchmark.metrics.inception import inception_feature
from benchmark.metrics.table import METRICS, with_statistics
from degrade.core.errors import InputError
from degrade.core.image import Image
from degrade.core.storage.files import write_bytes


@dataclass(frozen=True)
class FrechetScorer:
    """A SetScorer. feature: one image to (D,) numbers, computed once for the same pixels."""

    feature: Callable[[Image], np.ndarray]

    def distance(self, restored: np.ndarray, reference: np.ndarray) -> float:
        """Distance of (N, D) from (M, D); MetricError below two images on either side."""
        return frechet_distance(*two_sets(restored, reference))

    def deviation(self, restored: np.ndarray, reference: np.ndarray) -> None:
        """None: the distance is of the whole sets."""


@dataclass(frozen=True)
class StatisticsScorer:
    """A SetScorer against a set of which only mean and covariance are known; references are not looked at."""

    feature: Callable[[Image], np.ndarray]
    known: "Gaussian"

    def distance(self, restored: np.ndarray, _reference: np.ndarray | None = None) -> float:
        """Distance of (N, D) from the known set; MetricError below two images."""
        if len(restored) < 2:
            raise MetricError(f"needs at least two images, got {len(restored)}")
        return gaussian_distance(Gaussian.of(np.asarray(restored, np.float64)), self.known)

    def deviation(self, restored: np.ndarray, _reference: np.ndarray | None = None) -> None:
        """None, as of FrechetScorer."""


@dataclass(frozen=True)
class Gaussian:
    """mean (D,); factor: (K, D) with factor^T factor = covariance and K at most D."""

    mean: np.ndarray
    factor: np.ndarray

    @classmethod
    def of(cls, features: np.ndarray) -> "Gaussian":
        """Of the rows of (N, D), with the unbiased covariance: the centred rows themselves, or their QR factor."""
        mean = features.mean(axis=0)
        centred = (features - mean) / np.sqrt(len(features) - 1)
        if len(centred) <= centred.shape[1]:
            return cls(mean, centred)
        factor: Any = np.linalg.qr(centred, mode="r")  # an array; numpy's annotation does not look at the mode
        return cls(mean, factor)

    @classmethod
    def read(cls, path: Path) -> "Gaussian":
        """From an .npz file with `mu` (D,) and `sigma` (D, D), as clean-fid, pytorch-fid and pyiqa write it."""
        with np.load(path, allow_pickle=False) as file:
            mean, covariance = (file[name].astype(np.float64) for name in ("mu", "sigma"))
        values, vectors = np.linalg.eigh(covariance)
        return cls(mean, np.sqrt(np.maximum(values, 0))[:, None] * vectors.T)


def load(metric_id: str) -> SetScorer:
    """fid.inception, fid.inception@NAME.npz or ffd.dlib."""
    if metric_id == "ffd.dlib":
        face.need_networks(metric_id)
        return FrechetScorer(face.own_descriptor)
    metric = with_statistics(metric_id) if "@" in metric_id else METRICS[metric_id]
    weights = [weight_path(file) for file in metric.weights]
    feature = inception_feature(weights[0])
    if "@" in metric_id:
        return StatisticsScorer(feature, Gaussian.read(weights[1]))
    return FrechetScorer(feature)


def write_statistics(path: Path, features: Sequence[np.ndarray]) -> None:
    """What Gaussian.read reads, and the number `n` of images; InputError below two images."""
    if len(features) < 2:
        raise InputError(f"{path.name}: expected at least two images, got {len(features)}")
    rows, file = np.stack(features).astype(np.float64), io.BytesIO()
    np.savez(file, mu=rows.mean(axis=0), sigma=np.cov(rows, rowvar=False), n=len(rows))
    write_bytes(path, file.getvalue())


def frechet_distance(first: np.ndarray, second: np.ndarray) -> float:
    """The distance of the Gaussians of two sets of features (N, D) and (M, D); at least 0.

    >>> few, wide = np.array([[0.0], [2.0]]), np.array([[2.0], [6.0]])
    >>> round(frechet_distance(few, wide), 6)  # means 1 and 4, deviations 2^0.5 and 8^0.5: 9 + 2
    11.0
    """
    return gaussian_distance(Gaussian.of(first), Gaussian.of(second))


def gaussian_distance(first: Gaussian, second: Gaussian) -> float:
    """|m1 - m2|^2 + Tr(C1 + C2 - 2 (C1 C2)^(1/2)); at least 0.

    With C1 = A^T A and C2 = B^T B the eigenvalues of C1 C2 are those of the symmetric (A B^T) (A B^T)^T, and the
    trace of the root is the sum of their roots: an N x N problem for few images, D x D for many, in float64,
    and never a matrix root of a near-singular product. Source: Heusel et al., NeurIPS 2017, equation 6.
    """
    cross = first.factor @ second.factor.T
    small = cross if len(cross) <= cross.shape[1] else cross.T
    root_trace = np.sqrt(np.maximum(np.linalg.eigvalsh(small @ small.T), 0)).sum()
    means = np.square(first.mean - second.mean).sum()
    return max(0.0, float(means + np.square(first.factor).sum() + np.square(second.factor).sum() - 2 * root_trace))
