"""The image contract: float32, H x W x 3, RGB, [0, 1]; checked where images enter or leave, in this file."""

import io
import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Pillow
from PIL import ImageOps
from PIL.TiffImagePlugin import TiffImageFile

from degrade.core.errors import InputError
from degrade.core.files import write_bytes

Image = np.ndarray
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp")
_FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP")
_ALPHA = ("RGBA", "LA", "PA", "La", "RGBa")
_LEVELS = np.arange(256, dtype=np.float32) / np.float32(255)
_BACKGROUNDS = {"white": 1.0, "black": 0.0}
logging.getLogger("PIL").addHandler(logging.NullHandler())  # else its errors are printed beside our sentence


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
    return cv2.LUT(pixels, _LEVELS)


def read(path: Path, background: str | None = None) -> Image:
    """Read PNG, JPEG, WebP, TIFF or BMP as a contract image; EXIF orientation is applied.

    8 and 16 bit, grey and palette are understood. Alpha is refused unless `background`
    ("white" or "black") says what to lay the image on; CMYK is always refused.
    Raises InputError for everything that cannot be read as one photograph.
    """
    try:
        return decode(Path(path).read_bytes(), str(path), background)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error


def decode(data: bytes, name: str, background: str | None = None) -> Image:
    """As `read`, from the bytes of a file; `name` is used in messages."""
    pixels = _decoded(data, name, background)
    return from_uint8(pixels) if pixels.dtype == np.uint8 else pixels


def decode_uint8(data: bytes, name: str, background: str | None = None) -> np.ndarray:
    """As `decode`, rounded to 8 bits: (H, W, 3) of 0..255. What a file holds in 8 bits stays as it is."""
    pixels = _decoded(data, name, background)
    return pixels if pixels.dtype == np.uint8 else to_uint8(pixels)


def _decoded(data: bytes, name: str, background: str | None) -> np.ndarray:
    """(H, W, 3): 8 bits as the file holds them, all else as float32 in [0, 1]."""
    if background is not None and background not in _BACKGROUNDS:
        raise ValueError(f"background: expected one of {sorted(_BACKGROUNDS)}, got {background!r}")
    try:
        with warnings.catch_warnings(), _silent_libtiff(data):
            warnings.simplefilter("ignore")  # of damaged tags: the photo is read all the same, or refused below
            warnings.simplefilter("error", Pillow.DecompressionBombWarning)
            photo = Pillow.open(io.BytesIO(data), formats=_FORMATS)
            photo.load()  # first, as it refuses torn files without printing, which OpenCV's libpng does not
            deep = _sixteen_bit_colour(data, photo)
            orientation = photo.getexif().get(0x0112, 1)
            pixels = _oriented(deep, orientation) if deep is not None else _pixels(ImageOps.exif_transpose(photo), name)
    except InputError:
        raise
    except Exception as error:  # Pillow's decoders raise nearly every kind of exception on bad bytes
        raise InputError(f"{name}: not a readable {'/'.join(_FORMATS)} image ({error})") from error
    return _flatten(pixels, name, background)


@contextmanager
def _silent_libtiff(data: bytes) -> Iterator[None]:
    """Silences standard error while a TIFF is read: libtiff prints its warnings from C."""
    if data[:2] not in (b"II", b"MM"):
        yield
        return
    stderr, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(nowhere)


def _sixteen_bit_colour(data: bytes, photo: Pillow.Image) -> np.ndarray | None:
    """RGB(A) at 16 bits, which Pillow would cut to 8; None for everything else."""
    png = photo.format == "PNG" and data[24] == 16 and data[25] in (2, 6)
    tiff = isinstance(photo, TiffImageFile) and photo.tag_v2.get(258, (8,))[0] == 16 and photo.mode in ("RGB", "RGBA")
    if not (png or tiff):
        return None
    level = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # else it prints what it dislikes
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    finally:
        cv2.utils.logging.setLogLevel(level)
    if pixels is None or pixels.dtype != np.uint16:
        raise ValueError("its 16-bit data are damaged")
    order = [2, 1, 0, 3][: pixels.shape[2]]
    return pixels[:, :, order].astype(np.float32) / np.float32(65535)


def _oriented(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """EXIF orientations 1-8 for arrays, as ImageOps.exif_transpose does for Pillow images."""
    if orientation >= 5:
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def _pixels(photo: Pillow.Image, name: str) -> np.ndarray:
    """(H, W, 3 or 4) in 8 bits, or float32 in [0, 1]."""
    if photo.mode == "CMYK":
        raise InputError(f"{name}: expected RGB or grey, got CMYK; convert it with its colour profile first")
    if photo.mode in ("I;16", "I;16B", "I;16L", "I"):
        grey = np.asarray(photo).astype(np.float32) / np.float32(65535)
        return np.repeat(grey[:, :, None], 3, axis=2)
    if photo.mode in _ALPHA or "transparency" in photo.info:
        return np.asarray(photo.convert("RGBA"))
    if photo.mode in ("RGB", "L", "P", "1", "YCbCr"):
        return np.asarray(photo.convert("RGB"))
    raise InputError(f"{name}: expected RGB or grey with 8 or 16 bits, got mode {photo.mode}")


def _flatten(pixels: np.ndarray, name: str, background: str | None) -> np.ndarray:
    if pixels.shape[2] == 3:
        return pixels if pixels.dtype == np.uint8 else np.clip(pixels, 0, 1)
    if background is None:
        raise InputError(f"{name}: has an alpha channel; choose a background with --background white or black")
    pixels = from_uint8(pixels) if pixels.dtype == np.uint8 else pixels
    alpha = pixels[:, :, 3:]
    return np.clip(pixels[:, :, :3] * alpha + np.float32(_BACKGROUNDS[background]) * (1 - alpha), 0, 1)


def encode_png(image: Image) -> bytes:
    """8-bit RGB PNG; the same image gives the same bytes with the same Pillow."""
    check_image(image)
    buffer = io.BytesIO()
    Pillow.fromarray(to_uint8(image)).save(buffer, format="PNG", compress_level=4)
    return buffer.getvalue()


def encode_jpeg(image: Image, quality: int = 95, comment: str = "") -> bytes:
    """8-bit RGB JPEG with colour at full resolution; the bytes belong to the version of libjpeg."""
    check_image(image)
    buffer = io.BytesIO()
    photo = Pillow.fromarray(to_uint8(image))
    photo.save(buffer, format="JPEG", quality=quality, subsampling=0, comment=comment)
    return buffer.getvalue()


def write(path: Path, image: Image) -> None:
    """Write a contract image as 8-bit PNG, whole or not at all."""
    write_bytes(path, encode_png(image))


def list_images(folder: Path) -> list[Path]:
    """Image files below `folder` by suffix, in path order; InputError when there is none or a folder is unreadable."""
    folder = Path(folder)
    if not folder.is_dir():
        got = "a file" if folder.exists() else "nothing there"
        raise InputError(f"{folder}: expected a folder of images, got {got}")
    paths = sorted(path for path in files_below(folder) if path.suffix.lower() in SUFFIXES)
    if not paths:
        raise InputError(f"{folder}: holds no image; expected files ending in {', '.join(SUFFIXES)}")
    return paths


def files_below(folder: Path) -> Iterator[Path]:
    """Every file below `folder`, in no order; InputError when a folder cannot be listed."""

    def refuse(error: OSError) -> None:  # Path.rglob would leave the folder out without a word
        raise InputError(f"{error.filename}: cannot be listed ({error.strerror or error})") from error

    for parent, _, names in os.walk(folder, onerror=refuse):
        yield from (Path(parent, name) for name in names)
