"""What a file's numbers mean as colours: brought to sRGB, by formulas of this file's own, or left alone."""

import io
import struct

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageCms

from degrade.core.errors import InputError
from degrade.core.formats import profiles
from degrade.core.image import decode, decode_uint8, describe, encode_png, to_uint8
from tests.degrade.core.formats.made_files import (
    encoded,
    grey_profile,
    iccp,
    parametric,
    png16,
    power,
    rgb_profile,
    sampled,
    table_profile,
    tiff,
    with_chunks,
)

COLOURS = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
GREYS = np.arange(256, dtype=np.uint8).reshape(16, 16)
SRGB_CURVE = np.where((x := np.linspace(0, 1, 1024)) <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)
# XYZ under D50 as the profiles of Hewlett-Packard (sRGB IEC61966-2.1) and Adobe (Adobe RGB (1998)) have them.
HP = ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410))
ADOBE = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
ADOBE_GAMMA = 2.19921875
ADOBE_RGB = rgb_profile(ADOBE, power(ADOBE_GAMMA))
# Linear light to XYZ under D65: Adobe RGB (1998) encoding, 4.3.5.3; its inverse for sRGB: IEC 61966-2-1.
ADOBE_TO_XYZ = np.array([[0.57667, 0.18556, 0.18823], [0.29734, 0.62736, 0.07529], [0.02703, 0.07069, 0.99134]])
XYZ_TO_SRGB = np.array([[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]])

OF_SRGB = {
    "Pillow's": ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
    "HP's": rgb_profile(HP, sampled(SRGB_CURVE)),
    "of 4096 samples": rgb_profile(HP, sampled(np.interp(np.linspace(0, 1, 4096), x, SRGB_CURVE))),
    "small": rgb_profile(HP, sampled(np.interp(np.linspace(0, 1, 64), x, SRGB_CURVE))),
    "by formula": rgb_profile(HP, parametric(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)),
    "by a longer formula": rgb_profile(HP, parametric(4, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045, 0, 0)),
}


def shown(light: np.ndarray) -> np.ndarray:
    """Linear light as sRGB values in [0, 1]."""
    light = light.clip(0, 1)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def of_adobe_rgb(values: np.ndarray) -> np.ndarray:
    """sRGB values of Adobe RGB values, both in [0, 1]."""
    return shown(values**ADOBE_GAMMA @ ADOBE_TO_XYZ.T @ XYZ_TO_SRGB.T)


@pytest.mark.parametrize("icc", OF_SRGB.values(), ids=OF_SRGB.keys())
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_a_profile_of_srgb_changes_no_pixel(icc: bytes, kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    for pixels in (COLOURS, np.repeat(GREYS[:, :, None], 3, axis=2)):
        np.testing.assert_array_equal(decode_uint8(encoded(pixels, kind, icc_profile=icc, **options), "photo"), pixels)
    deep = COLOURS.astype(np.uint16) * 251
    np.testing.assert_array_equal(decode(png16(deep, iccp(icc)), "photo"), decode(png16(deep), "photo"))


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_adobe_rgb_is_converted(kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    found = decode_uint8(encoded(COLOURS, kind, icc_profile=ADOBE_RGB, **options), "photo")
    np.testing.assert_allclose(found, of_adobe_rgb(COLOURS / 255) * 255, atol=1)
    assert np.abs(found.astype(int) - COLOURS).max() > 20


def test_a_jpeg_in_adobe_rgb_is_converted() -> None:
    plain = encoded(COLOURS, "JPEG", quality=95)
    found = decode_uint8(encoded(COLOURS, "JPEG", quality=95, icc_profile=ADOBE_RGB), "photo")
    np.testing.assert_allclose(found, of_adobe_rgb(decode(plain, "photo").astype(float)) * 255, atol=1)


def test_a_jpeg_that_is_adobe_rgb_by_exif_alone_is_converted() -> None:
    exif = Pillow.Exif()
    exif.get_ifd(0x8769)[0xA005] = {1: "R03"}
    plain = encoded(COLOURS, "JPEG", quality=95)
    found = decode_uint8(encoded(COLOURS, "JPEG", quality=95, exif=exif), "photo")
    np.testing.assert_allclose(found, of_adobe_rgb(decode(plain, "photo").astype(float)) * 255, atol=1)
    exif.get_ifd(0x8769)[0xA005] = {1: "R98"}  # sRGB
    found = decode_uint8(encoded(COLOURS, "JPEG", quality=95, exif=exif), "photo")
    np.testing.assert_array_equal(found, decode_uint8(plain, "photo"))


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_16_bit_adobe_rgb_is_converted_at_its_depth(suffix: str) -> None:
    deep = np.random.default_rng(1).integers(0, 65536, (30, 20, 3), dtype=np.uint16)
    if suffix == ".png":
        data = png16(deep, iccp(ADOBE_RGB))
    else:
        data = tiff([deep.tobytes()], 30, 20, {258: [16] * 3, 262: [2], 277: [3], 34675: [0] * 3})
        data = _with_profile_tag(data, ADOBE_RGB)
    # The matrices above have four or five digits: half an 8-bit level at most where the curve of sRGB is steep.
    np.testing.assert_allclose(decode(data, "photo"), of_adobe_rgb(deep / 65535), atol=0.5 / 255)
    levels = len(np.unique(decode(png16(deep, iccp(ADOBE_RGB)), "photo")))
    assert levels > 1000  # 256 would mean that it went through 8 bits


def _with_profile_tag(data: bytes, icc: bytes) -> bytes:
    """A TIFF whose tag 34675, so far three numbers of 16 bits, is the profile, put at its end."""
    place = data.index(struct.pack("<HHI", 34675, 3, 3))
    return data[:place] + struct.pack("<HHII", 34675, 7, len(icc), len(data)) + data[place + 12 :] + icc


P3 = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))


