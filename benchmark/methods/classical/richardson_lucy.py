"""Richardson-Lucy deconvolution of a Gaussian blur: the classical floor for deblurring.

From scikit-image, channel by channel. One blur is taken for all images; motion, which is half of `deblur`, is not
modelled.
"""

from itertools import product
from pathlib import Path

import numpy as np

from benchmark.methods.classical.common import tuned_method, without_blur
from benchmark.methods.method import Method
from degrade.core.image import Image

# sigma: of the blur, px at 512.
GRID = tuple({"sigma": sigma, "iterations": iterations} for sigma, iterations in product((2.0, 3.0, 4.0), (5, 10)))
_DARKEST = 1e-3  # the algorithm divides by its estimate, blurred


def restore(image: Image, sigma: float, iterations: int) -> Image:
    """The image without a Gaussian blur of `sigma` px at 512."""
    from skimage.restoration import richardson_lucy

    def deconvolve(wide: Image, kernel: np.ndarray) -> np.ndarray:
        return richardson_lucy(wide, kernel[..., None], iterations, filter_epsilon=_DARKEST)

    return without_blur(image, sigma, deconvolve)


def load(device: str, checkpoint: Path | None, size: int) -> Method:
    """The method with the parameters of a file; InputError without one."""
    return tuned_method("richardson_lucy", restore, checkpoint, size)
