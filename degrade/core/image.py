"""The image contract: float32, H x W x 3, RGB, [0, 1]; checked where images enter or leave, in this file."""

import io
import logging
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Pillow

from degrade.core.errors import InputError, shown
from degrade.core.formats import container, png
from degrade.core.formats.profiles import srgb_profile
from degrade.core.image_type import Image as Image
from degrade.core.storage.files import write_bytes
from degrade.core.storage.paths import read_bytes

_BACKGROUNDS = {"white": 1.0, "black": 0.0}
# Of a JPEG, for luma and for colours, by horizontal plus vertical frequency.
_EVEN_STEPS = [[low + (u + v) * more // 10 for v in range(8) for u in range(8)] for low, more in ((5, 7), (8, 5))]
_told: set[str] = set()  # notes, each of which is said once in a process
# glibc gives freed memory beyond a limit back to the system, and the next image pays for every page of it anew, which
# is half the time of a chain at 512 px. The limit follows the largest block freed so far; it ends at this one.
np.empty(31 << 20, np.uint8)


def check_image(image: Image, name: str = "image") -> None:
    """Raise TypeError or ValueError unless `image` keeps the contract."""
    if not isinstance(image, np.ndarray) or image.dtype != np.float32:
        got = getattr(image, "dtype", type(image).__name__)
        raise TypeError(f"{name}: expected a float32 array, got {got}; read it with degrade.core.image.read")
    if image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
        raise ValueError(f"{name}: expected shape (H, W, 3), got {image.shape}")
    low, high = float(image.min()), float(image.max())
    if not (low >= 0 and high <= 1):  # written so that NaN fails too
        raise ValueError(f"{name}: expected values in [0, 1], got [{low:g}, {high:g}]; divide by 255?")


def to_uint8(image: Image) -> np.ndarray:
    """Round [0, 1] to 0..255: to nearest, never truncated, never wrapped."""
    # As np.rint(np.clip(image, 0, 1) * 255), in one pass over the image where that takes four.
    return cv2.addWeighted(image, 255, image, 0, 0, dtype=cv2.CV_8U)


def from_uint8(pixels: np.ndarray) -> Image:
    """0..255 to float32 in [0, 1]; the inverse of to_uint8 on its results."""
    return np.divide(pixels, np.float32(255), dtype=np.float32, order="C")


def read(path: Path, background: str | None = None) -> Image:
    """Read PNG, JPEG, WebP, TIFF, BMP, HEIC or AVIF as a contract image in sRGB; EXIF orientation is applied.

    Embedded colour profiles are converted, a damaged one is ignored with a warning of the logger "degrade". 8 and 16
    bit, grey and palette are understood, other depths of TIFF scaled or refused. Of several pictures the first is read,
    with a warning. Alpha that is not opaque is refused unless `background` ("white" or "black") says what to lay the
    image on; CMYK is refused without a profile; so are more pixels than degrade.core.formats.container.max_pixels.
    Raises InputError for everything that cannot be read as one photograph.
    """
    return decode(read_bytes(path), str(path), background)


def decode(data: bytes, name: str, background: str | None = None) -> Image:
    """As `read`, from the bytes of a file; `name` is used in messages."""
    pixels = _decoded(data, name, background)
    return from_uint8(pixels) if pixels.dtype == np.uint8 else pixels


def decode_uint8(data: bytes, name: str, background: str | None = None) -> np.ndarray:
    """As `decode`, rounded to 8 bits: (H, W, 3) of 0..255. What a file holds in 8 bits stays as it is."""
    pixels = _decoded(data, name, background)
    return pixels if pixels.dtype == np.uint8 else to_uint8(pixels)


@dataclass(frozen=True)
class Description:
    """What a file says beside its pixels. has_profile: about its colours; notes: clauses about what was not read."""

    has_profile: bool
    notes: tuple[str, ...] = ()


def describe(data: bytes, name: str) -> Description:
    """The description of a file that `decode` reads."""
    with container.reading(data, name) as file:
        return Description(file.has_profile, file.notes)


def check_background(background: str | None) -> None:
    """InputError for another than "white", "black" and None."""
    if background not in (None, *_BACKGROUNDS):
        raise InputError(f"background: expected {' or '.join(_BACKGROUNDS)}, or None, got {background!r}")


def _decoded(data: bytes, name: str, background: str | None) -> np.ndarray:
    """(H, W, 3): 8 bits as the file holds them, all else as float32 in [0, 1]."""
    check_background(background)
    with container.reading(data, name) as file:
        pixels, alpha = decode_pixels(file, background)
        notes = file.notes
        if alpha is not None:
            raise InputError("has an alpha channel; save it without one, or lay it on a background, white or black")
    for note in notes:
        tell(name, note)
    return pixels


def tell(name: str, note: str) -> None:
    """A warning of the logger "degrade" on what was not read of a file, once in a process; none for ""."""
    if note and note not in _told:
        _told.add(note)
        logging.getLogger("degrade").warning("%s", shown(f"{name}: {note}; others like it are not named"))


def decode_pixels(file: container.ImageFile, background: str | None) -> tuple[np.ndarray, np.ndarray | None]:
    """(H, W, 3) and, where it is transparent and no background is given, alpha (H, W, 1).

    8 bits as the file holds them, all else as float32 in [0, 1].
    """
    pixels, alpha = file.srgb()
    if alpha is None or alpha.min() == (255 if alpha.dtype == np.uint8 else 1):
        return pixels, None
    return (pixels, alpha) if background is None else (_flatten(pixels, alpha, background), None)


def _flatten(pixels: np.ndarray, alpha: np.ndarray, background: str) -> np.ndarray:
    if pixels.dtype == np.uint8:
        pixels, alpha = from_uint8(pixels), alpha * np.float32(1 / 255)
    mixed = pixels * alpha
    mixed += np.float32(_BACKGROUNDS[background]) * (1 - alpha)
    return np.clip(mixed, 0, 1, out=mixed)


def encode_png(image: Image, profile: bool = False) -> bytes:
    """8-bit RGB PNG, with an ICC profile of sRGB if asked; the same image gives the same bytes with the same OpenCV."""
    check_image(image)
    data = png.encode(to_uint8(image))
    return png.with_profile(data, srgb_profile()) if profile else data


def encode_jpeg(image: Image, quality: int = 95, comment: str = "") -> bytes:
    """8-bit RGB JPEG with colour at full resolution; the bytes belong to the version of libjpeg."""
    check_image(image)
    buffer = io.BytesIO()
    photo = Pillow.fromarray(to_uint8(image))
    photo.save(buffer, format="JPEG", quality=quality, subsampling=0, comment=comment)
    return buffer.getvalue()


def encode_compact_jpeg(image: Image, quality: int = 95) -> bytes:
    """The pixels of `encode_jpeg` in about a tenth fewer bytes, by several scans with Huffman codes of their own.

    By OpenCV: Pillow makes such codes in a buffer that is too small for a noisy image.
    """
    check_image(image)
    options = (cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_OPTIMIZE, 1, cv2.IMWRITE_JPEG_PROGRESSIVE, 1)
    full_colour = (cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444)
    _, data = cv2.imencode(".jpg", to_uint8(image)[:, :, ::-1], (*options, *full_colour))
    return data.tobytes()


def encode_even_jpeg(image: Image) -> bytes:
    """A JPEG for looking at noise and fine texture, with colour at full resolution and several scans.

    Its steps hardly grow with frequency, as those of a quality do: of 100 portraits at 256 px it takes four fifths of
    the bytes of quality 91, 0.4 dB below it, and what is noise lies within 4 levels of the original instead of 5.5.
    """
    check_image(image)
    photo, buffer = Pillow.fromarray(to_uint8(image)), io.BytesIO()
    try:
        photo.save(buffer, "JPEG", qtables=_EVEN_STEPS, subsampling=0, optimize=True, progressive=True)
    except OSError:  # Pillow makes several scans in a buffer that is too small for nothing but black and white noise
        buffer = io.BytesIO()
        photo.save(buffer, "JPEG", qtables=_EVEN_STEPS, subsampling=0)
    return buffer.getvalue()


def write(path: Path, image: Image) -> None:
    """Write a contract image as 8-bit PNG, whole or not at all."""
    write_bytes(path, encode_png(image))
