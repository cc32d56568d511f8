"""An image file opened: how large its picture is, how it is turned, how many there are, and what its colours mean."""

import io
import logging
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Pillow
from PIL import UnidentifiedImageError, features
from PIL.TiffImagePlugin import TiffImageFile

from degrade.core.errors import InputError
from degrade.core.formats import jpeg, png, profiles
from degrade.core.formats.icc import DamagedProfile
from degrade.core.formats.samples import Samples, read_samples
from degrade.core.storage.paths import read_bytes

FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP")
MAX_PIXELS = "FACES_MAX_PIXELS"  # environment variable
_REMEDY = f"set {MAX_PIXELS} to allow it, if memory does"
_TIFF = (b"II", b"MM")
_BOXES = b"ftyp"  # after four bytes: a file in boxes, whose brand follows
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_WIDTH, _HEIGHT, _ORIENTATION, _INTEROPERABILITY = 0x0100, 0x0101, 0x0112, 0xA005
logging.getLogger("PIL").addHandler(logging.NullHandler())  # else its errors are printed beside our sentence


def max_pixels() -> int | None:
    """The most pixels of an image that is read or made: FACES_MAX_PIXELS, or Pillow's limit, 89 million.

    None where a program has lifted Pillow's. Raises InputError for a variable that is no number.
    """
    if asked := os.environ.get(MAX_PIXELS):
        try:
            most = int(float(asked))
        except (OverflowError, ValueError):
            most = 0
        if most < 1:
            raise InputError(f"{MAX_PIXELS}: expected a number of pixels such as 2e8, got {asked!r}")
        Pillow.MAX_IMAGE_PIXELS = most
    return Pillow.MAX_IMAGE_PIXELS


def _check_pixels(height: int, width: int) -> None:
    most = max_pixels()
    if most is not None and height * width > most:
        raise InputError(f"has {width} x {height} px, more than {_limit(most)}; {_REMEDY}")


def _limit(most: int) -> str:
    return f"{most / 1e6:.0f} million pixels" if most >= 1e6 else f"{most} pixels"


class ImageFile:
    """A file whose header is read; `srgb` reads the rest. Faults of the file raise anything, see `reading`."""

    def __init__(self, data: bytes) -> None:
        self._chunks = png.PngColour()
        self._versions: tuple[bytes, ...] = (data,)
        if data.startswith(png.SIGNATURE):
            shorter, self._chunks = png.read_chunks(data)
            self._versions = (shorter,)
        elif data.startswith(b"\xff\xd8"):
            self._versions = jpeg.decodable(data)
        max_pixels()  # Pillow refuses twice as many by itself
        self._photo = _opened(self._versions[0])
        _check_pixels(*self._stored_size)

    @property
    def _stored_size(self) -> tuple[int, int]:
        """(height, width) before it is turned; Pillow's size of a TIFF is turned already, in some versions."""
        if isinstance(self._photo, TiffImageFile):
            return self._photo.tag_v2[_HEIGHT], self._photo.tag_v2[_WIDTH]
        return self._photo.height, self._photo.width

    @cached_property
    def orientation(self) -> int:
        """EXIF's, 1 to 8."""
        tags = self._photo.tag_v2 if isinstance(self._photo, TiffImageFile) else self._photo.getexif()
        value = tags.get(_ORIENTATION, 1)
        return value if value in range(1, 9) else 1

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) as the picture is shown."""
        return self._stored_size[::-1] if self.orientation >= 5 else self._stored_size

    @cached_property
    def pictures(self) -> int:
        """How many the file holds; the first is read."""
        if not getattr(self._photo, "is_animated", False):
            return 1
        try:
            return _opened(self._versions[0]).n_frames  # type: ignore[attr-defined]
        except Exception:  # of a later picture that is damaged
            return 2

    @property
    def is_grey(self) -> bool:
        """Whether its pixels have one number each, beside alpha."""
        return self._channels == 1

    @property
    def exif(self) -> Pillow.Exif:
        """What a camera wrote beside the picture; to be asked before `srgb`."""
        return self._photo.getexif()

    @property
    def dots_per_inch(self) -> tuple[float, float] | None:
        """Across and down, as printers and scanners count."""
        found = self._photo.info.get("dpi")
        return (float(found[0]), float(found[1])) if found else None

    @property
    def has_profile(self) -> bool:
        """Whether it says what its colours mean."""
        return self._icc is not None or self._chunks != png.PngColour() or self._is_adobe_rgb

    def srgb(self) -> tuple[np.ndarray, np.ndarray | None]:
        """The first picture: sRGB (H, W, 3), and alpha (H, W, 1) or None; both uint8, or float32 in [0, 1]."""
        samples = self._samples()
        pixels = samples.colour
        if self._converter and not samples.srgb:
            pixels = self._converter(pixels)
        if pixels.shape[2] == 1:
            pixels = cv2.merge([pixels] * 3)
        return self._turned(pixels), None if samples.alpha is None else self._turned(samples.alpha)

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be told about the file, each a clause."""
        several = (f"holds {self.pictures} pictures, the first is read",) if self.pictures > 1 else ()
        return several + self._colour[1]

    def _samples(self) -> Samples:
        """The first picture as it is stored, but that a TIFF is turned."""
        _ = self.orientation  # which Pillow forgets with loading a TIFF
        self._photo.load()
        for version in self._versions[1:]:
            other = _opened(version)
            other.load()
            if other.tobytes() != self._photo.tobytes():
                raise OSError("image file is truncated")
        return read_samples(self._photo, self._versions[0])

    def _turned(self, pixels: np.ndarray) -> np.ndarray:
        orientation = 1 if isinstance(self._photo, TiffImageFile) else self.orientation
        if orientation >= 5:
            pixels = pixels.transpose(1, 0, 2)
        if orientation in (2, 3, 6, 7):
            pixels = pixels[:, ::-1]
        if orientation in (3, 4, 7, 8):
            pixels = pixels[::-1]
        return np.ascontiguousarray(pixels)

    @property
    def _converter(self) -> profiles.Converter | None:
        return self._colour[0]

    @cached_property
    def _colour(self) -> tuple[profiles.Converter | None, tuple[str, ...]]:
        """What brings the pixels to sRGB, None where they are; and what is to be told about it."""
        notes: list[str] = []
        for converter in self._statements():
            try:
                return converter(), tuple(notes)
            except DamagedProfile as damage:
                notes.append(f"its colour profile {damage}, and is ignored")
        if self._channels == 4:
            raise InputError("expected RGB or grey, got CMYK; convert it with its colour profile first")
        return None, tuple(notes)

    def _statements(self) -> Iterator[Callable[[], profiles.Converter | None]]:
        """What the file says about its colours, the weightiest first."""
        icc, chunks, channels = self._icc, self._chunks, self._channels
        if code := chunks.code_points:
            yield lambda: profiles.from_code_points(code, channels)
        if icc is not None:
            yield lambda: profiles.from_icc(icc, channels)
        if channels != 4:
            if chunks.has_gamma:
                yield lambda: profiles.from_gamma(chunks.gamma, chunks.chromaticities, channels)
            if self._is_adobe_rgb:
                yield lambda: profiles.adobe_rgb(channels)

    @property
    def _icc(self) -> bytes | None:
        if self._photo.format == "BMP":
            return _bmp_profile(self._versions[0])
        return self._chunks.profile if self._chunks.profile is not None else self._photo.info.get("icc_profile")

    @cached_property
    def _is_adobe_rgb(self) -> bool:
        """Whether a camera says so by EXIF, in place of a profile. Source: DCF 2.0."""
        if "exif" not in self._photo.info:
            return False
        return str(self._photo.getexif().get_ifd(_INTEROPERABILITY).get(1)).startswith("R03")

    @property
    def _channels(self) -> int:
        grey = self._photo.mode[0] in "1LIF" and self._photo.mode != "LAB"
        if self._photo.format == "PNG":
            grey = self._versions[0][25] in (0, 4)
        return 1 if grey else 4 if self._photo.mode == "CMYK" else 3


