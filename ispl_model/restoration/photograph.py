"""A whole photograph: its faces are aligned, restored and pasted back; the rest stays as it is or is enlarged."""

from collections.abc import Sequence

import numpy as np

from degrade.core.image import Image
from degrade.core.resize import resize_bicubic
from degrade.faces import detection
from degrade.faces.alignment import crop_affine, face_affine, uncrop
from ispl_model.restoration.tiles import Restore

FEATHER = 6  # a crop fades out over a sixth of its side


def restore_photograph(
    image: Image, boxes: Sequence[detection.Box], restore: Restore, size: int, upscale: int = 1
) -> Image:
    """`image` (H, W, 3), `upscale` times as large by resize_bicubic, with the faces in `boxes` restored.

    Each face is cut out by FFHQ's alignment at `size` px. Laid back is what the network changed (restored minus
    cut out), faded out towards the border of the crop: where the network changes nothing the photograph keeps every
    pixel, and detail finer than the network sees stays. Where crops overlap, the weighted mean of their changes counts.
    """
    affines = [face_affine(image, box, size) for box in boxes]
    crops = [crop_affine(image, affine, size) for affine in affines]
    mask = feathered(size)[:, :, None]
    changes = [
        np.concatenate([(restored - crop) * mask, mask], axis=2)
        for restored, crop in zip(restore(crops), crops, strict=True)
    ]
    height, width = (side * upscale for side in image.shape[:2])
    result = resize_bicubic(image, height, width) if upscale > 1 else image.copy()
    weights = np.zeros((height, width, 1), np.float32)
    for affine, change in zip(affines, changes, strict=True):
        rows, columns, laid = uncrop(change, affine * upscale, height, width)
        weights[rows, columns] += _weight(laid)
    for affine, change in zip(affines, changes, strict=True):
        rows, columns, laid = uncrop(change, affine * upscale, height, width)
        share = _weight(laid) / np.maximum(weights[rows, columns], np.float32(1e-6))
        result[rows, columns] = np.clip(result[rows, columns] + laid[:, :, :3] * share, 0, 1)
    return result


def feathered(size: int) -> np.ndarray:
    """(size, size) float32: 1 inside, falling to 0 at the border as a squared sine."""
    fade = size // FEATHER
    rise = np.sin(np.pi / 2 * (np.arange(fade) + 0.5) / fade) ** 2
    ramp = np.concatenate([rise, np.ones(size - 2 * fade), rise[::-1]])
    return np.outer(ramp, ramp).astype(np.float32)


def _weight(laid: np.ndarray) -> np.ndarray:
    return np.clip(laid[:, :, 3:], 0, 1)  # the cubic warp overshoots a little
