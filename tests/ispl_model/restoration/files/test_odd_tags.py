"""Metadata that cannot be written again: left out with a word about it, and the picture and all other tags stay."""

import io
import struct

import numpy as np
import pytest
from PIL import Image as Pillow

from ispl_model.restoration.files.picture import Picture, encode_picture, lost_dots, read_picture
from ispl_model.restoration.files.restore_files import RestorePlan, restore_files
from tests.ispl_model.restoration.files.test_many import Darker

CAMERA, PLACE = 0x8769, 0x8825
ASCII, SHORT, LONG, RATIONAL, LONG8 = 2, 3, 4, 5, 16  # types of TIFF 6.0, and BigTIFF's
PHOTO = Pillow.fromarray(np.random.default_rng(0).integers(0, 256, (24, 36, 3), dtype=np.uint8))
ODD = [
    (PLACE, 1, SHORT, 2, struct.pack("<HH", 78, 0), "GPSLatitudeRef"),
    (None, 0x9999, LONG8, 1, b"\xff" * 8, "0x9999"),
    (None, 0x0108, ASCII, 1, b"v", "CellWidth"),
    (CAMERA, 0x9999, LONG8, 1, b"\xff" * 8, "0x9999"),
    (None, 0x010D, RATIONAL, 2, struct.pack("<4I", 1, 2, 3, 4), "DocumentName"),
]


def directory(entries, start: int) -> bytes:
    """A list of tags, (tag, type, count, value as bytes) each, that begins at that byte. Source: TIFF 6.0, section 2"""
    lines, values, after = b"", b"", start + 2 + 12 * len(entries) + 4
    for tag, kind, count, value in sorted(entries):
        short = value.ljust(4, b"\0") if len(value) <= 4 else struct.pack("<I", after + len(values))
        values += value if len(value) > 4 else b""
        lines += struct.pack("<HHI", tag, kind, count) + short
    return struct.pack("<H", len(entries)) + lines + struct.pack("<I", 0) + values


def photo_with(place: int | None, *entry) -> bytes:
    """A JPEG with a maker's name, a time and a height above the sea, and one tag more in one of the three lists."""
    lists = {
        None: [(0x010F, ASCII, 8, b"A maker\0")],
        CAMERA: [(0x9003, ASCII, 20, b"1927:10:24 10:00:00\0")],
        PLACE: [(6, RATIONAL, 1, struct.pack("<II", 7, 1))],
    }
    lists[place].append(entry)
    starts = {CAMERA: 500, PLACE: 1000}
    main = lists[None] + [(tag, LONG, 1, struct.pack("<I", start)) for tag, start in starts.items()]
    data = b"II*\0" + struct.pack("<I", 8) + directory(main, 8)
    for tag, start in starts.items():
        data = data.ljust(start, b"\0") + directory(lists[tag], start)
    buffer = io.BytesIO()
    PHOTO.save(buffer, "JPEG", exif=b"Exif\0\0" + data)
    return buffer.getvalue()


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tiff"])
@pytest.mark.parametrize("odd", ODD)
def test_a_tag_of_another_type_is_left_out_and_named_and_the_others_stay(odd, suffix):
    place, tag, *_, name = odd
    picture = read_picture(photo_with(*odd[:5]), "in")
    assert picture.notes == (f"of its metadata is left out what cannot be written again: {name}",)
    exif = Pillow.open(io.BytesIO(encode_picture(picture, picture, suffix))).getexif()
    assert exif[0x010F] == "A maker" and exif.get_ifd(CAMERA)[0x9003] == "1927:10:24 10:00:00"
    assert exif.get_ifd(PLACE)[6] == 7
    assert tag not in (exif if place is None else exif.get_ifd(place))


@pytest.mark.filterwarnings("ignore:Metadata Warning")
def test_what_libtiff_alone_refuses_is_written_without_it():
    exif = Pillow.Exif()
    exif[0x0120] = (7, 8)  # FreeOffsets, one number in libtiff
    buffer = io.BytesIO()
    PHOTO.save(buffer, "PNG", exif=exif.tobytes())
    picture = read_picture(buffer.getvalue(), "in")
    result = Pillow.open(io.BytesIO(encode_picture(picture, picture, ".tiff")))
    assert result.tag_v2[0x0120] == 7 and np.array_equal(result, PHOTO)


@pytest.mark.parametrize(
    ("dots", "lost"),
    [
        ((float("nan"),) * 2, (".png", ".jpg", ".tiff")),
        ((300, float("inf")), (".png", ".jpg", ".tiff")),
        ((-72, 72), (".png", ".jpg", ".tiff")),
        ((2.0**32 - 1,) * 2, (".png", ".jpg", ".tiff")),
        ((2.0**32 - 256,) * 2, (".png", ".jpg")),
        ((65_536, 300), (".jpg",)),
        ((65_535, 300), ()),
    ],
)
def test_a_resolution_that_a_format_cannot_hold_is_left_out_and_told(dots, lost):
    picture = Picture(np.asarray(PHOTO), dpi=dots)
    for suffix in (".png", ".jpg", ".tiff", ".webp"):
        result = Pillow.open(io.BytesIO(encode_picture(picture, picture, suffix)))
        said = lost_dots(picture, picture, suffix)
        if suffix in lost:
            assert said == (f"its resolution, {dots[0]:g} x {dots[1]:g} dots per inch, is left out",)
        elif suffix != ".webp":
            assert said == () and result.info["dpi"] == pytest.approx(dots, abs=0.1)


def test_the_picture_is_restored_its_line_says_what_is_left_out_and_the_batch_goes_on(tmp_path):
    (tmp_path / "in").mkdir()
    paths = [tmp_path / "in" / name for name in ("a.jpg", "b.tif", "c.png")]
    paths[0].write_bytes(photo_with(*ODD[0][:5]))
    PHOTO.save(paths[1], dpi=(float(2**32 - 1),) * 2)
    PHOTO.save(paths[2])
    out, asked = tmp_path / "out", RestorePlan("photo", no_face="keep", suffix=".png")
    *_, summary = restore_files(Darker(), paths, out, asked)
    assert summary.errors == () and summary.faceless == 3
    text = (out / "restored.jsonl").read_text()
    assert "cannot be written again: GPSLatitudeRef" in text and "resolution, 4.29497e+09 x" in text
