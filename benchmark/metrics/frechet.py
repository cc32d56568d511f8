"""Distances between sets of images: Frechet (FID, FFD) and kernel (KID) distances of deep features."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmark.metrics import METRICS, MetricError, SetScorer, face, weight_path
from benchmark.metrics.memory import Memory
from degrade.image import Image
from degrade.resize import resize_bicubic

if TYPE_CHECKING:
    import torch

_INCEPTION_SIDE = 299


@dataclass(frozen=True)
class FeatureDistance:
    """A SetScorer.

    feature: one image to (D,) numbers, computed once for the same pixels.
    compare: (N, D) and (M, D) in float64 to a number.
    """

    feature: Callable[[Image], np.ndarray]
    compare: Callable[[np.ndarray, np.ndarray], float]

    def distance(self, restored: np.ndarray, reference: np.ndarray) -> float:
        """Distance of (N, D) from (M, D); MetricError below two images on either side."""
        if min(len(restored), len(reference)) < 2:
            raise MetricError(f"needs at least two images on each side, got {len(restored)} and {len(reference)}")
        return self.compare(np.asarray(restored, np.float64), np.asarray(reference, np.float64))

    def deviation(self, restored: np.ndarray, reference: np.ndarray) -> None:
        """None: both distances are of the whole sets."""


def load(metric_id: str) -> SetScorer:
    """fid.inception, kid.inception or ffd.dlib."""
    if metric_id == "ffd.dlib":
        face.need_networks(metric_id)
        return FeatureDistance(face.own_descriptor, frechet_distance)
    compare = {"fid.inception": frechet_distance, "kid.inception": kernel_distance}[metric_id]
    return FeatureDistance(_inception_feature(weight_path(METRICS[metric_id].weights[0])), compare)


def frechet_distance(first: np.ndarray, second: np.ndarray) -> float:
    """|m1 - m2|^2 + Tr(C1 + C2 - 2 (C1 C2)^(1/2)) of two sets of features (N, D) and (M, D); at least 0.

    With C1 = A^T A and C2 = B^T B the trace of the root is the sum of the singular values of A B^T:
    an N x M problem for few images, D x D for many, and no matrix root of a near-singular product.
    Source: Heusel et al., NeurIPS 2017, equation 6.

    >>> few, wide = np.array([[0.0], [2.0]]), np.array([[2.0], [6.0]])
    >>> round(frechet_distance(few, wide), 6)  # means 1 and 4, deviations 2^0.5 and 8^0.5: 9 + 2
    11.0
    """
    a, b = _covariance_factor(first), _covariance_factor(second)
    root_trace = np.linalg.svd(a @ b.T, compute_uv=False).sum()
    means = np.square(first.mean(axis=0) - second.mean(axis=0)).sum()
    return max(0.0, float(means + np.square(a).sum() + np.square(b).sum() - 2 * root_trace))


def kernel_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Unbiased squared maximum mean discrepancy with kernel (x y / D + 1)^3, over all pairs.

    May be slightly negative for two samples of one distribution. Source: Binkowski et al., ICLR 2018, section 4.
    """
    dimensions = first.shape[1]

    def kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return (x @ y.T / dimensions + 1) ** 3

    def within(x: np.ndarray) -> float:
        values = kernel(x, x)
        return (values.sum() - np.trace(values)) / (len(x) * (len(x) - 1))

    return float(within(first) + within(second) - 2 * kernel(first, second).mean())


def _covariance_factor(features: np.ndarray) -> np.ndarray:
    """A matrix A of at most D rows with A^T A = the covariance of the rows of `features`."""
    centred = (features - features.mean(axis=0)) / np.sqrt(len(features) - 1)
    return np.linalg.qr(centred, mode="r") if len(centred) > centred.shape[1] else centred


@functools.cache  # FID and KID share the network and what it has seen
def _inception_feature(weights: Path) -> Callable[[Image], np.ndarray]:
    """Pool features (2048,) of an image reduced to 299 px as clean-fid does (Parmar et al., CVPR 2022)."""
    import torch

    network = _load_inception(weights)
    memory = Memory(limit=16384)  # 8 KB each

    def extract(image: Image) -> np.ndarray:
        small = resize_bicubic(image, _INCEPTION_SIDE, _INCEPTION_SIDE) * np.float32(255)
        pixels = torch.from_numpy(small.transpose(2, 0, 1)[None].copy())
        with torch.inference_mode():
            return network((pixels - 128) / 128)[0].numpy()  # (1, 3, 299, 299) => (2048,)

    return lambda image: memory.recall("inception", image, extract)


def _load_inception(weights: Path) -> "torch.nn.Module":
    """The network of the original FID: torchvision's Inception with the blocks that differ, from pyiqa."""
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
