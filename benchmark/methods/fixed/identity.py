"""The row Degraded Input: nothing is restored."""

from pathlib import Path

import numpy as np

from benchmark.methods.method import Method
from degrade.core.image import Image
from degrade.core.resize import match_scale


def load(device: str, checkpoint: Path | None, size: int) -> Method:
    """The degraded image as it is; one stored smaller is shown at `size` by repeating its pixels.

    Where no whole number of repeats fits, bicubic resizing is used. Device and checkpoint are not used.
    """
    return Method("identity", lambda images: [_enlarged(image, size) for image in images], scale=1)


def _enlarged(image: Image, size: int) -> Image:
    height, width = image.shape[:2]
    if size % height or size % width:
        return match_scale(image, size, 1)
    return np.repeat(np.repeat(image, size // height, axis=0), size // width, axis=1)
