"""Depth and sense of samples: each file of one picture gives that picture, or a sentence names what is not read."""

import struct

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow

from degrade.core.errors import InputError
from degrade.core.image import decode, decode_uint8
from tests.degrade.core.formats.made_files import chunk, encoded, png, png16, tiff

BITS, SENSE, PER_PIXEL, LARGEST, PLANAR, PALETTE, EXTRA, FORMAT = 258, 262, 277, 281, 284, 320, 338, 339
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, INDEXED, CMYK, YCBCR, LAB = 0, 1, 2, 3, 5, 6, 8
GREYS = np.random.default_rng(0).random((6, 7))
COLOURS = np.random.default_rng(1).random((6, 7, 3))


def packed(numbers: np.ndarray, bits: int) -> bytes:
    """Rows of numbers of so many bits, the first in the highest bits, each row filled up to whole bytes."""
    rows = numbers.reshape(len(numbers), -1)
    ones = (rows[:, :, None] >> np.arange(bits - 1, -1, -1)) & 1
    return np.packbits(ones.reshape(len(rows), -1).astype(np.uint8), axis=1).tobytes()


def levels(values: np.ndarray, bits: int) -> np.ndarray:
    return np.rint(values * (2**bits - 1)).astype(np.int64)


def grey_tiff(numbers: bytes, bits: int, order: str = "<", **more: int) -> bytes:
    tags = {BITS: [bits], SENSE: [BLACK_IS_ZERO], PER_PIXEL: [1]}
    return tiff([numbers], *GREYS.shape, tags | {globals()[key]: [value] for key, value in more.items()}, order)


def colour_tiff(pixels: np.ndarray, order: str = "<", planes: bool = False, **more: int) -> bytes:
    height, width, count = pixels.shape
    tags = {BITS: [8 * pixels.itemsize] * count, SENSE: [RGB], PER_PIXEL: [count], PLANAR: [2 if planes else 1]}
    stored = pixels.astype(pixels.dtype.newbyteorder(order))
    strips = [plane.tobytes() for plane in stored.transpose(2, 0, 1)] if planes else [stored.tobytes()]
    return tiff(strips, height, width, tags | {globals()[key]: [value] for key, value in more.items()}, order)


def assert_grey(data: bytes, expected: np.ndarray, atol: float = 1e-6) -> None:
    found = decode(data, "photo")
    np.testing.assert_allclose(found, expected[:, :, None].repeat(3, axis=2), atol=atol)


@pytest.mark.parametrize("sense", ["BLACK_IS_ZERO", "WHITE_IS_ZERO"])
@pytest.mark.parametrize("bits", [1, 2, 4, 8, 12, 16, 32])
def test_grey_of_any_depth_and_sense_is_that_grey(bits: int, sense: str) -> None:
    numbers = levels(GREYS if sense == "BLACK_IS_ZERO" else 1 - GREYS, bits)
    stored = packed(numbers, bits) if bits <= 12 else numbers.astype(f"<u{bits // 8}").tobytes()
    data = grey_tiff(stored, bits, SENSE=globals()[sense])
    expected = numbers / (2**bits - 1)
    if (bits, sense) in ((12, "WHITE_IS_ZERO"), (32, "WHITE_IS_ZERO")):
        with pytest.raises(InputError, match="photo: not a readable .*a TIFF of a depth or colour that is not known"):
            decode(data, "photo")
    else:
        assert_grey(data, expected if sense == "BLACK_IS_ZERO" else 1 - expected)


def test_16_bits_of_the_other_byte_order_are_the_same_grey() -> None:
    numbers = levels(GREYS, 16)
    assert_grey(grey_tiff(numbers.astype(">u2").tobytes(), 16, ">"), numbers / 65535)


@pytest.mark.parametrize("depth", [9, 10, 12, 14, 15])
def test_fewer_bits_within_16_are_scaled_by_the_largest_value_that_the_file_says(depth: int) -> None:
    numbers = levels(GREYS, depth)
    data = grey_tiff(numbers.astype("<u2").tobytes(), 16, LARGEST=2**depth - 1)
    assert_grey(data, numbers / (2**depth - 1))
    colours = levels(COLOURS, depth).astype(np.uint16)
    np.testing.assert_allclose(
        decode(colour_tiff(colours, LARGEST=2**depth - 1), "photo"), colours / (2**depth - 1), atol=1e-6
    )


