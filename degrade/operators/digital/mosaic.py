"""Pixelation in whole blocks."""

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

import numpy as np

from degrade.core.image import Image
from degrade.operators.base import check_positive, check_range
from degrade.operators.lengths import WholeLength, check_lengths
from degrade.operators.words import Words


@dataclass(frozen=True)
class Mosaic:
    """Replace each block by its mean; blocks start at the region's top left, the last ones may be narrower.

    block: side of a block in pixels, a whole number, 2 to 16384.
    top, left: where the region begins, as fractions of the image's height and width, 0 to 1.
    height, width: of the region, as fractions of the image's, above 0 to 1. All of the image by default; edges are
        rounded to whole pixels, of which it has at least one.
    Source: the ISPL paper, Sec. 4.1 (16x mosaic); which does not say what a block becomes: its mean.
    """

    block: Annotated[int, WholeLength(low=2), Words("block side")]
    top: Annotated[float, Words("top edge", "share of the height")] = field(default=0.0, metadata={"added_later": True})
    left: Annotated[float, Words("left edge", "share of the width")] = field(
        default=0.0, metadata={"added_later": True}
    )
    height: Annotated[float, Words("height", "share of the height")] = field(
        default=1.0, metadata={"added_later": True}
    )
    width: Annotated[float, Words("width", "share of the width")] = field(default=1.0, metadata={"added_later": True})

    realised_words: ClassVar[dict[str, Words]] = {
        side: Words(f"{side} edge", "px") for side in ("top", "left", "bottom", "right")
    }

    def __post_init__(self) -> None:
        check_lengths(self)
        check_range(self, "top", 0, 1)
        check_range(self, "left", 0, 1)
        check_positive(self, "height", 1)
        check_positive(self, "width", 1)

    def realised(self, height: int, width: int) -> dict[str, Any]:
        """The whole pixels of the region, bottom and right not included; {} when it is the whole image."""
        if (self.top, self.left, self.height, self.width) == (0, 0, 1, 1):
            return {}
        top, bottom = _pixels(self.top, self.height, height)
        left, right = _pixels(self.left, self.width, width)
        return {"top": top, "left": left, "bottom": bottom, "right": right}

    def __call__(self, image: Image) -> Image:
        region = self.realised(*image.shape[:2])
        if not region:
            return self._pixelate(image)
        degraded = image.copy(order="C")
        inside = slice(region["top"], region["bottom"]), slice(region["left"], region["right"])
        degraded[inside] = self._pixelate(image[inside])
        return degraded

    def _pixelate(self, image: Image) -> Image:
        height, width = image.shape[:2]
        rows, columns = np.arange(0, height, self.block), np.arange(0, width, self.block)
        sums = np.add.reduceat(np.add.reduceat(image, rows, axis=0, dtype=np.float64), columns, axis=1)
        heights, widths = np.diff(rows, append=height), np.diff(columns, append=width)
        means = (sums / (heights[:, None] * widths)[:, :, None]).astype(np.float32)
        return means.repeat(heights, axis=0).repeat(widths, axis=1)


def _pixels(start: float, share: float, length: int) -> tuple[int, int]:
    """First pixel, and the one after the last."""
    first = min(length - 1, round(start * length))
    return first, min(length, max(first + 1, round((start + share) * length)))
