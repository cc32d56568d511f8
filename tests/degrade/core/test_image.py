"""The doors of the image contract: what is understood, what is refused, and how values are rounded."""

import io
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow

from degrade.core.errors import InputError
from degrade.core.image import (
    check_image,
    decode,
    decode_uint8,
    encode_compact_jpeg,
    encode_even_jpeg,
    encode_jpeg,
    encode_png,
    from_uint8,
    read,
    to_uint8,
    write,
)
from degrade.core.storage.listing import list_images

COLOUR = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [10, 20, 30]], [[1, 2, 3], [200, 100, 50]]], np.uint8)


def _encoded(photo: Pillow.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    photo.save(file, format=kind, **options)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP"])
def test_lossless_files_are_read_value_by_value(kind: str) -> None:
    image = decode(_encoded(Pillow.fromarray(COLOUR), kind), "photo")
    assert image.dtype == np.float32
    np.testing.assert_array_equal(image, COLOUR.astype(np.float32) / np.float32(255))


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "RGBA", "I;16"])
def test_8_bit_pixels_are_those_of_the_float_image_rounded(mode: str) -> None:
    pixels = np.arange(0, 65536, 257, dtype=np.uint16).reshape(16, 16) + np.arange(16, dtype=np.uint16)
    colour = np.stack([pixels >> 8, pixels & 255, np.full_like(pixels, 77)], axis=2).astype(np.uint8)
    photo = Pillow.fromarray(pixels) if mode == "I;16" else Pillow.fromarray(colour).convert(mode)
    if mode == "RGBA":
        photo.putalpha(Pillow.fromarray(colour[:, :, 0]))
    data = _encoded(photo)
    np.testing.assert_array_equal(decode_uint8(data, "photo", "white"), to_uint8(decode(data, "photo", "white")))


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_lossy_files_are_read_as_red_green_blue(kind: str) -> None:
    orange = np.full((16, 16, 3), (250, 120, 10), np.uint8)
    image = decode(_encoded(Pillow.fromarray(orange), kind, quality=95), "photo")
    np.testing.assert_allclose(image.mean((0, 1)) * 255, (250, 120, 10), atol=3)


def test_rounding_goes_to_the_nearest_and_never_wraps() -> None:
    values = np.array([-0.1, 0.0, 0.49 / 255, 0.51 / 255, 254.6 / 255, 1.0, 1.01], np.float32)
    np.testing.assert_array_equal(to_uint8(values), [0, 0, 0, 1, 255, 255, 255])


def test_every_8_bit_value_survives_the_round_trip(tmp_path: Path) -> None:
    every = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=2)
    np.testing.assert_array_equal(to_uint8(from_uint8(every)), every)
    write(tmp_path / "every.png", from_uint8(every))
    np.testing.assert_array_equal(read(tmp_path / "every.png"), from_uint8(every))


def test_grey_and_palette_files_become_three_channels() -> None:
    grey = np.array([[0, 128, 255]], np.uint8)
    image = decode(_encoded(Pillow.fromarray(grey)), "grey")
    np.testing.assert_array_equal(to_uint8(image), grey[:, :, None].repeat(3, axis=2))
    palette = Pillow.fromarray(COLOUR).quantize(6, dither=Pillow.Dither.NONE)
    np.testing.assert_array_equal(to_uint8(decode(_encoded(palette), "palette")), np.asarray(palette.convert("RGB")))


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
def test_16_bit_colour_keeps_its_depth(suffix: str) -> None:
    deep = np.array([[[0, 1, 65535], [300, 40000, 513]]], np.uint16)  # RGB
    data = cv2.imencode(suffix, deep[:, :, ::-1])[1].tobytes()
    np.testing.assert_array_equal(decode(data, "deep"), deep.astype(np.float32) / np.float32(65535))


