"""PNG's own chunks about colour: which of them counts, and what changes no pixel."""

import struct

import numpy as np
import pytest

from degrade.core.errors import InputError
from degrade.core.image import decode, decode_uint8, describe
from tests.degrade.core.formats.made_files import chunk, encoded, iccp, png16, with_chunks
from tests.degrade.core.formats.test_profiles import ADOBE_RGB, COLOURS, GREYS, of_adobe_rgb, shown

SRGB_CHUNK = chunk(b"sRGB", b"\0")


def gama(value: int) -> bytes:
    return chunk(b"gAMA", struct.pack(">I", value))


def chrm(*points: float) -> bytes:
    return chunk(b"cHRM", struct.pack(">8I", *(round(point * 100000) for point in points)))


def cicp(*code: int) -> bytes:
    return chunk(b"cICP", bytes(code))


SRGB_POINTS = chrm(0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
ADOBE_POINTS = chrm(0.3127, 0.329, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)
CHANGE_NOTHING = [
    *(SRGB_CHUNK, SRGB_CHUNK + gama(45455) + SRGB_POINTS, SRGB_CHUNK + gama(100000) + ADOBE_POINTS),
    *(gama(45455), gama(45454), gama(45455) + SRGB_POINTS, SRGB_POINTS),
    *(cicp(1, 13, 0, 1), cicp(1, 13, 0, 1) + gama(100000) + ADOBE_POINTS),
    *(gama(0), chunk(b"gAMA", b"\0"), chunk(b"cHRM", b"\0" * 32), chunk(b"cICP", b"\0")),
]


@pytest.mark.parametrize("chunks", CHANGE_NOTHING)
def test_chunks_that_say_srgb_or_nothing_change_no_pixel(chunks: bytes) -> None:
    np.testing.assert_array_equal(decode_uint8(with_chunks(encoded(COLOURS), chunks), "photo"), COLOURS)
    np.testing.assert_array_equal(decode_uint8(with_chunks(encoded(GREYS), chunks), "photo")[:, :, 2], GREYS)


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        (gama(100000), lambda values: shown(values)),
        (gama(55556), lambda values: shown(values**1.8)),
        (gama(45471) + ADOBE_POINTS, of_adobe_rgb),
        (cicp(1, 8, 0, 1), lambda values: shown(values)),
        (cicp(1, 4, 0, 1), lambda values: shown(values**2.2)),
    ],
)
def test_gamma_and_primaries_of_a_png_are_converted(depth: int, chunks: bytes, expected) -> None:
    deep = COLOURS.astype(np.uint16) * 257
    data = with_chunks(encoded(COLOURS), chunks) if depth == 8 else png16(deep, chunks)
    np.testing.assert_allclose(decode(data, "photo"), expected(COLOURS / 255), atol=(1 if depth == 8 else 0.5) / 255)


def test_a_profile_goes_before_gamma_and_code_points_before_a_profile() -> None:
    found = decode_uint8(with_chunks(encoded(COLOURS), iccp(ADOBE_RGB) + gama(100000)), "photo")
    np.testing.assert_allclose(found, of_adobe_rgb(COLOURS / 255) * 255, atol=1)
    found = decode_uint8(with_chunks(encoded(COLOURS), cicp(1, 13, 0, 1) + iccp(ADOBE_RGB)), "photo")
    np.testing.assert_array_equal(found, COLOURS)


def test_grey_is_converted_by_gamma() -> None:
    found = decode(with_chunks(encoded(GREYS), gama(100000)), "photo")
    np.testing.assert_allclose(found[:, :, 0], shown(GREYS / 255), atol=0.6 / 255)


@pytest.mark.parametrize(
    ("code", "words"), [((9, 16, 0, 1), "is HDR"), ((1, 18, 0, 1), "is HDR"), ((7, 3, 0, 1), "not known")]
)
def test_hdr_and_unknown_code_points_are_refused_by_name(code: tuple[int, ...], words: str) -> None:
    with pytest.raises(InputError, match=f"photo: .*{words}.*sRGB"):
        decode(with_chunks(encoded(COLOURS), cicp(*code)), "photo")


def test_chunks_about_colour_count_as_a_profile() -> None:
    assert describe(with_chunks(encoded(COLOURS), gama(100000)), "photo").has_profile
    assert describe(with_chunks(encoded(COLOURS), SRGB_CHUNK), "photo").has_profile
