"""What saving a file does to an image: rounding to 8 bits, and JPEG."""

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image as Pillow

from degrade.image import Image, from_uint8, to_uint8

_SUBSAMPLING = {"444": 0, "422": 1, "420": 2}
CHROMA = (*_SUBSAMPLING, "grey")


@dataclass(frozen=True)
class Quantize:
    """Round to the nearest of the 256 values n / 255, as a file of 8 bits does."""

    def __call__(self, image: Image) -> Image:
        levels = image * np.float32(255)
        np.rint(levels, out=levels)
        levels /= np.float32(255)
        return np.clip(levels, 0, 1, out=levels)


@dataclass(frozen=True)
class Jpeg:
    """Round to 8 bits, compress as JPEG with libjpeg, decompress; gives 8-bit values.

    quality: libjpeg's integer, 1 (worst) to 100.
    chroma: "444", "422", "420" (colour at full, half and quarter resolution), or "grey" (no colour left).
    """

    quality: int
    chroma: str = "420"

    def __post_init__(self) -> None:
        if not (isinstance(self.quality, int) and 1 <= self.quality <= 100):
            raise ValueError(f"Jpeg: quality must be an integer in 1..100, got {self.quality!r}")
        if self.chroma not in CHROMA:
            raise ValueError(f"Jpeg: chroma must be one of {CHROMA}, got {self.chroma!r}")

    def __call__(self, image: Image) -> Image:
        photo = Pillow.fromarray(to_uint8(image))
        file = io.BytesIO()
        if self.chroma == "grey":
            photo.convert("L").save(file, format="JPEG", quality=self.quality)
        else:
            photo.save(file, format="JPEG", quality=self.quality, subsampling=_SUBSAMPLING[self.chroma])
        return from_uint8(np.asarray(Pillow.open(file).convert("RGB")))


def sample_jpeg(rng: np.random.Generator, quality: tuple[int, int] = (50, 85), chroma: str = "420") -> Jpeg:
    """Draw the quality from the integers of the interval, both ends included."""
    return Jpeg(int(rng.integers(quality[0], quality[1] + 1)), chroma)
