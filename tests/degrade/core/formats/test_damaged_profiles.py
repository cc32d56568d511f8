"""Colour profiles that are damaged: ignored with one warning, or refused in one sentence."""

import logging

import numpy as np
import pytest
from PIL import Image as Pillow

from degrade.core.errors import InputError
from degrade.core.image import decode, decode_uint8, describe
from tests.degrade.core.formats.made_files import (
    chunk,
    encoded,
    grey_profile,
    iccp,
    parametric,
    power,
    profile,
    rgb_profile,
    sampled,
    with_chunks,
)
from tests.degrade.core.formats.test_profiles import ADOBE, ADOBE_RGB, COLOURS, GREYS, inks, swapped_corners

DAMAGED = {
    "no profile": b"not a profile",
    "empty": b"",
    "half": ADOBE_RGB[: len(ADOBE_RGB) // 2],
    "no curve": ADOBE_RGB.replace(b"curv", b"xxxx"),
    "falling curve": rgb_profile(ADOBE, sampled(np.linspace(1, 0, 9))),
    "flat curve": rgb_profile(ADOBE, sampled(np.zeros(9))),
    "power of zero": rgb_profile(ADOBE, power(0)),
    "division by zero": rgb_profile(ADOBE, parametric(1, 2.2, 0, 0.5)),
    "unknown formula": rgb_profile(ADOBE, parametric(9, 2.2)),
    "one colour": rgb_profile((ADOBE[0],) * 3, power(2.2)),
    "of CMYK": inks(),
    "of a device link": profile(b"RGB ", {}, kind=b"link"),
    "many tags": ADOBE_RGB[:128] + b"\xff" * 4 + ADOBE_RGB[132:],
    "torn table": swapped_corners()[:-1200],
}


@pytest.mark.parametrize("icc", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_profile_is_ignored_with_one_warning(
    icc: bytes, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("degrade.core.image._told", set())
    data = with_chunks(encoded(COLOURS), iccp(icc))
    for _ in range(2):
        np.testing.assert_array_equal(decode_uint8(data, "photo"), COLOURS)
    assert len(caplog.messages) == 1 and caplog.records[0].levelno == logging.WARNING
    assert caplog.messages[0].startswith("photo: its colour profile ") and "ignored" in caplog.messages[0]
    assert len(describe(data, "photo").notes) == 1


def test_a_profile_chunk_that_cannot_be_unpacked_is_ignored() -> None:
    data = with_chunks(encoded(COLOURS), chunk(b"iCCP", b"x\0\0 no stream"))
    np.testing.assert_array_equal(decode_uint8(data, "photo"), COLOURS)


def test_any_mutation_of_a_profile_gives_an_image_or_one_sentence() -> None:
    rng = np.random.default_rng(0)
    for place in range(300):
        icc = bytearray((ADOBE_RGB, grey_profile(power(1.8)), swapped_corners(), inks())[place % 4])
        for at in rng.integers(0, min(len(icc), 700), rng.integers(1, 6)):
            icc[at] = rng.integers(256)
        if place % 4 == 3:
            ink = Pillow.fromarray(np.dstack([COLOURS, COLOURS[:, :, 0]]), "CMYK")
            data = encoded(ink, "TIFF", icc_profile=bytes(icc))
        else:
            data = with_chunks(encoded(GREYS if place % 4 == 1 else COLOURS), iccp(bytes(icc)))
        try:
            image = decode(data, "photo")
        except InputError as error:
            assert str(error).startswith("photo: ")
        else:
            assert np.isfinite(image).all() and image.min() >= 0 and image.max() <= 1
