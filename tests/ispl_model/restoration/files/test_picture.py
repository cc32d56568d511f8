"""What comes back: the format, size, EXIF, grey, alpha, resolution and profile of the image that went in."""

import io
import sys

import numpy as np
import pytest
from PIL import Image as Pillow

from degrade.core.errors import InputError
from degrade.core.formats.profiles import grey_profile, srgb_profile
from degrade.core.image import decode
from ispl_model.restoration.files.picture import FORMATS, Picture, encode_picture, read_picture

CAMERA, PLACE = 0x8769, 0x8825
RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (24, 36, 3), dtype=np.uint8)
WITH_EXIF = [suffix for suffix, kind in FORMATS.items() if kind in ("PNG", "JPEG", "WEBP", "TIFF")]


def photo_file(photo: Pillow.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    photo.save(buffer, format=kind, **options)
    return buffer.getvalue()


def camera_tags(orientation: int = 6, note: int = 0, adobe: bool = True) -> bytes:
    exif = Pillow.Exif()
    exif[0x0112], exif[0x010F], exif[0x8298] = orientation, "A camera", "(c) an archive"
    camera = {0x9003: "1927:10:24 10:00:00", 0xA001: 65535, 0xA002: 36, 0xA003: 24}
    camera |= {0xA005: {1: "R03"}} if adobe else {}
    exif.get_ifd(CAMERA).update(camera)
    if note:
        exif.get_ifd(CAMERA)[0x927C] = b"n" * note
    exif.get_ifd(PLACE)[1] = "N"
    return exif.tobytes()


def adobe_tags() -> bytes:
    exif = Pillow.Exif()
    exif.get_ifd(CAMERA)[0xA005] = {1: "R03"}
    return exif.tobytes()


def again(data: bytes, suffix: str, name: str = "in") -> tuple[Picture, Pillow.Image]:
    """A file read and written with the pixels it had, and what Pillow finds in the result."""
    picture = read_picture(data, name)
    result = encode_picture(Picture(picture.pixels, picture.alpha), picture, suffix)
    return picture, Pillow.open(io.BytesIO(result))


@pytest.mark.parametrize("suffix", WITH_EXIF)
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_exif_is_kept_upright_and_says_srgb(kind, suffix):
    data = photo_file(Pillow.fromarray(PIXELS), kind, exif=camera_tags())
    picture, result = again(data, suffix)
    assert picture.pixels.shape == (36, 24, 3) and result.size == (24, 36)
    exif = result.getexif()
    assert (exif[0x0112], exif[0x010F], exif[0x8298]) == (1, "A camera", "(c) an archive")
    camera = exif.get_ifd(CAMERA)
    assert camera[0x9003] == "1927:10:24 10:00:00" and exif.get_ifd(PLACE)[1] == "N"
    assert (camera[0xA001], camera[0xA002], camera[0xA003]) == (1, 24, 36)
    assert 0xA005 not in camera


@pytest.mark.parametrize("suffix", WITH_EXIF)
def test_what_is_read_again_has_the_colours_that_were_written(suffix):
    """Pixels of a camera's Adobe RGB are sRGB in the result, which must not be converted twice."""
    data = photo_file(Pillow.new("RGB", (16, 16), (120, 200, 90)), "JPEG", quality=100, exif=adobe_tags())
    picture = read_picture(data, "in")
    assert picture.has_profile and abs(int(picture.pixels[0, 0, 0]) - 120) > 10
    result = encode_picture(Picture(picture.pixels), picture, suffix, 100)
    assert np.abs(decode(result, "out") * 255 - picture.pixels).max() < 4


@pytest.mark.parametrize("suffix", ["." + name for name in ("png", "jpg", "jpeg", "webp", "tif", "tiff", "bmp")])
def test_grey_stays_grey_in_every_format_and_resolution_stays(suffix):
    data = photo_file(Pillow.fromarray(PIXELS[:, :, 0]), "TIFF", dpi=(300, 300))
    picture, result = again(data, suffix)
    assert picture.is_grey and result.mode in ("L", "RGB") and (result.mode == "L" or suffix == ".webp")
    if FORMATS[suffix] in ("PNG", "TIFF", "BMP"):
        np.testing.assert_array_equal(np.asarray(result), PIXELS[:, :, 0])
    if FORMATS[suffix] in ("PNG", "JPEG", "TIFF"):
        assert result.info["dpi"] == pytest.approx((300, 300), abs=0.1)
    for photo in (PIXELS[:, :, 0], np.repeat(PIXELS[:, :, :1], 3, 2)):  # of one channel, and of three that are equal
        values = np.asarray(again(photo_file(Pillow.fromarray(photo), "TIFF"), suffix)[1].convert("RGB"))
        np.testing.assert_array_equal(values, np.repeat(values[:, :, :1], 3, 2))


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
@pytest.mark.parametrize("suffix", [".png", ".webp", ".tif", ".jpg", ".bmp"])
def test_alpha_is_kept_or_refused(mode, suffix):
    alpha = RNG.integers(0, 256, (24, 36), dtype=np.uint8)
    photo = Pillow.fromarray(PIXELS).convert(mode)
    photo.putalpha(Pillow.fromarray(alpha))
    data = photo_file(photo, "PNG")
    if suffix in (".jpg", ".bmp"):
        with pytest.raises(InputError, match="is transparent, which .* cannot be; add --background white"):
            again(data, suffix)
        return
    _, result = again(data, suffix)
    assert result.mode == ("RGBA" if suffix == ".webp" else mode)
    np.testing.assert_array_equal(np.asarray(result.getchannel("A")), alpha)


@pytest.mark.parametrize("suffix", WITH_EXIF)
def test_a_profile_of_srgb_where_there_was_any(suffix):
    data = photo_file(Pillow.fromarray(PIXELS), "PNG", icc_profile=srgb_profile())
    assert again(data, suffix)[1].info["icc_profile"] == srgb_profile()
    assert not again(photo_file(Pillow.fromarray(PIXELS), "PNG"), suffix)[1].info.get("icc_profile")


@pytest.mark.parametrize("suffix", (*WITH_EXIF, ".avif"))
@pytest.mark.parametrize("mode", ["L", "LA"])
def test_a_grey_profile_of_srgbs_curve_where_a_grey_picture_had_any(suffix, mode):
    if mode == "LA" and suffix in (".jpg", ".jpeg"):
        pytest.skip("JPEG has no transparency")
    greys = np.arange(256, dtype=np.uint8).reshape(16, 16)
    data = photo_file(Pillow.fromarray(greys).convert(mode), "PNG", icc_profile=grey_profile())
    picture, result = again(data, suffix)
    assert not picture.notes and (picture.pixels == greys[:, :, None]).all()
    wanted = srgb_profile() if result.mode.startswith("RGB") else grey_profile()
    assert result.info["icc_profile"] == wanted
    assert not read_picture(encode_picture(picture, picture, suffix, 100), "again").notes


def test_a_makers_note_too_long_for_a_jpeg_is_left_out_and_the_rest_stays():
    data = photo_file(Pillow.fromarray(PIXELS), "PNG", exif=camera_tags(note=70_000))
    _, result = again(data, ".jpg")
    assert result.getexif().get_ifd(CAMERA)[0x9003] == "1927:10:24 10:00:00"


def test_a_side_that_a_format_cannot_hold_is_one_sentence():
    picture = Picture(np.zeros((1, 17_000, 3), np.uint8))
    with pytest.raises(InputError, match="cannot be written as WEBP .*; use --format png"):
        encode_picture(picture, picture, ".webp")


def test_sixteen_bits_become_eight_by_rounding():
    values = np.array([[0, 128, 129, 65535]], np.uint16)
    picture = read_picture(photo_file(Pillow.fromarray(values), "PNG"), "in")
    result = np.asarray(Pillow.open(io.BytesIO(encode_picture(Picture(picture.pixels), picture, ".png"))))
    np.testing.assert_array_equal(result, np.rint(values / 257))


@pytest.mark.parametrize(("kind", "suffix"), [("HEIF", ".heic"), ("AVIF", ".avif"), ("HEIF", ".png")])
@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
def test_heic_and_avif_come_back_upright_with_what_was_beside_them(kind, suffix, mode):
    """A colour field with a dark corner, that shows how it is turned."""
    pillow_heif = pytest.importorskip("pillow_heif")
    pillow_heif.register_heif_opener()
    pixels = np.full((64, 96, 3), (180, 90, 60), np.uint8)
    pixels[:32, :32] = 10
    photo = Pillow.fromarray(pixels).convert(mode)
    data = photo_file(photo, kind, quality=95, exif=camera_tags(adobe=False))
    picture, result = again(data, suffix)
    upright = np.rot90(np.asarray(Pillow.fromarray(pixels).convert("L")).astype(int), -1)
    assert np.abs(np.asarray(result.convert("L")).astype(int) - upright).mean() < 3
    assert picture.is_grey == (mode == "L") and (picture.alpha is not None) is False
    exif = result.getexif()
    assert (exif.get(0x0112, 1), exif[0x8298]) == (1, "(c) an archive")


def test_what_cannot_be_read_in_boxes_is_one_sentence(monkeypatch):
    with pytest.raises(InputError, match="clip.heic: is no photograph but a video"):
        read_picture(b"\0\0\0\x18ftypisom" + b"\0" * 100, "clip.heic")
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(InputError, match="is HEIC, which needs a package; pip install pillow-heif"):
        read_picture(b"\0\0\0\x18ftypheic" + b"\0" * 100, "in.heic")
    monkeypatch.setattr("PIL.features.check", lambda name: False)
    with pytest.raises(InputError, match="is AVIF, which this Pillow cannot read"):
        read_picture(b"\0\0\0\x18ftypavif" + b"\0" * 100, "in.avif")
