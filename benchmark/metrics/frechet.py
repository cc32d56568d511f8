"""Distances between sets of images: Frechet (FID, FFD) and kernel (KID) distances of deep features."""

import functools
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image as Pillow

from benchmark.assets.feature_cache import Memory
from benchmark.assets.weights import weight_path
from benchmark.metrics import face
from benchmark.metrics.base import MetricError, SetScorer
from benchmark.metrics.table import METRICS, with_statistics
from degrade.core.errors import InputError
from degrade.core.image import Image, to_uint8
from degrade.core.storage.files import sha256_array, sha256_file, write_bytes

if TYPE_CHECKING:
    import torch

_SUBSETS, _SUBSET, _SEED = 1000, 1000, 2020  # torch-fidelity's size and seed
_ROWS = 512  # of the kernel's matrix at a time


_SIDE = 299


@dataclass(frozen=True)
class FrechetScorer:
    """A SetScorer. feature: one image to (D,) numbers, computed once for the same pixels."""

    feature: Callable[[Image], np.ndarray]

    def distance(self, restored: np.ndarray, reference: np.ndarray) -> float:
        """Distance of (N, D) from (M, D); MetricError below two images on either side."""
        return frechet_distance(*_two_sets(restored, reference))

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
            self._last[key] = kernel_distances(*_two_sets(restored, reference))
        return self._last[key]


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
    """fid.inception, fid.inception@NAME.npz, kid.inception or ffd.dlib."""
    if metric_id == "ffd.dlib":
        face.need_networks(metric_id)
        return FrechetScorer(face.own_descriptor)
    metric = with_statistics(metric_id) if "@" in metric_id else METRICS[metric_id]
    weights = [weight_path(file) for file in metric.weights]
    feature = inception_feature(weights[0])
    if "@" in metric_id:
        return StatisticsScorer(feature, Gaussian.read(weights[1]))
    return KernelScorer(feature) if metric_id == "kid.inception" else FrechetScorer(feature)


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
    for start in range(0, len(x), _ROWS):
        part = slice(start, start + _ROWS)
        kernel = (x[part] @ y.T / x.shape[1] + 1) ** 3
        sums += np.einsum("sn,sn->s", rows[:, part] @ kernel, columns)
    return sums


def _self_kernel(x: np.ndarray) -> np.ndarray:
    return (np.square(x).sum(axis=1) / x.shape[1] + 1) ** 3


def _two_sets(restored: np.ndarray, reference: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if min(len(restored), len(reference)) < 2:
        raise MetricError(f"needs at least two images on each side, got {len(restored)} and {len(reference)}")
    return np.asarray(restored, np.float64), np.asarray(reference, np.float64)


@functools.cache  # FID and KID share the network and what it has seen
def inception_feature(weights: Path) -> Callable[[Image], np.ndarray]:
    """Pool features (2048,) of an image brought to 299 px as clean-fid does (Parmar et al., CVPR 2022)."""
    import torch

    network = _load(weights)
    memory = Memory(limit=16384, on_disk=True)  # 8 KB each
    question = f"inception-cleanfid{_SIDE}-{sha256_file(weights)[:8]}"

    def extract(image: Image) -> np.ndarray:
        pixels = torch.from_numpy(to_inception(image).transpose(2, 0, 1)[None].copy())
        with torch.inference_mode():
            return network((pixels - 128) / 128)[0].numpy()  # (1, 3, 299, 299) => (2048,)

    return lambda image: memory.recall(question, image, extract)


def to_inception(image: Image) -> np.ndarray:
    """(299, 299, 3) float32 in 0..255: Pillow's bicubic on the 8-bit values of each channel in float, then clipped.

    Nothing is rounded after it. Source: GaParmar/clean-fid:cleanfid/resize.py of version 0.1.35, `build_resizer`
    with "clean"; a test holds every pixel against that function.
    """
    levels = to_uint8(image).astype(np.float32)
    planes = [Pillow.fromarray(np.ascontiguousarray(levels[:, :, channel])) for channel in range(3)]
    resized = [np.asarray(plane.resize((_SIDE, _SIDE), Pillow.Resampling.BICUBIC)) for plane in planes]
    return np.clip(np.stack(resized, axis=2), 0, 255)


def _load(weights: Path) -> "torch.nn.Module":
    """torchvision's Inception with the blocks that differ in the original, from pyiqa."""
    import torch
    from pyiqa.archs import inception as blocks
    from torchvision.models import inception_v3

    state = torch.load(weights, map_location="cpu", weights_only=True)
    with torch.random.fork_rng(devices=[]):
        network = inception_v3(num_classes=1008, aux_logits=False, init_weights=False)
        network.Mixed_5b = blocks.FIDInceptionA(192, pool_features=32)
        network.Mixed_5c = blocks.FIDInceptionA(256, pool_features=64)
        network.Mixed_5d = blocks.FIDInceptionA(288, pool_features=64)
        network.Mixed_6b = blocks.FIDInceptionC(768, channels_7x7=128)
        network.Mixed_6c = blocks.FIDInceptionC(768, channels_7x7=160)
        network.Mixed_6d = blocks.FIDInceptionC(768, channels_7x7=160)
        network.Mixed_6e = blocks.FIDInceptionC(768, channels_7x7=192)
        network.Mixed_7b = blocks.FIDInceptionE_1(1280)
        network.Mixed_7c = blocks.FIDInceptionE_2(2048)
    network.load_state_dict(state)
    network.fc = torch.nn.Identity()
    return network.eval()
