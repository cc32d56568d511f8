"""Metrics of single pixels."""

import numpy as np

from benchmark.metrics import Compute
from degrade.image import Image


def load(metric_id: str) -> Compute:
    """psnr.rgb."""
    return {"psnr.rgb": psnr}[metric_id]


def psnr(restored: Image, reference: Image) -> float:
    """10 log10(1 / MSE) in dB, over all pixels and the three RGB channels; inf when identical.

    Same shape, range [0, 1]; no border is cropped and no luma is taken.
    Source: Hore and Ziou, "Image quality metrics: PSNR vs. SSIM", ICPR 2010, equation 3.

    >>> import numpy as np
    >>> white, grey = np.ones((4, 4, 3), np.float32), np.full((4, 4, 3), 0.9, np.float32)
    >>> round(psnr(grey, white), 4)
    20.0
    """
    error = np.mean(np.square(restored.astype(np.float64) - reference))
    return float("inf") if error == 0 else float(-10 * np.log10(error))
