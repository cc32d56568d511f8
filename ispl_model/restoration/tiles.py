"""An image of any size through a network of one size: overlapping tiles, blended."""

import math
from collections.abc import Callable, Sequence
from itertools import product

import numpy as np

from degrade.core.image import Image
from degrade.core.progress import progress_bar

Restore = Callable[[Sequence[Image]], list[Image]]  # square images of the network's side => restored ones
SHARED = 4  # neighbouring tiles share a quarter of their side, or more


def restore_tiled(image: Image, restore: Restore, size: int, batch: int = 1) -> Image:
    """`image` (H, W, 3) restored in tiles of size x size, in which each fades into the next.

    The network normalises each tile by the tile's own mean and deviation (ispl_model.network.spade), so the result is
    not the one that a network as large as the image would give, and one surface may differ between distant tiles. An
    image smaller than a tile is mirrored up to its side. Memory beyond `restore`'s: one image and `batch` tiles.
    """
    height, width = image.shape[:2]
    short = max(0, size - height), max(0, size - width)
    whole = np.pad(image, ((0, short[0]), (0, short[1]), (0, 0)), mode="symmetric") if any(short) else image
    tiles = list(product(*(tile_weights(length, size) for length in whole.shape[:2])))
    blended = np.zeros_like(whole)
    with progress_bar(total=len(tiles), unit="tile", title="tiles", leave=False) as bar:
        for first in range(0, len(tiles), batch):
            group = tiles[first : first + batch]
            restored = restore([np.ascontiguousarray(whole[rows, columns]) for (rows, _), (columns, _) in group])
            for ((rows, down), (columns, across)), tile in zip(group, restored, strict=True):
                blended[rows, columns] += np.outer(down, across)[:, :, None] * tile
            bar.update(len(group))
    return np.clip(blended, 0, 1, out=blended)[:height, :width]


def tile_weights(length: int, size: int) -> list[tuple[slice, np.ndarray]]:
    """Evenly spaced tiles along one axis, and the weight (size,) of each pixel; at every pixel they sum to 1.

    A weight rises as a squared sine over the shared quarter, from almost 0 at the tile's edge.
    """
    shared = size // SHARED
    count = 1 + math.ceil((length - size) / (size - shared))
    starts = np.rint(np.linspace(0, length - size, count)).astype(int)
    rise = np.sin(np.pi / 2 * (np.arange(shared) + 0.5) / shared) ** 2
    window = np.concatenate([rise, np.ones(size - 2 * shared), rise[::-1]])
    total = np.zeros(length)
    for start in starts:
        total[start : start + size] += window
    places = [slice(start, start + size) for start in starts]
    return [(place, (window / total[place]).astype(np.float32)) for place in places]
