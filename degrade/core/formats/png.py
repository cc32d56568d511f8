"""PNG: what it says beside its pixels (chunks about colour, texts that nobody needs here), and how it is written."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from degrade.core.errors import InputError

WRITERS = ("small", "fast")
SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOURS = (b"iCCP", b"sRGB", b"gAMA", b"cHRM", b"cICP")
_TEXTS = (b"tEXt", b"zTXt", b"iTXt")
_WITH_ORIENTATION = (b"Raw profile type exif\0", b"XML:com.adobe.xmp\0")  # texts that Pillow reads it from
_LONG = 1 << 20  # bytes of a text and, unpacked, of what it holds; Pillow refuses the whole file beyond
_LARGEST_PROFILE = 1 << 26
_UP = (cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_UP)  # a quarter of the time of zlib's level 4, 8 % larger
_HEADER = len(SIGNATURE) + 25  # bytes up to the end of IHDR


@dataclass(frozen=True)
class PngColour:
    """The chunks about colour, None where there is none. profile: b"" where it cannot be unpacked.

    gamma, chromaticities: numbers of the chunks gAMA and cHRM, divided by 100,000; code_points: of cICP.
    """

    profile: bytes | None = None
    srgb: bool = False
    gamma: float | None = None
    chromaticities: tuple[float, ...] | None = None
    code_points: tuple[int, ...] | None = None

    @property
    def has_gamma(self) -> bool:
        """Whether gAMA and cHRM count: sRGB goes before them."""
        return not self.srgb and (self.gamma is not None or self.chromaticities is not None)


def read_chunks(data: bytes) -> tuple[bytes, PngColour]:
    """The PNG without its texts and colour chunks, for which Pillow may refuse the pixels; and its colour."""
    found: dict[bytes, bytes] = {}
    dropped = []
    for kind, start, end in _chunks(data):
        body = data[start + 8 : end - 4] if kind not in (b"IDAT", b"fdAT") else b""
        if kind in _COLOURS:
            found.setdefault(kind, body)
        if kind in _COLOURS or (kind in _TEXTS and not _needed(kind, body)):
            dropped.append((start, end))
    return _without(data, dropped), _colour(found)


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """(kind, start, end) of each whole chunk."""
    start = len(SIGNATURE)
    while start + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, start)
        end = start + 12 + length
        if end > len(data):
            return
        yield kind, start, end
        start = end


def check_writer(writer: str) -> None:
    """InputError for a writer that is not one of WRITERS, and where its package is missing."""
    if writer not in WRITERS:
        raise InputError(f"png: expected one of {', '.join(WRITERS)}, got '{writer}'")
    if writer == "fast":
        try:
            import fpng  # noqa: F401 - only few want it
        except ImportError as error:
            raise InputError(
                f"--png fast: needs the package fpng; pip install fpng, or leave it out ({error})"
            ) from error


def encode(pixels: np.ndarray, writer: str = "small") -> bytes:
    """A PNG of 8-bit RGB (H, W, 3); the same pixels give the same bytes with the same library.

    writer: "small" is OpenCV, "fast" the package fpng, which takes a seventh of the time and an eighth more room.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or 0 in pixels.shape:
        raise TypeError(f"expected (H, W, 3) of uint8, got {pixels.shape} of {pixels.dtype}")
    if writer == "small":
        return cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), _UP)[1].tobytes()
    import fpng  # here, as only few want it

    # Its other functions read past the end of what they are given.
    return bytes(fpng.from_ndarray(np.ascontiguousarray(pixels)))


def with_profile(data: bytes, profile: bytes) -> bytes:
    """The PNG, which has no profile yet, with an ICC profile."""
    kind_and_body = b"iCCPicc\0\0" + zlib.compress(profile)
    chunk = struct.pack(">I", len(kind_and_body) - 4) + kind_and_body
    return data[:_HEADER] + chunk + struct.pack(">I", zlib.crc32(kind_and_body)) + data[_HEADER:]


def _needed(kind: bytes, body: bytes) -> bool:
    """Whether the text may hold an orientation and is no longer than Pillow allows."""
    if not body.startswith(_WITH_ORIENTATION) or len(body) > _LONG:
        return False
    rest = body.partition(b"\0")[2]  # zTXt: method, packed text; iTXt: whether it is packed, method, two names, text
    if kind == b"tEXt" or (kind == b"iTXt" and rest[:1] == b"\0"):
        return True
    packed = rest[1:] if kind == b"zTXt" else rest[2:].split(b"\0", 2)[-1]
    return len(_unpacked(packed, _LONG + 1) or b"") <= _LONG


def _unpacked(packed: bytes, most: int) -> bytes | None:
    try:
        return zlib.decompressobj().decompress(packed, most)
    except zlib.error:
        return None


def _without(data: bytes, dropped: list[tuple[int, int]]) -> bytes:
    if not dropped:
        return data
    starts = [0, *(end for _, end in dropped)]
    ends = [*(start for start, _ in dropped), len(data)]
    return b"".join(data[start:end] for start, end in zip(starts, ends, strict=True))


def _colour(found: dict[bytes, bytes]) -> PngColour:
    gamma, points, code = found.get(b"gAMA", b""), found.get(b"cHRM", b""), found.get(b"cICP", b"")
    profile = None
    if b"iCCP" in found:
        profile = _unpacked(found[b"iCCP"].partition(b"\0")[2][1:], _LARGEST_PROFILE) or b""
    return PngColour(
        profile=profile,
        srgb=b"sRGB" in found,
        gamma=int.from_bytes(gamma, "big") / 1e5 if len(gamma) == 4 else None,
        chromaticities=tuple(point / 1e5 for point in struct.unpack(">8I", points)) if len(points) == 32 else None,
        code_points=tuple(code) if len(code) == 4 else None,
    )
