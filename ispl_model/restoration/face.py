"""One face of any size through a network of one size."""

import numpy as np

from degrade.core.image import Image
from degrade.core.resize import resize_bicubic
from ispl_model.restoration.tiles import Restore


def restore_face(image: Image, restore: Restore, size: int) -> Image:
    """The restored face of `image` (H, W, 3): its longer side is `size` px, or its own where that is larger.

    What is not square is mirrored at its borders up to a square, and cut back afterwards. A smaller face is enlarged
    by resize_bicubic to the network's side. A larger one is reduced to it, and gets what the network changed, enlarged:
    so detail finer than the network sees stays, as in a photograph (restore_photograph).
    """
    height, width = image.shape[:2]
    side = max(height, width)
    top, left = (side - height) // 2, (side - width) // 2
    square = np.pad(image, ((top, side - height - top), (left, side - width - left), (0, 0)), mode="symmetric")
    given = _square(square, size)
    (restored,) = restore([given])
    if side > size:
        restored = np.clip(square + (_square(restored, side) - _square(given, side)), 0, 1)
    scale = restored.shape[0] / side
    top, left, height, width = (round(length * scale) for length in (top, left, height, width))
    return np.ascontiguousarray(restored[top : top + height, left : left + width])


def _square(image: Image, side: int) -> Image:
    return image if image.shape[0] == side else resize_bicubic(image, side, side)
