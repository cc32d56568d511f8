"""Sheets of faces: nothing is lost where they are folded, a page holds them, and residual maps have a scale."""

import numpy as np
import pytest

from benchmark.reports.figures.sheets import GAIN, SheetSize, heading, residual, residual_sheet, scale_bar, sheet
from degrade.core.image import from_uint8, to_uint8
from degrade.portraits.paint import paint


def plain(number, side=64):
    """One colour of its own for each number."""
    return np.full((side, side, 3), (number / 20, 1 - number / 20, 0.5), np.float32)


def pixels(picture, image):
    """How many pixels have the colour of a plain image."""
    return int((np.abs(picture - image[0, 0]) < 1 / 255).all(axis=2).sum())


@pytest.mark.parametrize("columns", [1, 3, 4, 20])
def test_every_image_is_on_a_sheet_however_it_is_folded(columns):
    faces = [(f"method {number}", [plain(number), plain(number + 10)]) for number in range(1, 8)]
    picture = sheet(faces, SheetSize(2, columns), "a title")
    for _, images in faces:
        for image in images:
            assert pixels(picture, image) == 64 * 64
    lines = -(-7 // columns)
    assert picture.shape[1] == -(-7 // lines) * 70 + 6


@pytest.mark.parametrize(("methods", "faces"), [(2, 4), (12, 4), (30, 2), (5, 20)])
def test_a_sheet_fits_a_page(methods, faces):
    """A4 is 1.414 times as high as wide; heads and title may take a little more."""
    columns = [(f"a method of number {number}", [plain(1, 512)] * faces) for number in range(methods)]
    height, width, _ = sheet(columns, SheetSize(faces), "a title").shape
    assert width <= 1600 and height <= 2600


def test_heads_are_eleven_pixels_high_where_a_page_shows_a_sheet_900_pixels_wide():
    """Measured on a letter: the head of the wide sheet, reduced to 900 px, is about as high as that of a small one."""
    white = np.ones((256, 256, 3), np.float32)

    def dark_rows(columns):
        picture = sheet([("Head", [white])] * columns, SheetSize(1, columns), "")
        return int((picture.min(axis=(1, 2)) < 0.3).sum()), picture.shape[1]

    (wide, across), (narrow, _) = dark_rows(6), dark_rows(3)
    assert across > 1500 and wide * 900 / across >= 0.8 * narrow * 11 / 14


def test_a_residual_is_the_mean_distance_of_the_channels_times_the_gain():
    reference = np.zeros((2, 2, 3), np.float32)
    image = reference.copy()
    image[0, 0] = (0.03, 0.06, 0.0)
    image[1, 1] = 1
    expected = np.zeros((2, 2), np.float32)
    expected[0, 0], expected[1, 1] = GAIN * 0.03, 1
    for channel in range(3):
        np.testing.assert_allclose(residual(image, reference)[:, :, channel], expected, atol=1e-7)


def test_below_each_image_is_its_residual_and_below_the_reference_the_scale():
    face = from_uint8(to_uint8(paint(0, 64)))
    picture = residual_sheet([("a", [face])], [face], SheetSize(), "a title")
    top = next(row for row in range(200) if np.array_equal(picture[row : row + 64, 6:70], face))
    np.testing.assert_array_equal(picture[top + 70 : top + 134, 6:70], np.zeros((64, 64, 3)))  # none from itself
    np.testing.assert_array_equal(picture[top : top + 64, 76:140], face)
    np.testing.assert_array_equal(picture[top + 70 : top + 134, 76:140], scale_bar(64))


def test_the_scale_goes_from_no_difference_to_the_least_that_is_white():
    """Its greys are those that differences of 0 to 255 / GAIN steps have in a map."""
    bar = scale_bar(256)
    ramp = to_uint8(bar)[28:228, 40, 0].astype(int)  # without its frame
    assert ramp[0] >= 250 and ramp[-1] <= 5 and (np.diff(ramp) <= 0).all()
    half = residual(np.full((1, 1, 3), 0.5 / GAIN, np.float32), np.zeros((1, 1, 3), np.float32))
    assert ramp[len(ramp) // 2] == pytest.approx(255 * half[0, 0, 0], abs=2)


def test_a_heading_says_task_split_and_how_many():
    found = heading("sr4", "S2S, profile lite", "sr4-256-test-fe1e24d9", 4, 100)
    assert found == (
        "Face super-resolution (4x, bicubic), S2S, profile lite\n"
        "Split sr4-256-test-fe1e24d9, the first 4 of N = 100 images"
    )
    assert heading("mine", "evaluation out", "mine", 1, 2).startswith("mine, evaluation out\n")
    assert heading("mine", "evaluation out", "mine", 2, 2).endswith("all N = 2 images")
