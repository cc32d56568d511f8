"""BM3D for colour (Dabov et al. 2007): the classical floor for denoising, slow.

From its authors' package bm3d, which only non-commercial use is allowed of; the project does not install it. White
noise is assumed. Blind: the noise level is estimated on each image, and BM3D gets a multiple of it.
"""

from pathlib import Path

import numpy as np

from benchmark.methods.classical.common import noise_level, tuned_method
from benchmark.methods.method import Method
from degrade.core.image import Image

GRID = tuple({"strength": strength} for strength in (0.8, 1.0, 1.2))  # the level BM3D gets / noise level


def restore(image: Image, strength: float) -> Image:
    """The image with less noise."""
    from bm3d import BM3DProfile, bm3d_rgb

    profile = BM3DProfile()
    profile.num_threads = 1  # with more the last digits differ from call to call
    denoised = bm3d_rgb(image.astype(np.float64), strength * noise_level(image), profile)
    return np.clip(denoised, 0, 1).astype(np.float32)


def load(device: str, checkpoint: Path | None, size: int) -> Method:
    """The method with the parameters of a file; InputError without one."""
    return tuned_method("bm3d", restore, checkpoint, size)
