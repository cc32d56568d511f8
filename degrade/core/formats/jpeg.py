"""Whether the picture in a JPEG is whole: libjpeg fills what is missing with grey, and only warns."""

import re
import struct
from dataclasses import dataclass

_END = b"\xff\xd9"
_SCAN = 0xDA
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ONE_PASS = (0xC0, 0xC1)  # baseline and extended sequential, Huffman
_FOLLOWED = (*_ONE_PASS, 0xC2, 0xC9, 0xCA)  # also progressive and arithmetic; lossless scans mean something else
_ALONE = frozenset((0x01, *range(0xD0, 0xD8)))  # markers without a length
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
# Bits put after the data: a decoder that needs more than there are makes something else of each.
_FILLS = (
    b"\xff\x00" * 12,
    b"\0" * 12,
    b"\xaa" * 12,
    b"".join(b"\xff%c\x4d\xb2\x93" % mark for mark in range(0xD0, 0xD8)),
)
_SPARSE = 1 / 32  # bytes for each pixel: two a block, which a picture of one colour needs and hardly another


@dataclass(frozen=True)
class _Scan:
    components: tuple[int, ...]
    first: int
    last: int
    low: int  # the lowest bit that has been sent
    start: int  # of its data


def decodable(data: bytes) -> tuple[bytes, ...]:
    """The bytes to decode in place of a JPEG's: one, or several which give the same picture if nothing is missing.

    A file without its end mark gets one. One with a single scan loses it: without a mark to stop at, libjpeg waits for
    data that are missing where it would make them up, and Pillow raises "truncated". A file that cannot be followed
    is given back as it is. Raises EOFError where whole scans are missing.
    """
    try:
        frame, area, components, scan = _first_scan(data)
        if frame in _ONE_PASS and len(scan.components) == components:
            return _in_one_pass(data, scan)
        ends = _ends(data, scan, components) if frame in _FOLLOWED else []
    except (IndexError, struct.error, ValueError):
        return (data,)
    if not ends or data.endswith(_END) and ends[-1] - scan.start > area * _SPARSE:
        return (data,)
    pieces = [data[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    return tuple(b"".join(piece + fill for piece in pieces) + _END for fill in _FILLS)


def _in_one_pass(data: bytes, scan: _Scan) -> tuple[bytes, ...]:
    end = data.find(_END, scan.start)
    if end >= 0:
        return (data[:end] + _FILLS[0],)
    data = data.removesuffix(b"\xff")  # half of an end mark
    return tuple(data + fill for fill in _FILLS)


def _first_scan(data: bytes) -> tuple[int, int, int, _Scan]:
    """(kind of frame, its pixels, its components, its first scan)."""
    place, frame, area, components = 2, 0, 0, 0
    while True:
        if data[place] != 0xFF:
            raise ValueError("no marker")
        kind = data[place + 1]
        if kind == 0xFF or kind in _ALONE:
            place += 1 if kind == 0xFF else 2
            continue
        if kind in _FRAMES:
            height, width, components = struct.unpack_from(">HHB", data, place + 5)
            frame, area = kind, height * width
        if kind == _SCAN:
            return frame, area, components, _scan(data, place)
        place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")


def _scan(data: bytes, place: int) -> _Scan:
    """The scan whose marker is at `place`."""
    count = data[place + 4]
    first, last, bits = data[place + 5 + 2 * count : place + 8 + 2 * count]
    start = place + 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    return _Scan(tuple(data[place + 5 : place + 5 + 2 * count : 2]), first, last, bits & 15, start)


def _ends(data: bytes, scan: _Scan, components: int) -> list[int]:
    """Where the data of each scan end; EOFError unless they bring every coefficient down to its last bit."""
    ends: list[int] = []
    whole: set[tuple[int, int]] = set()
    start = scan.start
    while True:
        found = _MARKER.search(data, start)
        if start == scan.start:
            ends.append(found.start() if found else len(data.removesuffix(b"\xff")))
            if scan.low == 0:
                whole |= {(one, place) for one in scan.components for place in range(scan.first, scan.last + 1)}
        if found is None or found[0] == _END:
            break
        start = found.start()
        if data[start + 1] == _SCAN:
            scan = _scan(data, start)
            start = scan.start
        else:
            start += 2 + int.from_bytes(data[start + 2 : start + 4], "big")
    if len(whole) < 64 * components:
        raise EOFError("image file is truncated: scans are missing")
    return ends
