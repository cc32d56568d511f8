"""A photograph as a file holds it, and the file that a restored one becomes: format, EXIF, grey, alpha and profile."""

import io
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image as Pillow

from degrade.core.errors import InputError
from degrade.core.formats.container import pillow_format, reading
from degrade.core.formats.profiles import grey_profile, srgb_profile
from degrade.core.image import decode_pixels, to_uint8
from ispl_model.restoration.files.exif import Tags, exif_bytes, has_parts, kept_exif

# What a name ends in -> Pillow's name of the format.
FORMATS = {
    ".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP", ".tif": "TIFF", ".tiff": "TIFF", ".bmp": "BMP",
    ".heic": "HEIF", ".heif": "HEIF", ".avif": "AVIF",
}  # fmt: skip
# By sides and tags that a format cannot hold.
_REFUSED = (AttributeError, OSError, OverflowError, RuntimeError, TypeError, ValueError, struct.error)
_WITHOUT_ALPHA = ("JPEG", "BMP")
# Per inch, of formats that have them; PNG counts them per metre, libtiff takes a float of 32 bits.
_MOST_DOTS = {"PNG": 0.0254 * (2**32 - 1), "JPEG": 2**16 - 1, "TIFF": 2**32 - 2**8}
_BRANDS = {"HEIF": b"heic", "AVIF": b"avif"}  # of formats that may not be ready for use


@dataclass(frozen=True)
class Picture:
    """A photograph and what comes back with it.

    pixels: (H, W, 3), sRGB, 0..255, to which 16 bits are rounded, as results have 8. alpha: (H, W, 1) as well, None
    where it is opaque.
    is_grey: of one number a pixel. has_profile: whether the file says what its colours mean. exif: see
    kept_exif. dpi: dots per inch. notes: clauses about what was not read.
    """

    pixels: np.ndarray
    alpha: np.ndarray | None = None
    is_grey: bool = False
    has_profile: bool = False
    exif: Tags = field(default_factory=dict)
    dpi: tuple[float, float] | None = None
    notes: tuple[str, ...] = ()


def read_picture(data: bytes, name: str, background: str | None = None) -> Picture:
    """The picture in a file's bytes; `name` is used in messages.

    background: "white" or "black", what it is laid on where it is transparent. InputError as degrade.core.image.read.
    """
    with reading(data, name) as file:
        (exif, left_out), dpi = kept_exif(file), file.dots_per_inch
        pixels, alpha = (_rounded(values) for values in decode_pixels(file, background))
        assert pixels is not None
        return Picture(pixels, alpha, file.is_grey, file.has_profile, exif, dpi, file.notes + left_out)


def encode_picture(picture: Picture, source: Picture, suffix: str, quality: int = 95) -> bytes:
    """The file of a restored picture: pixels and alpha of `picture`, all else of `source`, 8 bits, sRGB.

    suffix: of its name, which says the format. quality: 1 to 100, of JPEG, WebP, HEIC and AVIF. Raises InputError for
    alpha in a format that has none.
    """
    kind = FORMATS[suffix.lower()]
    pixels = _rounded(picture.pixels)
    assert pixels is not None
    channels = [cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)[:, :, None] if source.is_grey else pixels]
    if picture.alpha is not None:
        if kind in _WITHOUT_ALPHA:
            raise InputError(f"is transparent, which {kind} cannot be; add --background white, or --format png")
        channels.append(picture.alpha)
    joined = np.concatenate(channels, axis=2) if channels[1:] else channels[0]
    photo = Pillow.fromarray(joined[:, :, 0] if joined.shape[2] == 1 else joined)
    if kind in _BRANDS:
        pillow_format(_BRANDS[kind])
    try:
        return _written(photo, kind, _options(kind, quality, source, pixels) | _beside(kind, picture, source))
    except _REFUSED as error:
        raise InputError(f"cannot be written as {kind} ({error}); use --format png") from error


def lost_dots(picture: Picture, source: Picture, suffix: str) -> tuple[str, ...]:
    """A clause where the resolution of `source` is none that encode_picture can write for `picture`."""
    kind = FORMATS[suffix.lower()]
    if source.dpi is None or kind not in _MOST_DOTS or _dots(kind, picture, source):
        return ()
    return (f"its resolution, {source.dpi[0]:g} x {source.dpi[1]:g} dots per inch, is left out",)


def _written(photo: Pillow.Image, kind: str, options: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    try:
        photo.save(buffer, format=kind, **options)
    except (RuntimeError, ValueError):
        if "compression" not in options:
            raise
        # libtiff, which compresses, refuses a tag of another type than its own, which Pillow alone writes
        return _written(photo, kind, {name: value for name, value in options.items() if name != "compression"})
    return buffer.getvalue()


def _rounded(values: np.ndarray | None) -> np.ndarray | None:
    if values is None or values.dtype == np.uint8:
        return values
    return to_uint8(values).reshape(values.shape)  # OpenCV drops an axis of one channel


def suffix_of(name: str, asked: str) -> str:
    """What a result's name ends in: asked, such as ".png", or for "" as its image's does, ".png" for unknown ones."""
    own = Path(name).suffix
    return asked or (own if own.lower() in FORMATS else ".png")


def _options(kind: str, quality: int, source: Picture, pixels: np.ndarray) -> dict[str, Any]:
    if kind == "PNG":
        return {"compress_level": 4}
    if kind == "WEBP" and (source.is_grey or (pixels == pixels[:, :, :1]).all()):
        return {"lossless": True}  # as the colours of the lossy kind put grey channels a level apart
    if kind == "TIFF":  # which libtiff compresses, and without it Pillow writes all tags
        return {} if has_parts(source.exif) else {"compression": "tiff_adobe_deflate"}
    return {"JPEG": {"quality": quality, "subsampling": 0}, "BMP": {}}.get(kind, {"quality": quality})


def _beside(kind: str, picture: Picture, source: Picture) -> dict[str, Any]:
    """Profile, EXIF and resolution, as Pillow takes them."""
    if kind == "BMP":
        return {}
    found: dict[str, Any] = {}
    if source.has_profile:
        is_grey = source.is_grey and kind != "WEBP"  # which has colours alone
        found["icc_profile"] = grey_profile() if is_grey else srgb_profile()
    if source.exif:
        found["exif"] = exif_bytes(source.exif, *picture.pixels.shape[:2])
    if dots := _dots(kind, picture, source):
        found["dpi"] = dots
    return found


def _dots(kind: str, picture: Picture, source: Picture) -> tuple[float, ...] | None:
    """Dots per inch of the result; None where the source or the format has none, or it cannot hold them, as NaN."""
    if source.dpi is None or kind not in _MOST_DOTS:
        return None
    times = picture.pixels.shape[0] / source.pixels.shape[0]
    dots = tuple(each * times for each in source.dpi)
    return dots if all(0 <= each <= _MOST_DOTS[kind] for each in dots) else None