def test_a_largest_value_that_is_no_depth_is_a_statistic_and_scales_nothing() -> None:
    numbers = levels(GREYS, 16) // 2
    assert_grey(grey_tiff(numbers.astype("<u2").tobytes(), 16, LARGEST=int(numbers.max())), numbers / 65535)


def test_floats_in_0_to_1_are_that_grey_and_others_are_refused() -> None:
    stored = GREYS.astype("<f4")
    assert_grey(grey_tiff(stored.tobytes(), 32, FORMAT=3), stored)
    assert_grey(grey_tiff(stored.tobytes(), 32, FORMAT=3, SENSE=WHITE_IS_ZERO), 1 - stored)
    for wrong in (stored * 255, stored - 1, np.full_like(stored, np.nan)):
        with pytest.raises(InputError, match=r"photo: its samples are floats in .*; expected \[0, 1\]"):
            decode(grey_tiff(wrong.tobytes(), 32, FORMAT=3), "photo")


@pytest.mark.parametrize("bits", [8, 16, 32])
def test_signed_numbers_are_refused(bits: int) -> None:
    with pytest.raises(InputError, match=f"photo: its {bits}-bit samples are signed numbers"):
        decode(grey_tiff(np.zeros(GREYS.shape, f"<i{bits // 8}").tobytes(), bits, FORMAT=2), "photo")