@pytest.mark.parametrize(
    "icc",
    [
        rgb_profile(P3, parametric(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)),
        rgb_profile(P3, parametric(0, 1.8)),
        rgb_profile(P3, parametric(1, 2.2, 0.95, 0.05)),
        rgb_profile(HP, parametric(2, 2.2, 0.94, 0.05, 0.01)),
        rgb_profile(ADOBE, b"curv" + b"\0" * 8),
        rgb_profile(ADOBE, sampled(np.linspace(0, 1, 37) ** 2.6)),
    ],
)
def test_matrix_profiles_agree_with_littlecms(icc: bytes) -> None:
    source, srgb = ImageCms.ImageCmsProfile(io.BytesIO(icc)), ImageCms.createProfile("sRGB")
    theirs = ImageCms.profileToProfile(Pillow.fromarray(COLOURS), source, srgb, renderingIntent=1)
    found = decode_uint8(encoded(COLOURS, icc_profile=icc), "photo")
    assert np.abs(found.astype(int) - np.asarray(theirs)).max() <= 1


@pytest.mark.parametrize("depth", [8, 16])
def test_grey_is_converted_by_the_curve_of_its_profile(depth: int) -> None:
    icc, greys = grey_profile(power(1.8)), GREYS / 255
    data = encoded(GREYS, icc_profile=icc)
    if depth == 16:
        data = png16(GREYS[:, :, None].astype(np.uint16) * 257, iccp(icc))
    expected = shown(greys**1.8)[:, :, None].repeat(3, axis=2)
    np.testing.assert_allclose(decode(data, "photo"), expected, atol=(0.6 if depth == 8 else 0.1) / 255)
    srgb = grey_profile(sampled(SRGB_CURVE))
    np.testing.assert_array_equal(to_uint8(decode(encoded(GREYS, icc_profile=srgb), "photo"))[:, :, 1], GREYS)


def test_a_grey_profile_may_give_lightness() -> None:
    icc = grey_profile(b"curv" + b"\0" * 8, b"Lab ")  # the number is L* itself
    root = (GREYS / 255 * 100 + 16) / 116
    light = np.where(root > 6 / 29, root**3, 3 * (6 / 29) ** 2 * (root - 4 / 29))
    found = decode(encoded(GREYS, "JPEG", quality=100, icc_profile=icc), "photo")[:, :, 0]
    np.testing.assert_allclose(found, shown(light), atol=3 / 255)


@pytest.mark.parametrize(("mark", "converted"), [(b"DEBM", True), (b"BGRs", False)])
def test_a_profile_in_a_bmp_is_applied_where_its_header_says_so(mark: bytes, converted: bool) -> None:
    stored = encoded(COLOURS, "BMP")
    fields = stored[18:54] + b"\0" * 16 + mark + b"\0" * 48 + b"\4\0\0\0"  # up to and with the intent
    place = 124 + len(stored) - 54
    fields += struct.pack("<III", place, len(ADOBE_RGB), 0)
    data = b"BM" + struct.pack("<III", 14 + place + len(ADOBE_RGB), 0, 138) + struct.pack("<I", 124) + fields
    found = decode_uint8(data + stored[54:] + ADOBE_RGB, "photo")
    expected = of_adobe_rgb(COLOURS / 255) * 255 if converted else COLOURS
    np.testing.assert_allclose(found, expected, atol=1 if converted else 0)


def test_alpha_stays_as_it_is_beside_converted_colours() -> None:
    pixels = np.dstack([COLOURS, np.full(COLOURS.shape[:2], 255, np.uint8)])
    pixels[0, 0] = 200, 30, 40, 51  # alpha 0.2
    found = decode(encoded(pixels, icc_profile=ADOBE_RGB), "photo", "white")
    expected = of_adobe_rgb(pixels[:, :, :3] / 255)
    expected[0, 0] = expected[0, 0] * 0.2 + 0.8
    np.testing.assert_allclose(found, expected, atol=1 / 255)


