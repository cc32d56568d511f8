"""3x3 windows of maps on a processor: tiles of rows that stay in its cache, in memory that serves all of them in turn.

New memory for each tile costs nearly as much as the arithmetic on it. Maps are (N, H, W, C).
"""

import math
from collections.abc import Iterator
from itertools import product

import torch

TAPS = tuple(product(range(3), range(3)))  # rows and columns of a 3x3 window
TILE_NUMBERS = 10 * 2**17  # how many numbers of a tile each thread may have: pixels and products of them

Tile = tuple[slice, slice]  # images and rows of the result


def window_grid(maps: torch.Tensor, stride: int) -> tuple[int, int, int, int, int]:
    """(N, h, w, 3, 3): a number for each tap of each window."""
    images, height, width, _ = maps.shape
    return images, -(-height // stride), -(-width // stride), 3, 3


def tiles(maps: torch.Tensor, stride: int, taps: int) -> Iterator[Tile]:
    """Tiles of the result, the largest first: some rows of one image, or all rows of some images.

    taps: how many maps of the result's size are worked on at once, such as products with each tap of a window.
    """
    images, height, width, *_ = window_grid(maps, stride)
    numbers = (stride**2 + taps) * maps.shape[3]  # for one pixel of the result
    rows = max(1, TILE_NUMBERS * torch.get_num_threads() // (numbers * width))
    together = max(1, rows // height)
    for image in range(0, images, together):
        for row in range(0, height, rows):
            yield slice(image, min(image + together, images)), slice(row, min(row + rows, height))


def strips(maps: torch.Tensor, stride: int, taps: int, dtype: torch.dtype) -> Iterator[tuple[Tile, torch.Tensor]]:
    """Each tile, and what its windows see of the maps, 0 outside of the image: (n, rows, W + 2, C) until the next."""
    memory = None
    for tile in tiles(maps, stride, taps):
        rows, above, below = _span(maps, tile, stride)
        inside = maps[tile[0], rows]
        shape = (len(inside), above + inside.shape[1] + below, maps.shape[2] + 2, maps.shape[3])
        memory = maps.new_empty(math.prod(shape), dtype=dtype) if memory is None else memory
        strip = taken(memory, shape)
        for margin in (strip[:, :above], strip[:, shape[1] - below :], strip[:, :, :1], strip[:, :, -1:]):
            margin.zero_()
        strip[:, above : shape[1] - below, 1:-1] = inside
        yield tile, strip


def add_strip(maps: torch.Tensor, strip: torch.Tensor, tile: Tile, stride: int) -> None:
    """Add a strip's pixels to the pixels of `maps` that `strips` took."""
    rows, above, below = _span(maps, tile, stride)
    maps[tile[0], rows] += strip[:, above : strip.shape[1] - below, 1:-1]


def windows(strip: torch.Tensor, stride: int) -> torch.Tensor:
    """The 3x3 windows of a strip as a view (n, rows, w, 3, 3, C) into the same memory."""
    return strip.unfold(1, 3, stride).unfold(2, 3, stride).permute(0, 1, 2, 4, 5, 3)


def memory_for(maps: torch.Tensor, stride: int, taps: int, dtype: torch.dtype) -> torch.Tensor:
    """Room for so many maps of the largest tile."""
    images, rows = next(tiles(maps, stride, taps))
    width = window_grid(maps, stride)[2]
    return maps.new_empty((images.stop * rows.stop * width * taps * maps.shape[3],), dtype=dtype)


def taken(memory: torch.Tensor, shape: tuple[int, ...]) -> torch.Tensor:
    """The beginning of `memory` in that shape."""
    return memory[: math.prod(shape)].view(shape)


def _span(maps: torch.Tensor, tile: Tile, stride: int) -> tuple[slice, int, int]:
    """The rows of maps that a tile's windows see, and how many more they see above and below."""
    first, end = tile[1].start * stride - 1, (tile[1].stop - 1) * stride + 2
    return slice(max(first, 0), end), max(-first, 0), max(end - maps.shape[1], 0)