@pytest.mark.parametrize("bits", [8, 16])
def test_grey_without_a_sense_is_refused(bits: int) -> None:
    data = tiff([bytes(6 * 7 * bits // 8)], 6, 7, {BITS: [bits], PER_PIXEL: [1]})
    with pytest.raises(InputError, match="photo: its tags do not say whether 0 is black"):
        decode(data, "photo")


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("bits", [8, 16])
def test_colours_of_8_and_16_bits_are_those_colours(bits: int, order: str) -> None:
    pixels = levels(COLOURS, bits).astype(f"u{bits // 8}")
    np.testing.assert_allclose(decode(colour_tiff(pixels, order), "photo"), pixels / (2**bits - 1), atol=1e-6)


def test_samples_in_separate_planes_are_read_at_8_bits_and_refused_at_16() -> None:
    pixels = levels(COLOURS, 8).astype(np.uint8)
    np.testing.assert_array_equal(decode_uint8(colour_tiff(pixels, planes=True), "photo"), pixels)
    with pytest.raises(InputError, match="photo: its 16-bit RGB samples lie in separate planes"):
        decode(colour_tiff(levels(COLOURS, 16).astype(np.uint16), planes=True), "photo")


@pytest.mark.parametrize("bits", [8, 16])
def test_the_fourth_sample_is_alpha_only_where_the_file_says_so(bits: int) -> None:
    most = 2**bits - 1
    pixels = levels(np.dstack([COLOURS, np.full(GREYS.shape, 0.2)]), bits).astype(f"u{bits // 8}")
    np.testing.assert_allclose(decode(colour_tiff(pixels, EXTRA=0), "photo"), pixels[:, :, :3] / most, atol=1e-6)
    mixed = pixels[:, :, :3] / most * 0.2 + 0.8
    np.testing.assert_allclose(decode(colour_tiff(pixels, EXTRA=2), "photo", "white"), mixed, atol=1e-6)
    if bits == 8:
        np.testing.assert_allclose(
            decode(colour_tiff(pixels, planes=True, EXTRA=2), "photo", "white"), mixed, atol=1e-6
        )
    else:
        with pytest.raises(InputError, match="photo: its 16-bit RGBA samples lie in separate planes"):
            decode(colour_tiff(pixels, planes=True, EXTRA=2), "photo", "white")


@pytest.mark.parametrize("bits", [8, 16])
def test_colours_that_are_multiplied_by_alpha_are_divided_again(bits: int) -> None:
    most = 2**bits - 1
    alpha = np.full((6, 7, 1), 0.6)
    pixels = levels(np.dstack([COLOURS * alpha, alpha]), bits).astype(f"u{bits // 8}")
    found = decode(colour_tiff(pixels, EXTRA=1), "photo", "black")
    np.testing.assert_allclose(found, pixels[:, :, :3] / most, atol=1.5 / most)  # over black it is what is stored


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_palettes_of_any_depth_show_their_colours(bits: int) -> None:
    numbers = levels(GREYS, bits)
    table = np.random.default_rng(2).integers(0, 256, (3, 2**bits))
    tags = {BITS: [bits], SENSE: [INDEXED], PER_PIXEL: [1], PALETTE: (table * 257).ravel().tolist()}
    data = tiff([packed(numbers, bits)], *GREYS.shape, tags)
    np.testing.assert_array_equal(decode_uint8(data, "photo"), table.T[numbers])


def test_ycbcr_is_converted_by_its_matrix() -> None:
    pixels = np.array([[[255, 128, 128], [76, 85, 255], [150, 44, 21], [29, 255, 107]]], np.uint8)  # white, R, G, B
    expected = np.array([[[255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 255]]])
    np.testing.assert_allclose(decode_uint8(colour_tiff(pixels, SENSE=YCBCR), "photo"), expected, atol=2)


# XYZ under D50 to linear sRGB, Bradford. Source: brucelindbloom.com.
D50_TO_SRGB = [
    [3.1338561, -1.6168667, -0.4906146],
    [-0.9787684, 1.9161415, 0.0334540],
    [0.0719453, -0.2289914, 1.4052427],
]


def test_lab_is_converted_from_d50() -> None:
    rng = np.random.default_rng(3)
    pixels = np.dstack([rng.integers(80, 220, (6, 7)), rng.integers(-20, 20, (6, 7, 2)) % 256]).astype(np.uint8)
    lightness = (pixels[:, :, 0] / 2.55 + 16) / 116
    a, b = (pixels[:, :, place].astype(np.int8) for place in (1, 2))  # with a sign
    xyz = np.stack([lightness + a / 500, lightness, lightness - b / 200], axis=2) ** 3 * [0.9642, 1, 0.8249]
    light = xyz @ np.transpose(D50_TO_SRGB)
    assert light.min() > 0.0031308 and light.max() < 1
    expected = (1.055 * light ** (1 / 2.4) - 0.055) * 255
    np.testing.assert_allclose(decode_uint8(colour_tiff(pixels, SENSE=LAB), "photo"), expected, atol=2)


@pytest.mark.parametrize(
    "tags",
    [
        {BITS: [4] * 3, SENSE: [RGB], PER_PIXEL: [3]},
        {BITS: [12] * 3, SENSE: [RGB], PER_PIXEL: [3]},
        {BITS: [5, 6, 5], SENSE: [RGB], PER_PIXEL: [3]},
        {BITS: [32] * 3, SENSE: [RGB], PER_PIXEL: [3], FORMAT: [3] * 3},
        {BITS: [16] * 2, SENSE: [BLACK_IS_ZERO], PER_PIXEL: [2], EXTRA: [2]},
        {BITS: [64], SENSE: [BLACK_IS_ZERO], PER_PIXEL: [1]},
        {BITS: [16], SENSE: [BLACK_IS_ZERO], PER_PIXEL: [1], FORMAT: [3]},
        {BITS: [8] * 3, SENSE: [9], PER_PIXEL: [3]},
    ],
)
def test_what_is_not_read_is_refused_by_name(tags: dict[int, list[int]]) -> None:
    with pytest.raises(InputError, match="photo: not a readable .*a TIFF of a depth or colour that is not known"):
        decode(tiff([bytes(range(96)) * 8], 6, 7, tags), "photo")


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits"])
@pytest.mark.parametrize("mode", ["1", "L", "I;16", "F", "P", "RGB", "RGBA"])
def test_compressed_tiffs_are_those_without_compression(mode: str, compression: str) -> None:
    deep = Pillow.fromarray(levels(GREYS, 16).astype(np.uint16))
    of_mode = {"I;16": deep, "F": Pillow.fromarray(GREYS.astype(np.float32))}
    colours = Pillow.fromarray(levels(COLOURS, 8).astype(np.uint8))
    photo = of_mode[mode] if mode in of_mode else colours.convert(mode)
    plain, small = (decode(encoded(photo, "TIFF", compression=way), "photo") for way in (None, compression))
    np.testing.assert_array_equal(small, plain)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("bits", [8, 16])
def test_a_tiff_is_turned_once(bits: int, orientation: int) -> None:
    # What the tag says of row 0 and column 0 of what is stored; TIFF 6.0, page 36.
    turned = {
        1: COLOURS,
        2: COLOURS[:, ::-1],
        3: COLOURS[::-1, ::-1],
        4: COLOURS[::-1],
        5: COLOURS.transpose(1, 0, 2),
        6: np.rot90(COLOURS, 1),
        7: COLOURS[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(COLOURS, -1),
    }[orientation]
    pixels = levels(np.ascontiguousarray(turned), bits).astype(f"u{bits // 8}")
    found = decode(tiff_with_orientation(pixels, orientation), "photo")
    np.testing.assert_allclose(found, levels(COLOURS, bits) / (2**bits - 1), atol=1e-6)


def tiff_with_orientation(pixels: np.ndarray, orientation: int) -> bytes:
    height, width, count = pixels.shape
    tags = {BITS: [8 * pixels.itemsize] * count, SENSE: [RGB], PER_PIXEL: [count], 274: [orientation]}
    return tiff([pixels.tobytes()], height, width, tags)


# ---- PNG -------------------------------------------------------------------------------------------------------------
def key(*numbers: int) -> bytes:
    return chunk(b"tRNS", struct.pack(f">{len(numbers)}H", *numbers))


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_grey_pngs_of_any_depth_with_and_without_a_transparent_grey(bits: int) -> None:
    numbers = levels(GREYS, bits)
    rows = [packed(row[None], bits) for row in numbers]
    assert_grey(png(rows, 7, bits, 0), numbers / (2**bits - 1))
    clear = int(numbers[2, 3])
    data = png(rows, 7, bits, 0, key(clear))
    with pytest.raises(InputError, match="photo: has an alpha channel"):
        decode(data, "photo")
    expected = np.where(numbers == clear, 1, numbers / (2**bits - 1))
    np.testing.assert_allclose(decode(data, "photo", "white")[:, :, 1], expected, atol=1e-6)


@pytest.mark.parametrize("bits", [8, 16])
def test_colour_pngs_with_a_transparent_colour(bits: int) -> None:
    pixels = levels(COLOURS, bits)
    rows = [packed(row[None], bits) for row in pixels]
    np.testing.assert_allclose(decode(png(rows, 7, bits, 2), "photo"), pixels / (2**bits - 1), atol=1e-6)
    found = decode(png(rows, 7, bits, 2, key(*pixels[2, 3].tolist())), "photo", "black")
    expected = pixels / (2**bits - 1)
    expected[2, 3] = 0
    np.testing.assert_allclose(found, expected, atol=1e-6)
    nowhere = png(rows, 7, bits, 2, key(1, 2, 3))
    np.testing.assert_allclose(decode(nowhere, "photo"), pixels / (2**bits - 1), atol=1e-6)


@pytest.mark.parametrize("channels", [2, 4])
def test_alpha_of_16_bits_is_mixed_and_dropped_where_it_is_opaque(channels: int) -> None:
    colours = levels(COLOURS[:, :, : channels - 1], 16).astype(np.uint16)
    opaque, half = (np.dstack([colours, np.full(GREYS.shape, alpha, np.uint16)]) for alpha in (65535, 13107))
    expected = np.broadcast_to(colours / 65535, COLOURS.shape)
    np.testing.assert_allclose(decode(png16(opaque), "photo"), expected, atol=1e-6)
    np.testing.assert_allclose(decode(png16(half), "photo", "white"), expected * 0.2 + 0.8, atol=1e-6)
    with pytest.raises(InputError, match="photo: has an alpha channel"):
        decode(png16(half), "photo")


@pytest.mark.parametrize(
    ("kind", "mode"), [("PNG", "LA"), ("PNG", "RGBA"), ("WEBP", "RGBA"), ("TIFF", "RGBA"), ("TIFF", "LA")]
)
def test_an_opaque_alpha_channel_is_dropped(kind: str, mode: str) -> None:
    photo = Pillow.fromarray(levels(COLOURS, 8).astype(np.uint8)).convert(mode)
    options = {"lossless": True} if kind == "WEBP" else {}
    found = decode_uint8(encoded(photo, kind, **options), "photo")
    np.testing.assert_array_equal(found, np.asarray(photo.convert("RGB")))


def test_a_palette_whose_colours_are_all_opaque_needs_no_background() -> None:
    photo = Pillow.fromarray(levels(COLOURS, 8).astype(np.uint8)).quantize(16)
    found = decode_uint8(encoded(photo, transparency=b"\xff" * 16), "photo")
    np.testing.assert_array_equal(found, np.asarray(photo.convert("RGB")))


def test_16_bit_files_as_opencv_writes_them_keep_every_value() -> None:
    deep = levels(COLOURS, 16).astype(np.uint16)
    for suffix in (".png", ".tiff"):
        data = cv2.imencode(suffix, np.ascontiguousarray(deep[:, :, ::-1]))[1].tobytes()
        np.testing.assert_array_equal(decode(data, "photo"), deep.astype(np.float32) / np.float32(65535))
