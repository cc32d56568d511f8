"""Total variation (Rudin, Osher and Fatemi 1992, by Chambolle's algorithm, 2004): a classical floor for denoising.

From scikit-image, channel by channel. Blind: the noise level is estimated on each image, and the weight
of smoothness is a multiple of it.
"""

from pathlib import Path

import numpy as np

from benchmark.methods.classical.common import noise_level, tuned_method
from benchmark.methods.method import Method
from degrade.core.image import Image

GRID = tuple({"strength": strength} for strength in (0.8, 1.0, 1.2, 1.4, 1.6))  # weight / noise level


def restore(image: Image, strength: float) -> Image:
    """The image with less variation; as it is for strength 0."""
    from skimage.restoration import denoise_tv_chambolle

    if strength == 0:
        return image.copy()
    denoised = denoise_tv_chambolle(image, weight=strength * noise_level(image), channel_axis=-1)
    return np.clip(denoised, 0, 1).astype(np.float32)


def load(device: str, checkpoint: Path | None, size: int) -> Method:
    """The method with the parameters of a file; InputError without one."""
    return tuned_method("total_variation", restore, checkpoint, size)
