"""Metrics of local structure: SSIM, MS-SSIM, GMSD."""

import cv2
import numpy as np

from benchmark.metrics import Compute, MetricError
from degrade.image import Image

_WINDOW, _SIGMA = 11, 1.5
_K1, _K2 = 0.01, 0.03
_SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
_SMALLEST_MSSSIM = (_WINDOW - 1) * 2**4 + 1  # the window must fit the image halved four times


def load(metric_id: str) -> Compute:
    """ssim.gauss11.rgb, msssim.rgb or gmsd."""
    return _load_gmsd() if metric_id == "gmsd" else {"ssim.gauss11.rgb": ssim, "msssim.rgb": msssim}[metric_id]


def ssim(restored: Image, reference: Image) -> float:
    """Mean structural similarity over the valid region and the three channels, -1..1.

    Own routine: pyiqa cuts negative contrast terms to 0, the paper and scikit-image do not.
    Source: Wang et al., IEEE TIP 13(4), 2004, equation 13. MetricError below 11 px.
    """
    _need_side(restored, _WINDOW, "SSIM")
    luminance, contrast = _similarity_terms(restored.astype(np.float64), reference.astype(np.float64))
    return float((luminance * contrast).mean())


def msssim(restored: Image, reference: Image) -> float:
    """Multi-scale structural similarity of each channel, mean of the three, 0..1; equal to pyiqa's.

    Own routine, because pyiqa's takes over twenty times as long on a CPU. As there, negative contrast
    terms count as 0, so that the powers are real.
    Source: Wang, Simoncelli, Bovik, Asilomar 2003, equation 7. MetricError below 161 px.
    """
    _need_side(restored, _SMALLEST_MSSSIM, "MS-SSIM")
    x, y = restored.astype(np.float64), reference.astype(np.float64)
    product = np.ones(3)
    for scale, weight in enumerate(_SCALE_WEIGHTS, start=1):
        luminance, contrast = _similarity_terms(x, y)
        contrast = np.maximum(contrast, 0)
        terms = luminance * contrast if scale == len(_SCALE_WEIGHTS) else contrast
        product *= terms.mean(axis=(0, 1)) ** weight
        x, y = _halve(x), _halve(y)
    return float(product.mean())


def _similarity_terms(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Luminance term and contrast-structure term at every window inside the image, (H - 10, W - 10, 3)."""
    mean_x, mean_y = _window_mean(x), _window_mean(y)
    variances = _window_mean(x * x) - mean_x**2 + _window_mean(y * y) - mean_y**2
    covariance = _window_mean(x * y) - mean_x * mean_y
    luminance = (2 * mean_x * mean_y + _K1**2) / (mean_x**2 + mean_y**2 + _K1**2)
    return luminance, (2 * covariance + _K2**2) / (variances + _K2**2)


def _window_mean(image: np.ndarray) -> np.ndarray:
    border = _WINDOW // 2
    return cv2.GaussianBlur(image, (_WINDOW, _WINDOW), _SIGMA)[border:-border, border:-border]


def _halve(image: np.ndarray) -> np.ndarray:
    """Means of 2 x 2 pixels; an odd last row or column is taken twice."""
    height, width = image.shape[:2]
    even = np.pad(image, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    return (even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]) / 4


def _load_gmsd() -> Compute:
    """Xue et al., IEEE TIP 23(2), 2014, equation 6, with pyiqa's routine."""
    import torch
    from pyiqa.archs.gmsd_arch import GMSD

    network = GMSD().eval()

    def gmsd(restored: Image, reference: Image) -> float:
        with torch.inference_mode():
            images = [torch.from_numpy(image.transpose(2, 0, 1)[None].copy()) for image in (restored, reference)]
            return network(*images).item()

    return gmsd


def _need_side(image: Image, smallest: int, header: str) -> None:
    side = min(image.shape[:2])
    if side < smallest:
        raise MetricError(f"{header} needs images of at least {smallest} px, got {side}")
