"""What saving a file does to an image: rounding to 8 bits, JPEG once or twice, WebP.

An operator with `eight_bit` gives values n / 255, so that a recipe may end with it.
"""

import io
from dataclasses import dataclass
from typing import Annotated, ClassVar

import cv2
import numpy as np
from PIL import Image as Pillow

from degrade.core.errors import InputError
from degrade.core.image import Image, from_uint8, to_uint8
from degrade.operators.base import check_integer
from degrade.operators.words import Words

_SUBSAMPLING = {
    "444": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
    "422": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422,
    "420": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420,
}
CHROMA = (*_SUBSAMPLING, "grey")
_LONGEST = 16383  # pixels of a side, the limit of WebP


@dataclass(frozen=True)
class Quantize:
    """Round to the nearest of the 256 values n / 255, as a file of 8 bits does; halves go to the even n.

    Source: sRGB (IEC 61966-2-1), whose 8-bit value is 255 times the signal, rounded.
    """

    eight_bit: ClassVar[bool] = True

    def __call__(self, image: Image) -> Image:
        return from_uint8(to_uint8(image))


@dataclass(frozen=True)
class Jpeg:
    """Round to 8 bits, compress as JPEG with libjpeg, decompress; gives 8-bit values.

    quality: libjpeg's integer, 1 (worst) to 100.
    chroma: "444", "422", "420" (colour at full, half and quarter resolution), or "grey" (no colour left).
    Source: ITU-T T.81 (baseline JPEG), colours as JFIF (ITU-T T.871) has them. OpenCV's libjpeg writes and reads it:
        quality scales the tables of T.81, Annex K, and reduced colour is enlarged by libjpeg's "fancy upsampling".
    """

    quality: Annotated[int, Words("quality")]
    chroma: Annotated[str, Words("colour resolution")] = "420"
    eight_bit: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_integer(self, "quality", 1, 100)
        if self.chroma not in CHROMA:
            raise ValueError(f"Jpeg: chroma must be one of {CHROMA}, got {self.chroma!r}")

    def __call__(self, image: Image) -> Image:
        pixels, options = to_uint8(image), [cv2.IMWRITE_JPEG_QUALITY, self.quality]
        if self.chroma == "grey":
            written = np.asarray(Pillow.fromarray(pixels).convert("L"))
        else:
            written = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
            options += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, _SUBSAMPLING[self.chroma]]
        compressed = cv2.imdecode(cv2.imencode(".jpg", written, options)[1], cv2.IMREAD_COLOR_RGB)
        assert compressed is not None  # it was whole a moment ago
        return from_uint8(compressed)


@dataclass(frozen=True)
class DoubleJpeg:
    """Compress as JPEG twice, the second time with its grid of blocks shifted, as after a crop or a screenshot.

    first, second: libjpeg's qualities, 1 (worst) to 100.
    down, right: the second grid begins this many pixels above and left of the image, 0 to 15; 16 pixels are one
        unit of "420", 8 one block. The strip outside is the mirrored image and is cut off again.
    chroma: of both, as in Jpeg.
    Source: Bianchi and Piva, IEEE TIFS 2012 (nonaligned double JPEG compression); each of the two is Jpeg's.
    """

    first: Annotated[int, Words("first quality")]
    second: Annotated[int, Words("second quality")]
    down: Annotated[int, Words("grid shift down", "px")] = 4
    right: Annotated[int, Words("grid shift right", "px")] = 4
    chroma: Annotated[str, Words("colour resolution")] = "420"
    eight_bit: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_integer(self, "first", 1, 100)
        check_integer(self, "second", 1, 100)
        check_integer(self, "down", 0, 15)
        check_integer(self, "right", 0, 15)
        if self.chroma not in CHROMA:
            raise ValueError(f"DoubleJpeg: chroma must be one of {CHROMA}, got {self.chroma!r}")

    def __call__(self, image: Image) -> Image:
        once = Jpeg(self.first, self.chroma)(image)
        wider = np.pad(once, ((self.down, 0), (self.right, 0), (0, 0)), mode="symmetric")
        return Jpeg(self.second, self.chroma)(wider)[self.down :, self.right :].copy()


@dataclass(frozen=True)
class Webp:
    """Round to 8 bits, compress as lossy WebP with libwebp, decompress; gives 8-bit values.

    Raises InputError above 16383 pixels a side, which the format cannot hold.

    quality: libwebp's integer, 0 (worst) to 100; colour is always at a quarter of the resolution.
    Source: RFC 9649 (WebP), whose lossy kind is VP8 (RFC 6386); Pillow's libwebp writes and reads it.
    """

    quality: Annotated[int, Words("quality")]
    eight_bit: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_integer(self, "quality", 0, 100)

    def __call__(self, image: Image) -> Image:
        if max(image.shape[:2]) > _LONGEST:
            sides = f"{image.shape[1]} x {image.shape[0]}"
            raise InputError(f"WebP: expected sides of at most {_LONGEST} pixels, got {sides}; use JPEG")
        file = io.BytesIO()
        Pillow.fromarray(to_uint8(image)).save(file, format="WEBP", quality=self.quality)
        return from_uint8(np.asarray(Pillow.open(file).convert("RGB")))
