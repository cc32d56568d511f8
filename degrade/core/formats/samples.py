"""The numbers of an image file by their own depth and sense: 0 is dark, the file's largest number is 1."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from PIL import Image as Pillow
from PIL.TiffImagePlugin import TiffImageFile

from degrade.core.errors import InputError
from degrade.core.formats import profiles

# Tags of TIFF 6.0.
_BITS, _SENSE, _CHANNELS, _LARGEST, _PLANAR, _EXTRA, _FORMAT = 258, 262, 277, 281, 284, 338, 339
_ASSOCIATED = 1  # colours are multiplied by alpha
_WHITE_IS_ZERO = 0
_SIGNED = 2
# What Pillow's modes are read as, where no colour of theirs stands for transparency.
_READ_AS = {
    "1": "L", "L": "L", "LA": "LA", "La": "LA", "P": "RGB", "PA": "RGBA", "YCbCr": "RGB", "RGB": "RGB",
    "RGBA": "RGBA", "RGBa": "RGBA", "CMYK": "CMYK",
}  # fmt: skip


@dataclass(frozen=True)
class Samples:
    """Numbers as the file means them.

    colour: (H, W, 1), (H, W, 3) or, for CMYK, (H, W, 4); alpha: (H, W, 1) or None. Both uint8, or float32 in [0, 1].
    srgb: whether the colours are sRGB whatever a profile says.
    """

    colour: np.ndarray
    alpha: np.ndarray | None = None
    srgb: bool = False


def read_samples(photo: Pillow.Image, data: bytes) -> Samples:
    """The samples of a file that Pillow has opened and loaded.

    Raises InputError, without the name, for what is not read.
    """
    if isinstance(photo, TiffImageFile):
        return _tiff(photo, data)
    if photo.format == "PNG" and data[24] == 16:
        return _deep_grey_png(photo) if data[25] == 0 else _deep_png(photo, data)
    if photo.format == "PNG" and photo.mode == "L" and data[24] < 8 and "transparency" in photo.info:
        key = photo.info["transparency"] * 255 // (2 ** data[24] - 1)  # Pillow scales the pixels, not the key
        grey = np.asarray(photo)[:, :, None]
        return Samples(grey, np.where(grey == key, 0, 255).astype(np.uint8))
    return _eight_bits(photo)


def _eight_bits(photo: Pillow.Image) -> Samples:
    mode, has_key = photo.mode, "transparency" in photo.info
    if mode == "LAB":
        return Samples(profiles.from_lab(photo), srgb=True)
    if mode not in _READ_AS:
        raise InputError(f"expected RGB or grey with 8 or 16 bits, got mode {mode}")
    wanted = _READ_AS[mode]
    if has_key and wanted in ("L", "RGB"):
        wanted = {"L": "LA", "RGB": "RGBA"}[wanted]
    pixels = np.asarray(photo if mode == wanted else photo.convert(wanted))
    if wanted in ("LA", "RGBA"):
        return _split(pixels)
    return Samples(pixels[:, :, None] if wanted == "L" else pixels)


def _split(pixels: np.ndarray) -> Samples:
    """The last of 2 or 4 channels is alpha."""
    if pixels.shape[2] in (1, 3):
        return Samples(pixels)
    return Samples(pixels[:, :, :-1], pixels[:, :, -1:])


def _deep_grey_png(photo: Pillow.Image) -> Samples:
    numbers = np.asarray(photo)[:, :, None]
    key = photo.info.get("transparency")
    alpha = None if key is None else (numbers != key).astype(np.float32)
    return Samples(numbers.astype(np.float32) / np.float32(65535), alpha)


def _deep_png(photo: Pillow.Image, data: bytes) -> Samples:
    samples = _opencv(photo, data)
    return replace(samples, colour=samples.colour[:, :, :1]) if data[25] == 4 else samples  # OpenCV repeats grey


def _tiff(photo: TiffImageFile, data: bytes) -> Samples:
    tags = photo.tag_v2
    bits, sense, kinds = max(tags.get(_BITS, (1,))), tags.get(_SENSE), tags.get(_FORMAT, (1,))
    if tags.get(_PLANAR, 1) == 2 and tags.get(_CHANNELS, 1) > 1 and (bits != 8 or photo.mode not in ("RGB", "RGBA")):
        raise InputError(f"its {bits}-bit {photo.mode} samples lie in separate planes; save it with interleaved ones")
    if sense is None:
        raise InputError("its tags do not say whether 0 is black (PhotometricInterpretation); save it anew")
    if _SIGNED in kinds:
        raise InputError(f"its {bits}-bit samples are signed numbers; save it as 8 or 16 bit without a sign")
    if bits > 8 and photo.mode in ("RGB", "RGBA"):
        return _deep_colour_tiff(photo, data)
    if bits > 8 and photo.mode != "CMYK":
        grey = _deep_grey_tiff(photo, bits)
        return Samples((1 - grey if sense == _WHITE_IS_ZERO else grey)[:, :, None])
    return _eight_bits(photo)


def _deep_grey_tiff(photo: TiffImageFile, bits: int) -> np.ndarray:
    numbers = np.asarray(photo)
    if photo.mode == "F":
        low, high = float(numbers.min()), float(numbers.max())
        if not (low >= 0 and high <= 1):  # written so that NaN fails too
            raise InputError(f"its samples are floats in [{low:g}, {high:g}]; expected [0, 1]")
        return numbers.astype(np.float32)
    if bits == 32:
        return (numbers.view(np.uint32) / (2**32 - 1)).astype(np.float32)
    return numbers.astype(np.float32) / np.float32(_largest(photo, bits))


def _deep_colour_tiff(photo: TiffImageFile, data: bytes) -> Samples:
    samples = _opencv(photo, data, _largest(photo, 16))
    if photo.mode == "RGB" or samples.alpha is None:
        return Samples(samples.colour)  # further samples say nothing of themselves
    if photo.tag_v2.get(_EXTRA, (0,))[0] == _ASSOCIATED:
        colour = np.divide(samples.colour, samples.alpha, out=np.zeros_like(samples.colour), where=samples.alpha > 0)
        return Samples(np.minimum(colour, 1), samples.alpha)
    return samples


def _largest(photo: TiffImageFile, bits: int) -> int:
    """The number of white. 16 bits hold fewer where MaxSampleValue is that of 9 to 15 bits, as scanners write it."""
    said = photo.tag_v2.get(_LARGEST, 0)
    said = max(said) if isinstance(said, tuple) else said
    return said if bits == 16 and said in [2**depth - 1 for depth in range(9, 16)] else 2**bits - 1


def _opencv(photo: Pillow.Image, data: bytes, largest: int = 65535) -> Samples:
    """RGB, with alpha where there are four channels, of 16 bits in float32; Pillow would cut them to 8."""
    photo.close()  # it was loaded to see that the file is whole; its pixels are not needed
    level = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # else it prints what it dislikes
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    finally:
        cv2.utils.logging.setLogLevel(level)
    if pixels is None or pixels.dtype != np.uint16 or pixels.ndim != 3:
        raise ValueError("its 16-bit data are damaged")
    colour = np.empty((*pixels.shape[:2], 3), np.float32)
    for place in range(3):  # one after another, as a float32 copy of all would double the memory
        colour[:, :, 2 - place] = _scaled(pixels[:, :, place], largest)
    if pixels.shape[2] == 3 or pixels[:, :, 3].min() == largest:
        return Samples(colour)
    return Samples(colour, _scaled(pixels[:, :, 3:], largest))


def _scaled(numbers: np.ndarray, largest: int) -> np.ndarray:
    scaled = np.divide(numbers, np.float32(largest), dtype=np.float32)
    return np.minimum(scaled, 1, out=scaled)