def test_a_palette_is_converted_as_colours() -> None:
    photo = Pillow.fromarray(COLOURS).quantize(64)
    found = decode_uint8(encoded(photo, icc_profile=ADOBE_RGB), "photo")
    np.testing.assert_allclose(found, of_adobe_rgb(np.asarray(photo.convert("RGB")) / 255) * 255, atol=1)


# CIE Lab under D50 of the eight corners of sRGB, red first. Source: Lindbloom's calculator, Bradford.
CORNERS = {
    (0, 0, 0): (0, 0, 0), (0, 0, 1): (29.57, 68.30, -112.03), (0, 1, 0): (87.82, -79.29, 80.99),
    (0, 1, 1): (90.67, -50.67, -14.96), (1, 0, 0): (54.29, 80.81, 69.89), (1, 0, 1): (60.17, 93.55, -60.50),
    (1, 1, 0): (97.61, -15.75, 93.39), (1, 1, 1): (100, 0, 0),
}  # fmt: skip


def inks() -> bytes:
    """A CMYK profile whose solid inks and overprints are the corners of sRGB; black is black."""
    lab = np.zeros((2, 2, 2, 2, 3))
    for (red, green, blue), colour in CORNERS.items():
        lab[1 - red, 1 - green, 1 - blue, 0] = colour
    return table_profile(b"CMYK", 4, lab)


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_is_converted_by_its_profile_and_refused_without(kind: str) -> None:
    corners = np.array([[(255 - 255 * r, 255 - 255 * g, 255 - 255 * b, 0) for r, g, b in CORNERS]], np.uint8)
    pixels = corners.repeat(16, axis=1).repeat(16, axis=0)
    options = {"quality": 100, "subsampling": 0} if kind == "JPEG" else {}
    found = decode_uint8(encoded(Pillow.fromarray(pixels, "CMYK"), kind, icc_profile=inks(), **options), "photo")
    expected = np.array([list(CORNERS)], np.uint8) * 255
    np.testing.assert_allclose(found[8, 8::16], expected[0], atol=10)
    for useless in ({}, {"icc_profile": ADOBE_RGB}):
        with pytest.raises(InputError, match="photo: expected RGB or grey, got CMYK; convert it"):
            decode(encoded(Pillow.fromarray(pixels, "CMYK"), kind, **useless), "photo", "white")


def swapped_corners() -> bytes:
    """A table profile of RGB in which red and green have changed places."""
    lab = np.zeros((2, 2, 2, 3))
    for (red, green, blue), colour in CORNERS.items():
        lab[green, red, blue] = colour
    return table_profile(b"RGB ", 3, lab)


def test_a_table_profile_is_applied_at_8_bits_and_refused_at_16() -> None:
    corners = np.array([list(CORNERS)], np.uint8) * 255
    found = decode_uint8(encoded(corners, icc_profile=swapped_corners()), "photo")
    np.testing.assert_allclose(found, corners[:, :, [1, 0, 2]], atol=10)
    with pytest.raises(InputError, match="photo: its colour profile has tables, which are applied to 8 bits only"):
        decode(png16(corners.astype(np.uint16) * 257, iccp(swapped_corners())), "photo")


def test_a_long_profile_is_read_from_a_png() -> None:
    long = ADOBE_RGB + np.random.default_rng(0).bytes(3_000_000)
    found = decode_uint8(with_chunks(encoded(COLOURS), iccp(long)), "photo")
    np.testing.assert_allclose(found, of_adobe_rgb(COLOURS / 255) * 255, atol=1)


# ---- What is written -------------------------------------------------------------------------------------------------
def test_a_written_image_carries_a_profile_of_srgb_if_asked_and_reads_back_the_same() -> None:
    image = decode(encoded(COLOURS), "photo")
    data = encode_png(image, profile=True)
    assert data == encode_png(image, profile=True)
    icc = Pillow.open(io.BytesIO(data)).info["icc_profile"]
    assert ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(icc))).startswith("sRGB")
    np.testing.assert_array_equal(decode(data, "photo"), image)
    assert "icc_profile" not in Pillow.open(io.BytesIO(encode_png(image))).info


def test_a_description_says_whether_there_is_a_profile() -> None:
    assert not describe(encoded(COLOURS), "photo").has_profile
    assert not describe(encoded(COLOURS, "JPEG"), "photo").has_profile
    assert describe(encoded(COLOURS, "JPEG", icc_profile=ADOBE_RGB), "photo").has_profile
    assert describe(encoded(COLOURS), "photo").notes == ()


def test_the_grey_profile_has_srgbs_curve_for_littlecms_too() -> None:
    greys = np.arange(256, dtype=np.uint8).reshape(16, 16)
    profile = ImageCms.ImageCmsProfile(io.BytesIO(profiles.grey_profile()))
    srgb = ImageCms.createProfile("sRGB")
    shown = np.asarray(ImageCms.profileToProfile(Pillow.fromarray(greys), profile, srgb, outputMode="RGB"))
    np.testing.assert_array_equal(shown, greys[:, :, None].repeat(3, axis=2))
    assert profiles.from_icc(profiles.grey_profile(), 1) is None