def _bmp_profile(data: bytes) -> bytes | None:
    """The profile in a BMP, whose header then has 124 bytes. Source: Microsoft, BITMAPV5HEADER."""
    if int.from_bytes(data[14:18], "little") < 124 or data[70:74] != b"DEBM":
        return None
    start, size = (14 + int.from_bytes(data[126:130], "little"), int.from_bytes(data[130:134], "little"))
    return data[start : start + size]


def image_size(path: Path) -> tuple[int, int] | None:
    """(height, width) as degrade.core.image.read will give them; None where the header cannot be read."""
    try:
        with reading(read_bytes(path), str(path)) as file:
            return file.size
    except InputError:
        return None


@contextmanager
def reading(data: bytes, name: str) -> Iterator[ImageFile]:
    """The file of these bytes; whatever goes wrong with it becomes an InputError that begins with `name`."""
    try:
        with warnings.catch_warnings(), _silent(data):
            warnings.simplefilter("ignore")  # of damaged tags: the photo is read all the same, or refused
            yield ImageFile(data)
    except InputError as error:
        raise InputError(f"{name}: {error}") from error
    except Pillow.DecompressionBombError as error:
        raise InputError(f"{name}: has more than twice {_limit(max_pixels() or 0)}; {_REMEDY}") from error
    except UnidentifiedImageError as error:
        what = "a TIFF of a depth or colour that is not known here" if data[:2] in _TIFF else "no known format"
        raise InputError(f"{name}: not a readable {'/'.join(FORMATS)} image ({what})") from error
    except Exception as error:  # Pillow's decoders raise nearly every kind of exception on bad bytes
        reason = str(error) or type(error).__name__
        raise InputError(f"{name}: not a readable {'/'.join(FORMATS)} image ({reason})") from error


def _opened(data: bytes) -> Pillow.Image:
    return Pillow.open(io.BytesIO(data), formats=(pillow_format(data[8:12]),) if data[4:8] == _BOXES else FORMATS)


def pillow_format(brand: bytes) -> str:
    """Pillow's name of the format of a file in boxes, HEIC or AVIF, by its brand (ISO/IEC 23008-12), ready for use.

    Raises InputError where what reads it is not installed, and for other brands, such as those of videos.
    """
    if brand in (b"avif", b"avis"):
        if not features.check("avif"):
            raise InputError("is AVIF, which this Pillow cannot read; pip install --upgrade pillow")
        return "AVIF"
    if brand not in _HEIF_BRANDS:
        raise InputError("is no photograph but a video or another file in boxes; take its frames out with ffmpeg")
    try:
        import pillow_heif
    except ImportError as error:
        raise InputError(f"is HEIC, which needs a package; pip install pillow-heif ({error})") from error
    pillow_heif.register_heif_opener()
    return "HEIF"


@contextmanager
def _silent(data: bytes) -> Iterator[None]:
    """Silences standard error while libtiff reads, or OpenCV's libpng: both print what they dislike from C."""
    if data[:2] not in _TIFF and not (data.startswith(png.SIGNATURE) and data[24:25] == b"\x10"):
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