def test_16_bit_grey_keeps_its_depth() -> None:
    deep = np.array([[0, 1, 65535, 513]], np.uint16)
    image = decode(cv2.imencode(".png", deep)[1].tobytes(), "deep")
    np.testing.assert_array_equal(image, deep[:, :, None].repeat(3, axis=2).astype(np.float32) / np.float32(65535))


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation: int, depth: int) -> None:
    # The stored pixels that a viewer must turn by `orientation` to show COLOUR (EXIF 2.3, tag 0x0112).
    turned = {
        1: COLOUR,
        2: COLOUR[:, ::-1],
        3: COLOUR[::-1, ::-1],
        4: COLOUR[::-1],
        5: COLOUR.transpose(1, 0, 2),
        6: np.rot90(COLOUR, 1),
        7: COLOUR[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(COLOUR, -1),
    }[orientation]
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    if depth == 8:
        data = _encoded(Pillow.fromarray(np.ascontiguousarray(turned)), exif=exif)
    else:
        plain = cv2.imencode(".png", np.ascontiguousarray(turned[:, :, ::-1]).astype(np.uint16) * 257)[1].tobytes()
        data = _with_exif(plain, exif)
    np.testing.assert_array_equal(to_uint8(decode(data, "turned")), COLOUR)


def _with_exif(png: bytes, exif: Pillow.Exif) -> bytes:
    """The PNG with an eXIf chunk before its first IDAT."""
    donor = _encoded(Pillow.new("RGB", (1, 1)), exif=exif)
    start = donor.index(b"eXIf") - 4
    length = int.from_bytes(donor[start : start + 4], "big") + 12
    place = png.index(b"IDAT") - 4
    return png[:place] + donor[start : start + length] + png[place:]


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_alpha_is_refused_unless_a_background_is_named(mode: str) -> None:
    clear = Pillow.new("P", (2, 2)) if mode == "P" else Pillow.new("RGBA", (2, 2), (200, 100, 0, 0)).convert(mode)
    data = _encoded(clear, transparency=0) if mode == "P" else _encoded(clear)
    with pytest.raises(InputError, match="photo: has an alpha channel; save it without one, or lay it on a background"):
        decode(data, "photo")
    assert decode(data, "photo", "white").min() == 1
    assert decode(data, "photo", "black").max() == 0


def test_half_transparent_pixels_are_mixed_with_the_background() -> None:
    data = _encoded(Pillow.new("RGBA", (1, 1), (255, 0, 0, 51)))  # alpha 0.2
    np.testing.assert_allclose(decode(data, "photo", "white")[0, 0], (1, 0.8, 0.8), atol=1e-6)


def test_cmyk_is_refused_even_with_a_background() -> None:
    data = _encoded(Pillow.new("CMYK", (4, 4)), "JPEG")
    for background in (None, "white"):
        with pytest.raises(InputError, match="photo: expected RGB or grey, got CMYK"):
            decode(data, "photo", background)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "BMP"])
