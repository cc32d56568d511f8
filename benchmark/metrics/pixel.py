"""Metrics of single pixels."""

import numpy as np

from benchmark.metrics.base import Compute
from degrade.core.image import Image

_LUMA = np.array([65.481, 128.553, 24.966]) / 255


def load(metric_id: str) -> Compute:
    """psnr.rgb or psnr.y601."""
    return {"psnr.rgb": psnr, "psnr.y601": psnr_luma}[metric_id]


def psnr(restored: Image, reference: Image) -> float:
    """10 log10(1 / MSE) in dB, over all pixels and the three RGB channels; inf when identical.

    Same shape, range [0, 1]; no border is cropped and no luma is taken.
    Source: Hore and Ziou, "Image quality metrics: PSNR vs. SSIM", ICPR 2010, equation 3.

    >>> import numpy as np
    >>> white, grey = np.ones((4, 4, 3), np.float32), np.full((4, 4, 3), 0.9, np.float32)
    >>> round(psnr(grey, white), 4)
    20.0
    """
    return _decibels(np.subtract(restored, reference, dtype=np.float64))


def psnr_luma(restored: Image, reference: Image) -> float:
    """As psnr, of the luma of BT.601 in 16-235 (MATLAB's rgb2ycbcr), not rounded; the peak stays 1, that is 255.

    Source: ITU-R BT.601-7, section 2.5; the convention of the super-resolution papers. The offset 16 cancels.

    >>> import numpy as np
    >>> white, grey = np.ones((4, 4, 3), np.float32), np.full((4, 4, 3), 0.9, np.float32)
    >>> round(psnr_luma(grey, white) - psnr(grey, white), 4)  # 20 log10(255 / 219)
    1.3219
    """
    return _decibels(np.subtract(restored, reference, dtype=np.float64) @ _LUMA)


def _decibels(difference: np.ndarray) -> float:
    error = np.vdot(difference, difference) / difference.size
    return float("inf") if error == 0 else float(0.0 - 10 * np.log10(error))  # at 1 no -0.0
