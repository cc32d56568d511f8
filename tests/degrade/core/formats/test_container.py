"""Image files as wholes: one size by every door, what is missing, what is too much, and what is said about it."""

import io
import logging
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import PngImagePlugin

from degrade.core.errors import InputError
from degrade.core.formats import container
from degrade.core.formats.container import image_size
from degrade.core.image import decode, decode_uint8, describe
from tests.degrade.core.formats.made_files import chunk, encoded, png, with_chunks
from tests.degrade.core.formats.test_samples import tiff_with_orientation

WIDE = np.random.default_rng(0).integers(0, 256, (5, 9, 3), dtype=np.uint8)
PHOTO = Pillow.fromarray(np.random.default_rng(1).integers(0, 256, (12, 16, 3), dtype=np.uint8)).resize((203, 150))
FLAT = Pillow.new("RGB", (203, 150), (90, 120, 40))
END = b"\xff\xd9"


def oriented(kind: str, orientation: int) -> bytes:
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    if kind == "TIFF":
        return tiff_with_orientation(WIDE, orientation)
    if kind == "TIFF 16":
        return tiff_with_orientation(WIDE.astype(np.uint16) * 257, orientation)
    if kind == "PNG, late":  # after the pixels
        late = chunk(b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0"))
        return encoded(WIDE)[:-12] + late + encoded(WIDE)[-12:]
    return encoded(WIDE, kind, exif=exif)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "PNG, late", "WEBP", "TIFF", "TIFF 16"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_size_of_a_header_is_that_of_the_pixels(kind: str, orientation: int, tmp_path: Path) -> None:
    path = tmp_path / "photo"
    path.write_bytes(oriented(kind, orientation))
    expected = (9, 5) if orientation >= 5 else (5, 9)
    assert image_size(path) == expected == decode(path.read_bytes(), "photo").shape[:2]


def test_there_is_no_size_without_a_header(tmp_path: Path) -> None:
    (tmp_path / "words").write_text("words")
    assert image_size(tmp_path / "words") is None and image_size(tmp_path / "nothing") is None


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_an_orientation_that_is_none_turns_nothing(value: int) -> None:
    np.testing.assert_array_equal(decode_uint8(oriented("PNG", value), "photo"), WIDE)


# ---- JPEG ------------------------------------------------------------------------------------------------------------
JPEGS = {
    "4:2:0": encoded(PHOTO, "JPEG"),
    "4:4:4": encoded(PHOTO, "JPEG", quality=95, subsampling=0),
    "grey": encoded(PHOTO.convert("L"), "JPEG"),
    "own tables": encoded(PHOTO, "JPEG", optimize=True),
    "restarts": encoded(PHOTO, "JPEG", restart_marker_blocks=7),
    "progressive": encoded(PHOTO, "JPEG", progressive=True),
    "progressive, restarts": encoded(PHOTO, "JPEG", progressive=True, restart_marker_rows=1),
    "one colour": encoded(FLAT, "JPEG"),
    "one colour, progressive": encoded(FLAT, "JPEG", progressive=True),
    "one pixel": encoded(Pillow.new("RGB", (1, 1)), "JPEG"),
}
every_jpeg = pytest.mark.parametrize("data", JPEGS.values(), ids=JPEGS.keys())


def pillows(data: bytes) -> np.ndarray:
    return np.asarray(Pillow.open(io.BytesIO(data)).convert("RGB"))


@every_jpeg
def test_a_whole_jpeg_is_read_as_pillow_does_whatever_follows_it(data: bytes) -> None:
    for tail in (b"", b"\0" * 5000, b"\xff\xd8\xff\xe0junk" + END, b"\xff" * 3):
        np.testing.assert_array_equal(decode_uint8(data + tail, "photo"), pillows(data))


@every_jpeg
def test_a_jpeg_that_lacks_only_its_end_mark_is_read(data: bytes) -> None:
    assert data.endswith(END)
    for lacking in (1, 2):
        np.testing.assert_array_equal(decode_uint8(data[:-lacking], "photo"), pillows(data))


@every_jpeg
def test_a_jpeg_that_lacks_data_is_refused_and_never_another_picture(data: bytes) -> None:
    start = data.index(b"\xff\xda") + 14
    for end in {*range(start, len(data) - 2, max(1, (len(data) - start) // 40)), *range(len(data) - 12, len(data) - 2)}:
        try:
            found = decode_uint8(data[:end], "photo")
        except InputError as error:
            assert str(error).startswith("photo: not a readable")
        else:
            np.testing.assert_array_equal(found, pillows(data))  # of one colour: the bits that are missing fill a byte


@pytest.mark.parametrize("kind", ["4:2:0", "4:4:4", "grey", "own tables", "restarts", "one colour"])
def test_an_end_mark_does_not_make_a_torn_jpeg_whole(kind: str) -> None:
    data = JPEGS[kind]
    start = data.index(b"\xff\xda") + 14
    for end in range(start, len(data) - 30, max(1, (len(data) - start) // 40)):
        with pytest.raises(InputError, match="photo: not a readable"):
            decode(data[:end] + END, "photo")


def test_a_progressive_jpeg_without_its_last_scans_is_refused_with_and_without_an_end_mark() -> None:
    data = JPEGS["progressive"]
    last = data.rindex(b"\xff\xda")
    for end in (last, last - 5, len(data) // 2):
        for mark in (b"", END):
            with pytest.raises(InputError, match="photo: not a readable"):
                decode(data[:end] + mark, "photo")


@pytest.mark.parametrize("progressive", [False, True])
def test_a_small_jpeg_that_claims_9400_px_is_refused(progressive: bool) -> None:
    data = encoded(Pillow.new("RGB", (16, 16)), "JPEG", progressive=progressive)
    place = data.index(b"\xff\xc2" if progressive else b"\xff\xc0") + 5
    with pytest.raises(InputError, match="photo: not a readable .*truncated"):
        decode(data[:place] + struct.pack(">HH", 9400, 9400) + data[place + 4 :], "photo")


# ---- PNG -------------------------------------------------------------------------------------------------------------
def texts(data: bytes) -> bytes:
    """All of it as a text of each kind."""
    packed = zlib.compress(data)
    return b"".join(
        [
            chunk(b"tEXt", b"workflow\0" + data),
            chunk(b"zTXt", b"workflow\0\0" + packed),
            chunk(b"iTXt", b"workflow\0\1\0\0\0" + packed),
            chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + packed),
            chunk(b"zTXt", b"Raw profile type exif\0\0" + packed),
        ]
    )


@pytest.mark.parametrize("length", [10, 2_000_000, 80_000_000])
def test_long_texts_do_not_matter_before_or_after_the_pixels(length: int, tmp_path: Path) -> None:
    data, words = encoded(WIDE), texts(b"x" * length)
    for whole in (with_chunks(data, words), data[:-12] + words + data[-12:]):
        np.testing.assert_array_equal(decode_uint8(whole, "photo"), WIDE)
    (tmp_path / "photo.png").write_bytes(with_chunks(data, words))
    assert image_size(tmp_path / "photo.png") == (5, 9)


def test_an_orientation_in_a_text_of_xmp_still_counts() -> None:
    info = PngImagePlugin.PngInfo()
    info.add_itxt("XML:com.adobe.xmp", '<x xmlns:tiff="t" tiff:Orientation="3"/>')
    np.testing.assert_array_equal(decode_uint8(encoded(WIDE, pnginfo=info), "photo"), WIDE[::-1, ::-1])


# ---- Several pictures ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "MPO"])
def test_the_first_of_several_pictures_is_read_and_that_is_said(
    kind: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("degrade.core.image._told", set())
    options = {"quality": 100, "subsampling": 0} if kind == "MPO" else {"lossless": True} if kind == "WEBP" else {}
    other = [Pillow.fromarray(255 - WIDE), Pillow.fromarray(WIDE // 2)]
    data = encoded(WIDE, kind, save_all=True, append_images=other, **options)
    found = decode_uint8(data, "photo").astype(int)
    assert np.abs(found - WIDE).max() <= (40 if kind == "MPO" else 0)
    assert describe(data, "photo").notes == ("holds 3 pictures, the first is read",)
    decode(data, "another")
    assert caplog.messages == ["photo: holds 3 pictures, the first is read; others like it are not named"]
    assert caplog.records[0].name == "degrade" and caplog.records[0].levelno == logging.WARNING


def test_a_second_page_that_is_damaged_does_not_hurt_the_first() -> None:
    data = bytearray(encoded(WIDE, "TIFF", save_all=True, append_images=[Pillow.fromarray(WIDE)]))
    (table,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, table)
    (second,) = struct.unpack_from("<I", data, table + 2 + 12 * count)
    data[second : second + 60] = b"\xff" * 60
    np.testing.assert_array_equal(decode_uint8(bytes(data), "photo"), WIDE)


# ---- How many pixels -------------------------------------------------------------------------------------------------
def of_size(height: int, width: int) -> bytes:
    """The head of a PNG that claims this size."""
    return png([b"\0" * 3], 1, 8, 2)[:16] + _head(height, width) + png([b"\0" * 3], 1, 8, 2)[33:]


def _head(height: int, width: int) -> bytes:
    body = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return body + struct.pack(">I", zlib.crc32(b"IHDR" + body))


@pytest.mark.parametrize("sides", [(9500, 9500), (20000, 20000), (1, 2**31 - 1)])
def test_too_many_pixels_are_refused_before_they_are_read(sides: tuple[int, int]) -> None:
    with pytest.raises(InputError, match="photo: has .*89 million pixels; set FACES_MAX_PIXELS to allow it"):
        decode(of_size(*sides), "photo")


@pytest.mark.parametrize(("asked", "readable"), [("44", False), ("45", True), ("4.5e1", True), ("2e9", True)])
def test_the_most_pixels_can_be_set(asked: str, readable: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pillow, "MAX_IMAGE_PIXELS", Pillow.MAX_IMAGE_PIXELS)
    monkeypatch.setenv(container.MAX_PIXELS, asked)
    if readable:
        assert decode(encoded(WIDE), "photo").shape == (5, 9, 3)
    else:
        with pytest.raises(InputError, match="photo: has 9 x 5 px, more than 44 pixels"):
            decode(encoded(WIDE), "photo")


@pytest.mark.parametrize("asked", ["many", "-1", "0", "nan", "inf"])
def test_a_number_of_pixels_that_is_none_is_refused(asked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(container.MAX_PIXELS, asked)
    with pytest.raises(InputError, match="FACES_MAX_PIXELS: expected a number of pixels such as 2e8"):
        decode(encoded(WIDE), "photo")


def test_no_address_is_in_a_sentence() -> None:
    for data in (b"words", b"II*\0words", b"\x89PNG\r\n\x1a\n", b"\xff\xd8words"):
        with pytest.raises(InputError) as caught:
            decode(data, "photo")
        assert "0x" not in str(caught.value)


def test_a_sentence_names_the_kind_of_an_error_without_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(container, "read_samples", fails)
    with pytest.raises(InputError, match=r"image \(MemoryError\)$"):
        decode(of_size(1, 1), "photo")
