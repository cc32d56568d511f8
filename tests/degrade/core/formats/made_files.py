"""Image files and colour profiles written byte by byte, where Pillow cannot write what a test needs."""

import io
import struct
import zlib
from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image as Pillow


def encoded(photo: Pillow.Image | np.ndarray, kind: str = "PNG", **options: object) -> bytes:
    """A file as Pillow writes it."""
    file = io.BytesIO()
    (Pillow.fromarray(photo) if isinstance(photo, np.ndarray) else photo).save(file, format=kind, **options)
    return file.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    """One chunk of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(rows: Sequence[bytes], width: int, depth: int, kind: int, chunks: bytes = b"") -> bytes:
    """A PNG of rows as they are stored; kind: 0 grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGB with alpha."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, len(rows), depth, kind, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows)))
    return b"\x89PNG\r\n\x1a\n" + head + chunks + body + chunk(b"IEND", b"")


def png16(pixels: np.ndarray, chunks: bytes = b"") -> bytes:
    """A PNG of (H, W, 1 to 4) uint16: grey, grey and alpha, RGB, RGB and alpha."""
    rows = [row.astype(">u2").tobytes() for row in pixels]
    return png(rows, pixels.shape[1], 16, {1: 0, 2: 4, 3: 2, 4: 6}[pixels.shape[2]], chunks)


def with_chunks(data: bytes, chunks: bytes) -> bytes:
    """A PNG with more chunks after its head."""
    return data[:33] + chunks + data[33:]


def iccp(profile: bytes) -> bytes:
    """The chunk of a PNG that holds a profile."""
    return chunk(b"iCCP", b"x\0\0" + zlib.compress(profile))


def tiff(
    planes: Sequence[bytes], height: int, width: int, tags: Mapping[int, Sequence[int]], order: str = "<"
) -> bytes:
    """An uncompressed TIFF with one strip for each plane; tags: numbers of 16 bits."""
    entries = {key: ("H", values) for key, values in tags.items()}
    entries |= {256: ("I", [width]), 257: ("I", [height]), 259: ("H", [1]), 278: ("I", [height])}
    entries |= {273: ("I", [0] * len(planes)), 279: ("I", [len(plane) for plane in planes])}
    start = 8 + 2 + 12 * len(entries) + 4
    start += sum(size for kind, values in entries.values() if (size := struct.calcsize(f"={len(values)}{kind}")) > 4)
    entries[273] = ("I", [start + sum(map(len, planes[:place])) for place in range(len(planes))])
    table = extra = b""
    for key, (kind, values) in sorted(entries.items()):
        packed = struct.pack(f"{order}{len(values)}{kind}", *values)
        if len(packed) > 4:
            place = 8 + 2 + 12 * len(entries) + 4 + len(extra)
            packed, extra = struct.pack(f"{order}I", place), extra + packed
        table += struct.pack(f"{order}HHI", key, {"H": 3, "I": 4}[kind], len(values)) + packed.ljust(4, b"\0")
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}IH", 8, len(entries))
    return head + table + b"\0" * 4 + extra + b"".join(planes)


def fixed(*numbers: float) -> bytes:
    """ICC's s15Fixed16."""
    return b"".join(struct.pack(">i", round(number * 65536)) for number in numbers)


def power(exponent: float) -> bytes:
    """An ICC curve that is a power."""
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(exponent * 256))


def sampled(values: np.ndarray) -> bytes:
    """An ICC curve through values in [0, 1]."""
    return b"curv\0\0\0\0" + struct.pack(">I", len(values)) + np.rint(values * 65535).astype(">u2").tobytes()


def parametric(kind: int, *numbers: float) -> bytes:
    """An ICC curve by formula."""
    return b"para\0\0\0\0" + struct.pack(">HH", kind, 0) + fixed(*numbers)


def profile(space: bytes, tags: Mapping[bytes, bytes], connection: bytes = b"XYZ ", kind: bytes = b"mntr") -> bytes:
    """An ICC profile of these tags, and of those that every profile has."""
    text = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"made\0" + b"\0" * 78
    d50 = fixed(0.9642, 1, 0.8249)
    tags = {b"desc": text, b"cprt": b"text\0\0\0\0none\0", b"wtpt": b"XYZ \0\0\0\0" + d50, **tags}
    table = data = b""
    for key, body in tags.items():
        table += key + struct.pack(">II", 132 + 12 * len(tags) + len(data), len(body))
        data += body + b"\0" * (-len(body) % 4)
    size = 132 + len(table) + len(data)
    head = struct.pack(">I4xI", size, 0x02400000) + kind + space + connection + struct.pack(">6H", 2024, 1, 1, 0, 0, 0)
    head += b"acsp" + b"\0" * 28 + d50
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + data


def rgb_profile(colorants: Sequence[Sequence[float]], curve: bytes) -> bytes:
    """A profile of three colorants (XYZ under D50 of red, green and blue) and one curve."""
    tags = {b"rgb"[i : i + 1] + b"XYZ": b"XYZ \0\0\0\0" + fixed(*colorants[i]) for i in range(3)}
    return profile(b"RGB ", tags | {b"rgb"[i : i + 1] + b"TRC": curve for i in range(3)})


def grey_profile(curve: bytes, connection: bytes = b"XYZ ") -> bytes:
    """A profile of grey pictures."""
    return profile(b"GRAY", {b"kTRC": curve}, connection)


def table_profile(space: bytes, channels: int, lab: np.ndarray) -> bytes:
    """A profile of a table to Lab: (n, ..., n, 3) L* in 0..100, a* and b* in -128..127, indexed by each channel."""
    nodes = np.rint(lab * [2.55, 1, 1] + [0, 128, 128]).clip(0, 255).astype(np.uint8)
    ramp = bytes(range(256))
    body = b"mft1\0\0\0\0" + bytes([channels, 3, len(lab), 0]) + fixed(1, 0, 0, 0, 1, 0, 0, 0, 1)
    table = body + ramp * channels + nodes.tobytes() + ramp * 3
    return profile(space, {b"A2B0": table}, b"Lab ", b"prtr")
