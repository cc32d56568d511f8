"""All of an image through a network: restored in tiles, or enlarged before its faces are laid on it."""

from itertools import product

import numpy as np

from degrade.core.arrays import as_image, in_kind_of
from degrade.core.progress import progress_bar
from degrade.core.resize import resize_bicubic
from ispl_model.restoration.fidelity.strength import blended
from ispl_model.restoration.models import AdaptedModel, FaceRestorer
from ispl_model.restoration.photograph import Pixels, enlarged

_TILE, _MARGIN = 224, 16  # px of a tile, and around it what is computed and not used


def restore_whole_image(pixels: Pixels, restorer: FaceRestorer, upscale: int, strength: float) -> Pixels:
    """An image (H, W, 3), `upscale` times as large, restored in overlapping tiles; of the same kind as `pixels`.

    A network that enlarges is given the image as it is, any other the enlarged one. strength: how much of the change is
    used, 0 to 1. Raises InputError as `restorer` does.
    """
    sides = tuple(length * upscale for length in pixels.shape[:2])
    wide = enlarged(pixels, *sides) if upscale > 1 else pixels
    restored = restorer.restore_whole(as_image(pixels if restorer.scale > 1 else wide))
    if restored.shape[:2] != sides:
        restored = resize_bicubic(restored, *sides)
    if strength != 1:  # else the image as it was is needed no more
        restored = blended(as_image(wide), restored, strength)
    return in_kind_of(pixels, restored)


def upsample(pixels: Pixels, upsampler: AdaptedModel, upscale: int) -> Pixels:
    """An image (H, W, 3), `upscale` times as large by a network of any scale, whose result is resized tile by tile.

    So no more than the result and a tile are in memory. Raises InputError as `upsampler` does.
    """
    height, width = pixels.shape[:2]
    canvas = np.empty((height * upscale, width * upscale, 3), pixels.dtype)
    places = list(product(range(0, height, _TILE), range(0, width, _TILE)))
    for top, left in progress_bar(places, unit="tile", title="upsampling", leave=False):
        first = max(0, top - _MARGIN), max(0, left - _MARGIN)
        part = as_image(pixels[first[0] : top + _TILE + _MARGIN, first[1] : left + _TILE + _MARGIN])
        wide = upsampler.restore_whole(part)
        sides = tuple(length * upscale for length in part.shape[:2])
        wide = wide if wide.shape[:2] == sides else resize_bicubic(wide, *sides)
        down, across = (slice(a * upscale, (a + _TILE) * upscale) for a in (top, left))
        target = canvas[down, across]
        start = (top - first[0]) * upscale, (left - first[1]) * upscale
        inner = wide[start[0] : start[0] + target.shape[0], start[1] : start[1] + target.shape[1]]
        target[:] = in_kind_of(pixels, np.ascontiguousarray(inner))
    return canvas
