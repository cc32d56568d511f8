"""Metrics of local structure: SSIM, MS-SSIM, GMSD."""

import cv2
import numpy as np

from benchmark.assets.feature_cache import Memory, content
from benchmark.metrics.base import Compute, MetricError
from benchmark.metrics.luma import grey_levels
from degrade.core.image import Image

_WINDOW, _SIGMA = 11, 1.5
_K1, _K2 = 0.01, 0.03
_SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
_SMALLEST_MSSSIM = (_WINDOW - 1) * 2**4 + 1  # the window must fit the image halved four times
_GMSD_STABILITY = 170  # for grey levels 0..255
_PREWITT = np.array([[1, 0, -1]] * 3) / 3
_STRIP = 128
_last_pairs = Memory(limit=4)


def load(metric_id: str) -> Compute:
    """ssim.gauss11.rgb, msssim.rgb or gmsd."""
    return {"ssim.gauss11.rgb": ssim, "msssim.rgb": msssim, "gmsd": gmsd}[metric_id]


def ssim(restored: Image, reference: Image) -> float:
    """Mean structural similarity over the valid region and the three channels, -1..1.

    Own routine: pyiqa cuts negative contrast terms to 0, the paper and scikit-image do not.
    Source: Wang et al., IEEE TIP 13(4), 2004, equation 13. MetricError below 11 px.
    """
    _need_side(restored, _WINDOW, "SSIM")
    similarity, _ = _full_size(restored, reference)
    return float(similarity.mean())


def msssim(restored: Image, reference: Image) -> float:
    """Multi-scale structural similarity of each channel, mean of the three, 0..1; equal to pyiqa's.

    Own routine, because pyiqa's takes over twenty times as long on a CPU. As there, negative contrast
    terms count as 0, so that the powers are real.
    Source: Wang, Simoncelli, Bovik, Asilomar 2003, equation 7. MetricError below 161 px.
    """
    _need_side(restored, _SMALLEST_MSSSIM, "MS-SSIM")
    product = _full_size(restored, reference)[1] ** _SCALE_WEIGHTS[0]
    x, y = _planes(restored), _planes(reference)
    for scale, weight in enumerate(_SCALE_WEIGHTS[1:], start=2):
        x, y = _halve(x), _halve(y)
        term = 2 if scale == len(_SCALE_WEIGHTS) else 1
        product *= np.array([_means(*pair)[term] for pair in zip(x, y, strict=True)]) ** weight
    return float(product.mean())


def gmsd(restored: Image, reference: Image) -> float:
    """Deviation of the similarity of gradient magnitudes, 0 when identical; equal to pyiqa's.

    Own routine, because loading pyiqa takes longer than scoring a hundred images.
    Source: Xue et al., IEEE TIP 23(2), 2014, equations 4 and 6.
    """
    x, y = (_gradient_magnitude(image) for image in (restored, reference))
    similarity = (2 * x * y + _GMSD_STABILITY) / (x**2 + y**2 + _GMSD_STABILITY)
    return float(similarity.std(ddof=1))


def _gradient_magnitude(image: Image) -> np.ndarray:
    """By Prewitt's filters, of the rounded luma of YIQ after a mean over 2 x 2 px; an odd last row is left out."""
    height, width = (side // 2 * 2 for side in image.shape[:2])
    half = grey_levels(image[:height, :width]).reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3))
    across, down = (cv2.filter2D(half, -1, kernel, borderType=cv2.BORDER_CONSTANT) for kernel in (_PREWITT, _PREWITT.T))
    return np.hypot(across, down)


def _full_size(restored: Image, reference: Image) -> np.ndarray:
    """Rows: mean similarity and mean contrast term of R, G, B. SSIM and the first scale of MS-SSIM share them."""

    def measure(restored: Image) -> np.ndarray:
        pairs = zip(_planes(restored), _planes(reference), strict=True)
        return np.array([_means(x, y)[:2] for x, y in pairs]).T

    return _last_pairs.recall(content(reference), restored, measure)


def _planes(image: Image) -> np.ndarray:
    """Channels first, in float64."""
    return np.ascontiguousarray(image.transpose(2, 0, 1), dtype=np.float64)


def _means(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Means over every window inside one channel: similarity, contrast term cut at 0, luminance times that.

    By strips of rows, which stay in the processor's cache.
    """
    rows, columns = (side - _WINDOW + 1 for side in x.shape)
    sums = np.zeros(3)
    for top in range(0, rows, _STRIP):
        strip = slice(top, min(top + _STRIP, rows) + _WINDOW - 1)
        sums += _sums(x[strip], y[strip])
    return sums / (rows * columns)


def _sums(x: np.ndarray, y: np.ndarray) -> tuple[float, float, float]:
    mean_x, mean_y = _window_mean(x), _window_mean(y)
    squares, product = mean_x**2 + mean_y**2, 2 * mean_x * mean_y
    contrast = 2 * _window_mean(x * y)
    contrast += _K2**2 - product
    contrast /= _window_mean(x * x + y * y) + (_K2**2 - squares)
    product += _K1**2
    squares += _K1**2
    luminance = np.divide(product, squares, out=product)
    cut = np.maximum(contrast, 0)
    return np.vdot(luminance, contrast), cut.sum(), np.vdot(luminance, cut)


def _window_mean(plane: np.ndarray) -> np.ndarray:
    border = _WINDOW // 2
    mean = cv2.GaussianBlur(plane, (_WINDOW, _WINDOW), _SIGMA)
    return np.ascontiguousarray(mean[border:-border, border:-border])


def _halve(planes: np.ndarray) -> np.ndarray:
    """Means of 2 x 2 pixels of each channel; an odd last row or column is taken twice."""
    height, width = planes.shape[1:]
    even = np.pad(planes, ((0, 0), (0, height % 2), (0, width % 2)), mode="edge")
    return (even[:, ::2, ::2] + even[:, 1::2, ::2] + even[:, ::2, 1::2] + even[:, 1::2, 1::2]) / 4


def _need_side(image: Image, smallest: int, header: str) -> None:
    side = min(image.shape[:2])
    if side < smallest:
        raise MetricError(f"{header} needs images of at least {smallest} px, got {side}")
