"""One face of any size through a network of one size."""

import numpy as np

from degrade.core.image import Image
from degrade.core.resize import resize_bicubic
from ispl_model.restoration.tiles import Restore


def restore_face(image: Image, restore: Restore, size: int) -> Image:
    """The restored face of `image` (H, W, 3): its longer side is `size` px, or its own where that is larger.

    What is not square is mirrored at its borders up to a square, and cut back afterwards. A smaller face is enlarged
    by resize_bicubic to the network's side; for a larger one see `laid_on`.
    """
    height, width = image.shape[:2]
    side = max(height, width)
    top, left = (side - height) // 2, (side - width) // 2
    square = np.pad(image, ((top, side - height - top), (left, side - width - left), (0, 0)), mode="symmetric")
    given = at_side(square, size)
    (restored,) = restore([given])
    restored = laid_on(square, given, restored)
    scale = restored.shape[0] / side
    top, left, height, width = (round(length * scale) for length in (top, left, height, width))
    return np.ascontiguousarray(restored[top : top + height, left : left + width])


def at_side(square: Image, side: int) -> Image:
    """A square image at that side, by resize_bicubic where it has another."""
    return square if square.shape[0] == side else resize_bicubic(square, side, side)


def laid_on(square: Image, given: Image, restored: Image) -> Image:
    """What becomes of the face `square`, of which the network was given `given` and made `restored`.

    That is `restored`, unless the face is larger than the network: then the face itself with what the network changed,
    enlarged, added to it. So detail finer than the network sees stays, as in a photograph (restore_photograph).
    """
    side = square.shape[0]
    if side <= restored.shape[0]:
        return restored
    return np.clip(square + (at_side(restored, side) - at_side(given, side)), 0, 1)
