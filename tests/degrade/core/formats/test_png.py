"""PNG as it is written: every writer keeps every pixel, of images of any size."""

import sys

import cv2
import numpy as np
import pytest

from degrade.core.errors import InputError
from degrade.core.formats import png
from degrade.core.image import decode_uint8

SIZES = [(1, 1), (1, 300), (300, 1), (2, 3), (17, 16), (64, 129), (512, 512)]


@pytest.fixture(params=png.WRITERS)
def writer(request: pytest.FixtureRequest) -> str:
    if request.param == "fast":
        pytest.importorskip("fpng")
    return request.param


@pytest.mark.parametrize("size", SIZES)
def test_every_writer_keeps_every_pixel(writer: str, size: tuple[int, int]) -> None:
    rng = np.random.default_rng(sum(size))
    noise = rng.integers(0, 256, (*size, 3), dtype=np.uint8)
    for pixels in (noise, noise // 128 * 255, np.full_like(noise, 77), np.sort(noise, axis=1)):
        data = png.encode(pixels, writer)
        assert data == png.encode(pixels, writer)
        np.testing.assert_array_equal(decode_uint8(data, "ours"), pixels)
        np.testing.assert_array_equal(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB), pixels)


def test_a_view_of_an_image_is_written_as_it_is_seen(writer: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    for view in (pixels[::2, ::3], pixels[::-1], pixels.transpose(1, 0, 2), pixels[:, :, ::-1]):
        np.testing.assert_array_equal(decode_uint8(png.encode(view, writer), "view"), view)


def test_other_arrays_are_refused(writer: str) -> None:
    for array in (np.zeros((4, 4, 3), np.float32), np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8)):
        with pytest.raises(TypeError, match="expected .H, W, 3. of uint8"):
            png.encode(array, writer)
    with pytest.raises(TypeError):
        png.encode(np.zeros((0, 4, 3), np.uint8), writer)


def test_a_writer_that_cannot_be_had_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="expected one of small, fast, got 'tiny'"):
        png.check_writer("tiny")
    monkeypatch.setitem(sys.modules, "fpng", None)
    png.check_writer("small")
    with pytest.raises(InputError, match="pip install fpng"):
        png.check_writer("fast")
