"""Wiener deconvolution of a Gaussian blur: the classical floor for deblurring.

From scikit-image, channel by channel, with its Laplacian as the regulariser. One blur is taken for all images; motion,
which is half of `deblur`, is not modelled.
"""

from itertools import product
from pathlib import Path

import numpy as np

from benchmark.methods.classical.common import tuned_method, without_blur
from benchmark.methods.method import Method
from degrade.core.image import Image

# sigma: of the blur, px at 512. balance: weight of the regulariser.
GRID = tuple({"sigma": sigma, "balance": balance} for sigma, balance in product((2.0, 3.0, 4.0), (0.03, 0.1, 0.3)))


def restore(image: Image, sigma: float, balance: float) -> Image:
    """The image without a Gaussian blur of `sigma` px at 512."""
    from skimage.restoration import wiener

    def deconvolve(wide: Image, kernel: np.ndarray) -> np.ndarray:
        return np.stack([wiener(wide[..., channel], kernel, balance) for channel in range(3)], axis=2)

    return without_blur(image, sigma, deconvolve)


def load(device: str, checkpoint: Path | None, size: int) -> Method:
    """The method with the parameters of a file; InputError without one."""
    return tuned_method("wiener", restore, checkpoint, size)
