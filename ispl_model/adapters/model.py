"""What every model from elsewhere becomes: `ImageModel`, and how its facts are found by trying it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np

from degrade.core.errors import InputError
from degrade.core.image import Image
from degrade.core.resize import resize_bicubic
from ispl_model.runtime.halve_to_fit import halved_to_fit

LARGEST = 1024  # px to a side of what is restored in one piece: of 64 channels that is 268 MB
SHARED = 32  # px by which neighbouring tiles overlap; each gives up half of it
_TRIED = 64  # px, the side of the image that a network of any size is tried on
_FAR = 10.0  # what grey becomes is further from [0, 1] only where the range of the values is another
_MULTIPLES = (1, 2, 4, 8, 16, 32, 64)


@dataclass(frozen=True)
class ImageModel:
    """A network behind one call: `restore(image)`.

    run: contract images of sides that the network takes to `scale` times as large ones, not clipped.
    side: px, of the square images that it takes; None for any. A network of one side and scale 1 is one of whole faces.
    multiple: of which both sides must be. tiled: whether large images may be cut. parameters: None where not counted.
    """

    run: Callable[[Image], Image]
    scale: int = 1
    side: int | None = None
    multiple: int = 1
    tiled: bool = True
    parameters: int | None = None

    @property
    def takes_faces(self) -> bool:
        """Whether it is given a face as a whole, resized to its side, and not tiles."""
        return self.side is not None and self.scale == 1

    def restore(self, image: Image) -> Image:
        """The restored image, (scale H, scale W, 3), in [0, 1], of a contract image (H, W, 3) of any size.

        A network of whole faces gets the image mirrored up to a square and resized to its side by resize_bicubic, and
        what it gives is resized back. Any other gets it as it is: mirrored at the lower and right border up to sides
        that it takes, and in tiles that overlap where it is larger than a network of one side takes, or than LARGEST.
        Where a graphics card has too little memory tiles are halved, down to 64 px; InputError where that is too much.
        """
        tile = self._tile(*image.shape[:2])
        least = tile if self.side or not self.tiled else min(tile, max(_MULTIPLES[-1], self.multiple))
        return halved_to_fit(
            lambda most: self._restored(image, most - most % self.multiple), tile, least, "px to a side"
        )

    def _restored(self, image: Image, tile: int) -> Image:
        height, width = image.shape[:2]
        if self.takes_faces:
            return self._restored_face(_mirrored(image, *(max(height, width),) * 2))[:height, :width]
        whole = _mirrored(image, *(max(self._next(length, tile), self.side or 0) for length in (height, width)))
        restored = _in_tiles(self.run, whole, self.scale, tile)[: height * self.scale, : width * self.scale]
        return np.clip(restored, 0, 1)

    def _restored_face(self, square: Image) -> Image:
        length, side = len(square), self.side or len(square)
        given = square if length == side else resize_bicubic(square, side, side)
        face = np.clip(self.run(given), 0, 1)
        return face if length == side else resize_bicubic(face, length, length)

    def _tile(self, height: int, width: int) -> int:
        if self.side or not self.tiled:
            return self.side or max(height, width) + self.multiple
        return LARGEST // self.scale // _MULTIPLES[-1] * _MULTIPLES[-1] or _MULTIPLES[-1]

    def _next(self, length: int, tile: int) -> int:
        """The next multiple; a side that is cut into tiles, which are multiples, may stay."""
        return -(-length // self.multiple) * self.multiple if length <= tile else length


def found_by_trying(
    name: str, run: Callable[[Image], Image], side: int | None, multiple: int | None = None
) -> ImageModel:
    """The model of `run` with the scale that a grey image shows, and the multiple where it is not given.

    Raises InputError, which begins with `name`, for a network that fails on it or gives no image, or one that is far
    outside [0, 1]; and so does the model for an image of another size than that scale says, or one that is not finite.
    """
    try:
        scale = _scale(name, run, side or _TRIED)
    except InputError as error:
        raise error if side else _one_side(str(error)) from error
    run_checked = checked(name, run, scale)
    if side or multiple:
        return ImageModel(run_checked, scale, side, multiple or 1)
    for step in _MULTIPLES:
        if _takes(run, _TRIED + step, scale):
            return ImageModel(run_checked, scale, None, step)
    raise _one_side(f"{name}: the network takes {_TRIED} x {_TRIED} px, but no wider image")


def _one_side(fault: str) -> InputError:
    return InputError(f"{fault}; where it takes images of one side only, add ,size=SIDE")


def _scale(name: str, run: Callable[[Image], Image], side: int) -> int:
    made = run(_grey(side, side))
    shape = made.shape
    if len(shape) != 3 or shape[2] != 3 or shape[0] != shape[1] or shape[0] < side or shape[0] % side:
        got = " x ".join(map(str, shape))
        raise InputError(f"{name}: expected a whole multiple of the {side} x {side} x 3 it was given, got {got}")
    if abs(middle := float(made.mean())) > _FAR:
        raise InputError(f"{name}: makes {middle:.3g} of grey, 0.5, where 0 is black and 1 white; correct its range=")
    return shape[0] // side


def checked(name: str, run: Callable[[Image], Image], scale: int) -> Callable[[Image], Image]:
    """`run`, which raises InputError for what is not an image `scale` times as large of finite values."""

    def run_checked(image: Image) -> Image:
        made, wanted = run(image), (image.shape[0] * scale, image.shape[1] * scale, 3)
        if made.shape != wanted:
            expected, got = (" x ".join(map(str, shape)) for shape in (wanted, made.shape))
            raise InputError(f"{name}: expected {expected}, its {scale} times, got {got}")
        if not np.isfinite(made).all():
            raise InputError(f"{name}: the network gave NaN or infinite values")
        return made

    return run_checked


def _takes(run: Callable[[Image], Image], width: int, scale: int) -> bool:
    try:
        return run(_grey(_TRIED, width)).shape == (_TRIED * scale, width * scale, 3)
    except InputError:
        return False


def _grey(height: int, width: int) -> Image:
    return np.full((height, width, 3), 0.5, np.float32)


def _mirrored(image: Image, height: int, width: int) -> Image:
    """Continued below and to the right as in a mirror, up to that size."""
    more = (0, height - image.shape[0]), (0, width - image.shape[1])
    return np.pad(image, (*more, (0, 0)), mode="symmetric") if any(map(any, more)) else image


def _in_tiles(run: Callable[[Image], Image], image: Image, scale: int, tile: int) -> Image:
    height, width = image.shape[:2]
    if max(height, width) <= tile:
        return run(image)
    restored = np.empty((height * scale, width * scale, 3), np.float32)
    for (top, rows), (left, columns) in product(tuple(tiles(height, tile)), tuple(tiles(width, tile))):
        part = run(np.ascontiguousarray(image[top : top + tile, left : left + tile]))
        down, across = (slice(s.start * scale, s.stop * scale) for s in (rows, columns))
        inside = part[down.start - top * scale : down.stop - top * scale]
        restored[down, across] = inside[:, across.start - left * scale : across.stop - left * scale]
    return restored


def tiles(length: int, tile: int) -> Iterator[tuple[int, slice]]:
    """Where each tile along an axis starts, and the part of the axis for which it is used: up to the middle of what
    it shares with its neighbours.

    >>> list(tiles(96, 64))
    [(0, slice(0, 48, None)), (32, slice(48, 96, None))]
    """
    shared = min(SHARED, tile // 2)
    count = 1 + max(0, -(-(length - tile) // (tile - shared)))
    starts = [round(index * (length - tile) / max(1, count - 1)) for index in range(count)]
    cuts = [0, *((before + tile + after) // 2 for before, after in pairwise(starts)), length]
    for start, (first, last) in zip(starts, pairwise(cuts), strict=True):
        yield max(0, start), slice(first, last)
