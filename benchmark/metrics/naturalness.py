"""NIQE: distance of an image's local statistics from those of natural images, without a reference.

Mittal, Soundararajan, Bovik, "Making a completely blind image quality analyzer", IEEE SPL 20(3), 2013. Own
routine: equal to pyiqa's, which rebuilds the table of shapes for every map and takes several times as long.
"""

import functools

import cv2
import numpy as np

from benchmark.assets.weights import weight_path
from benchmark.metrics.base import Compute, MetricError
from benchmark.metrics.luma import grey_levels
from benchmark.metrics.table import METRICS
from degrade.core.image import Image

_BLOCK = 96
_ROUNDING = 1e-9  # grey levels
_SHAPES = np.arange(200, 10001) / 1000  # of the generalised Gaussians that are tried
_NEIGHBOURS = ((0, 1), (1, 0), (1, 1), (1, -1))  # right, below, and the two diagonals
# The antialiased bicubic kernel (a = -0.5) at half size: weights of the 8 pixels around a new one.
_DISTANCES = np.abs(np.arange(-3.5, 4)) / 2
_HALF = np.where(
    _DISTANCES <= 1,
    1.5 * _DISTANCES**3 - 2.5 * _DISTANCES**2 + 1,
    -0.5 * _DISTANCES**3 + 2.5 * _DISTANCES**2 - 4 * _DISTANCES + 2,
)
_HALF /= _HALF.sum()


def load(metric_id: str) -> Compute:
    """niqe.y; LIVE's model file must be there."""
    from scipy.io import loadmat

    model = loadmat(weight_path(METRICS[metric_id].weights[0]))
    natural_mean, natural_covariance = model["mu_prisparam"].ravel(), model["cov_prisparam"]

    def niqe(restored: Image, _reference: Image | None) -> float:
        """Equation 10: the distance of two Gaussians over 36 features; about 3 for a good photograph."""
        height, width = restored.shape[:2]
        if (height // _BLOCK) * (width // _BLOCK) < 2:  # a covariance needs two blocks
            raise MetricError(f"NIQE needs two whole blocks of {_BLOCK} px, got {height}x{width}")
        features = _features(restored)
        whole = features[~np.isnan(features).any(axis=1)]
        if len(whole) < 2:
            raise MetricError("NIQE is not defined for an image without texture")
        difference = natural_mean - np.nanmean(features, axis=0)
        pooled = (natural_covariance + np.cov(whole, rowvar=False)) / 2
        return float(np.sqrt(difference @ np.linalg.pinv(pooled) @ difference))

    return niqe


def _features(image: Image) -> np.ndarray:
    """(blocks, 36): 18 numbers of each block at full size and the 18 at half size; NaN without texture."""
    height, width = (side // _BLOCK * _BLOCK for side in image.shape[:2])
    full = grey_levels(image[:height, :width])
    half = cv2.sepFilter2D(full, -1, _HALF, _HALF, anchor=(3, 3), borderType=cv2.BORDER_REFLECT)[::2, ::2]
    return np.hstack([_scale(full, _BLOCK), _scale(np.ascontiguousarray(half), _BLOCK // 2)])


def _scale(luma: np.ndarray, side: int) -> np.ndarray:
    """(blocks, 18) of one size: the normalised luma (equation 1) and its products with four neighbours (7)."""
    blocks = _blocks(_normalised(luma), side)
    shape, left, right = _asymmetric_gaussian(blocks)
    columns = [shape, (left + right) / 2]
    for shift in _NEIGHBOURS:
        shape, left, right = _asymmetric_gaussian(blocks * np.roll(blocks, shift, axis=(1, 2)))
        columns += [shape, (right - left) * _gamma_ratio(2 / shape, 1 / shape), left, right]
    return np.column_stack(columns)


def _normalised(luma: np.ndarray) -> np.ndarray:
    """Equation 1. In a flat region it is exactly 0, not the sign of a rounding error, which machines disagree on."""

    def smooth(values: np.ndarray) -> np.ndarray:
        return cv2.GaussianBlur(values, (7, 7), 7 / 6, borderType=cv2.BORDER_REPLICATE)

    mean = smooth(luma)
    difference = luma - mean
    difference[np.abs(difference) < _ROUNDING] = 0
    return difference / (np.sqrt(np.abs(smooth(luma * luma) - mean * mean)) + 1)


def _blocks(values: np.ndarray, side: int) -> np.ndarray:
    """(blocks, side, side)"""
    rows, columns = (length // side for length in values.shape)
    return values.reshape(rows, side, columns, side).swapaxes(1, 2).reshape(-1, side, side)


def _asymmetric_gaussian(blocks: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Shape, left and right scale of each block (equations 4 to 6), by matching moments. NaN without texture.

    Source: Lasmar, Stitou, Berthoumieu, ICIP 2009, section 3.
    """
    values = blocks.reshape(len(blocks), -1)
    negative = np.minimum(values, 0)
    squares, left_squares = (np.einsum("ij,ij->i", side, side) for side in (values, negative))
    absolute = values.sum(axis=1) - 2 * negative.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        left = np.sqrt(left_squares / (values < 0).sum(axis=1))
        right = np.sqrt((squares - left_squares) / (values > 0).sum(axis=1))
        ratio = left / right
        moments = (absolute / values.shape[1]) ** 2 / (squares / values.shape[1])
        wanted = moments * (ratio**3 + 1) * (ratio + 1) / (ratio**2 + 1) ** 2
    shape = _nearest_shape(wanted)
    scale = np.sqrt(_gamma_ratio(1 / shape, 3 / shape))
    return shape, left * scale, right * scale


def _nearest_shape(wanted: np.ndarray) -> np.ndarray:
    table = _moment_ratios()
    upper = np.clip(np.searchsorted(table, wanted), 1, len(table) - 1)
    nearest = np.where(wanted - table[upper - 1] <= table[upper] - wanted, upper - 1, upper)
    return np.where(np.isnan(wanted), np.nan, _SHAPES[nearest])


@functools.cache
def _moment_ratios() -> np.ndarray:
    """(E |x|)^2 / E x^2 of each of the shapes, rising."""
    return _gamma_ratio(2 / _SHAPES, 1 / _SHAPES) * _gamma_ratio(2 / _SHAPES, 3 / _SHAPES)


def _gamma_ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Gamma(above) / Gamma(below)"""
    from scipy.special import gammaln

    return np.exp(gammaln(above) - gammaln(below))
