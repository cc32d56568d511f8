"""Luma in whole grey levels, as metrics of grey images take it."""

import numpy as np

from degrade.core.colour import LUMA
from degrade.core.image import Image


def grey_levels(image: Image) -> np.ndarray:
    """(H, W) luma of an image (H, W, 3), rounded to whole numbers in 0..255, float64. Source: ITU-R BT.601.

    Not a matrix product, whose last bit depends on the processor, and of 8-bit colours one in a thousand lies in the
    middle between two levels, where that bit decides. Green, red, blue, each time rounded to float32: as the product
    came out where the scores in results/ were computed.
    """
    red, green, blue = (np.float64(np.float32(weight)) for weight in LUMA)
    levels = image[:, :, 1].astype(np.float64) * green
    for channel, weight in ((0, red), (2, blue)):
        levels = levels.astype(np.float32) + image[:, :, channel].astype(np.float64) * weight
    rounded: np.ndarray = np.rint(levels.astype(np.float32) * np.float32(255)).astype(np.float64)
    return rounded
