"""Non-local means (Buades et al. 2005): a classical floor for denoising.

From scikit-image, on float colours, patches of 5 px in a window of 13 px. Blind: the noise level is estimated on each
image, and the filter's strength is a multiple of it.
"""

from pathlib import Path

import numpy as np

from benchmark.methods.classical.common import noise_level, tuned_method
from benchmark.methods.method import Method
from degrade.core.image import Image

GRID = tuple({"strength": strength} for strength in (0.4, 0.6, 0.8, 1.0))  # cut-off distance / noise level


def restore(image: Image, strength: float) -> Image:
    """The image with less noise."""
    from skimage.restoration import denoise_nl_means

    level = noise_level(image)
    denoised = denoise_nl_means(
        image, patch_size=5, patch_distance=6, h=strength * level, sigma=level, fast_mode=True, channel_axis=-1
    )
    return np.clip(denoised, 0, 1).astype(np.float32)


def load(device: str, checkpoint: Path | None, size: int) -> Method:
    """The method with the parameters of a file; InputError without one."""
    return tuned_method("nlm", restore, checkpoint, size)