def test_truncated_files_are_refused(kind: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    data = _encoded(Pillow.fromarray(noise), kind)
    with pytest.raises(InputError, match="photo: not a readable"):
        decode(data[: len(data) // 2], "photo")


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_file_that_lacks_its_last_part_is_refused(kind: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    with pytest.raises(InputError, match="photo: not a readable"):
        decode(_encoded(Pillow.fromarray(noise), kind)[:-200], "photo")


@pytest.mark.parametrize("data", [b"", b"plain words", b"\x89PNG\r\n\x1a\n", _encoded(Pillow.new("L", (4, 4)), "GIF")])
def test_what_is_no_known_image_is_refused(data: bytes) -> None:
    with pytest.raises(InputError, match="photo: not a readable PNG/JPEG/WEBP/TIFF/BMP image"):
        decode(data, "photo")


def test_a_truncated_16_bit_file_is_refused() -> None:
    deep = np.random.default_rng(0).integers(0, 65536, (64, 64, 3), dtype=np.uint16)
    data = cv2.imencode(".png", deep)[1].tobytes()
    for end in (len(data) // 2, len(data) - 100):
        with pytest.raises(InputError, match="photo: not a readable"):
            decode(data[:end], "photo")


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="none.png: cannot be read .No such file"):
        read(tmp_path / "none.png")


def test_the_contract_is_checked_at_the_door() -> None:
    check_image(np.zeros((2, 3, 3), np.float32))
    for wrong in (np.zeros((2, 3, 3)), [[0]], np.zeros((2, 3, 3), np.uint8)):
        with pytest.raises(TypeError, match="expected a float32 array"):
            check_image(wrong)
    for shape in ((2, 3), (2, 3, 4), (0, 3, 3)):
        with pytest.raises(ValueError, match="expected shape"):
            check_image(np.zeros(shape, np.float32))
    for value in (-0.01, 1.01, np.nan, np.inf):
        with pytest.raises(ValueError, match="expected values in"):
            encode_png(np.full((2, 2, 3), value, np.float32))


def test_images_are_listed_below_subfolders_in_order_and_other_files_are_left_out(tmp_path: Path) -> None:
    for name in ("b.PNG", "a.jpeg", "sub/c.webp", "notes.txt", "d.gif"):
        write_path = tmp_path / name
        write_path.parent.mkdir(exist_ok=True)
        write_path.write_bytes(b"")
    (tmp_path / "folder.png").mkdir()
    assert [path.name for path in list_images(tmp_path)] == ["a.jpeg", "b.PNG", "c.webp"]


def test_a_folder_without_images_and_a_missing_one_are_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("words")
    with pytest.raises(InputError, match="holds no image"):
        list_images(tmp_path)
    with pytest.raises(InputError, match="expected a folder of images, got a file"):
        list_images(tmp_path / "notes.txt")
    with pytest.raises(InputError, match="expected a folder of images, got nothing there"):
        list_images(tmp_path / "missing")


def test_an_unreadable_folder_is_one_sentence(tmp_path: Path, monkeypatch) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    (tmp_path / "face.png").write_bytes(b"")
    scan = os.scandir

    def refuse(path: str) -> object:
        if Path(path) == closed:
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(InputError, match="closed: cannot be listed .Permission denied."):
        list_images(tmp_path)


@pytest.mark.parametrize("noise", [0.02, 1.0], ids=["smooth", "noise alone"])
def test_a_compact_jpeg_has_the_pixels_of_the_other_in_fewer_bytes(noise: float) -> None:
    rng = np.random.default_rng(0)
    image = np.clip(0.5 + noise * rng.standard_normal((130, 97, 3)), 0, 1).astype(np.float32)
    plain, compact = encode_jpeg(image, 92), encode_compact_jpeg(image, 92)
    np.testing.assert_array_equal(decode_uint8(plain, "plain"), decode_uint8(compact, "compact"))
    assert len(compact) < len(plain)


def test_an_even_jpeg_is_nearer_to_noise_than_quality_91_in_as_many_bytes() -> None:
    image = np.clip(np.random.default_rng(0).normal(0.5, 0.12, (128, 128, 3)), 0, 1).astype(np.float32)
    even, usual = encode_even_jpeg(image), encode_compact_jpeg(image, 91)
    far, usually = (abs(decode_uint8(data, "copy") - 255 * image).mean() for data in (even, usual))
    assert far < 4.5 < 0.8 * usually and len(even) < 1.05 * len(usual)


def test_an_even_jpeg_takes_fewer_bytes_of_texture_than_quality_91() -> None:
    noise = np.random.default_rng(0).normal(0, 0.08, (128, 128, 3))
    image = np.clip(0.5 + cv2.GaussianBlur(noise, (0, 0), 1), 0, 1).astype(np.float32)
    even, usual = encode_even_jpeg(image), encode_compact_jpeg(image, 91)
    far, usually = (abs(decode_uint8(data, "copy") - 255 * image).mean() for data in (even, usual))
    assert far < 2.5 and len(even) < 0.9 * len(usual)


@pytest.mark.parametrize("side", [16, 256])
def test_an_even_jpeg_takes_the_worst_image_there_is(side: int) -> None:
    """Black and white noise in every channel: two bytes a pixel, more than Pillow's buffer for several scans."""
    image = np.random.default_rng(0).integers(0, 2, (side, side, 3)).astype(np.float32)
    assert decode_uint8(encode_even_jpeg(image), "copy").shape == image.shape
