"""Tone: one value worked out by hand for each."""

import cv2
import numpy as np
import pytest

from degrade.operators.blur.gaussian import SharpenHalo
from degrade.operators.photometric import ColourJitter, Fade


def test_black_and_white_fade_to_the_levels_given() -> None:
    photo = np.zeros((1, 2, 3), np.float32)
    photo[0, 1] = 1
    faded = Fade(black=51.0, white=204.0, saturation=0.3, warmth=0.0)(photo)
    np.testing.assert_allclose(faded[0], [[0.2] * 3, [0.8] * 3], atol=1e-6)


def test_warmth_raises_red_and_lowers_blue() -> None:
    grey = np.full((1, 1, 3), 0.5, np.float32)
    np.testing.assert_allclose(Fade(0.0, 255.0, 1.0, 0.1)(grey)[0, 0], [0.55, 0.5, 0.45], atol=1e-6)


def test_saturation_is_the_share_of_colour_left() -> None:
    """Pure green has luma 0.587."""
    green = np.array([[[0, 1, 0]]], np.float32)
    np.testing.assert_allclose(Fade(0.0, 255.0, 0.5, 0.0)(green)[0, 0], [0.2935, 0.7935, 0.2935], atol=1e-6)
    np.testing.assert_allclose(Fade(0.0, 255.0, 0.0, 0.0)(green)[0, 0], [0.587] * 3, atol=1e-6)


def test_sharpening_an_edge_leaves_rims_of_the_size_unsharp_masking_predicts() -> None:
    """Beside a step from 0.4 to 0.6 a wide blur is 0.1 x erf(x / (sigma sqrt 2)) from the middle."""
    edge = np.full((9, 80, 3), 0.4, np.float32)
    edge[:, 40:] = 0.6
    sharpened = SharpenHalo(amount=1.0, sigma=5.0)(edge)
    share = 0.03983  # erf(0.5 / (5 sqrt 2)) / 2, from a table of the normal distribution at 0.1
    assert sharpened[4, 40, 0] == pytest.approx(0.6 + (0.6 - (0.5 + 0.2 * share)), abs=1e-3)
    assert sharpened[4, 39, 0] == pytest.approx(0.4 - (0.6 - (0.5 + 0.2 * share)), abs=1e-3)


def test_sharpening_by_nothing_and_sharpening_what_is_flat_change_nothing() -> None:
    photo = np.random.default_rng(0).random((20, 20, 3), dtype=np.float32)
    np.testing.assert_allclose(SharpenHalo(0.0, 2.0)(photo), photo, atol=1e-7)
    flat = np.full((20, 20, 3), 0.3, np.float32)
    np.testing.assert_allclose(SharpenHalo(1.5, 2.0)(flat), flat, atol=1e-6)


def test_jitter_changes_brightness_contrast_and_saturation_by_their_factors() -> None:
    """Luma of (0.2, 0.4, 0.6) is 0.0598 + 0.2348 + 0.0684 = 0.363; that of white is 1."""
    photo = np.array([[[0.2, 0.4, 0.6], [1, 1, 1]]], np.float32)
    np.testing.assert_allclose(ColourJitter(brightness=1.5)(photo)[0], [[0.3, 0.6, 0.9], [1, 1, 1]], atol=1e-6)
    middle = (0.363 + 1) / 2
    expected = [middle + 0.5 * (value - middle) for value in (0.2, 0.4, 0.6)]
    np.testing.assert_allclose(ColourJitter(contrast=0.5)(photo)[0, 0], expected, atol=1e-6)
    np.testing.assert_allclose(ColourJitter(saturation=0.5)(photo)[0, 0], [0.2815, 0.3815, 0.4815], atol=1e-6)


def test_a_third_of_a_turn_of_hue_makes_red_green_and_leaves_grey() -> None:
    photo = np.array([[[0.8, 0.2, 0.2], [0.5, 0.5, 0.5]]], np.float32)
    np.testing.assert_allclose(ColourJitter(hue=1 / 3)(photo)[0], [[0.2, 0.8, 0.2], [0.5, 0.5, 0.5]], atol=1e-5)
    np.testing.assert_allclose(ColourJitter(hue=-1 / 3)(photo)[0], [[0.2, 0.2, 0.8], [0.5, 0.5, 0.5]], atol=1e-5)


@pytest.mark.parametrize("hue", [-0.5, -0.001, 0.001, 0.37, 0.5])
def test_hue_turns_by_the_remainder_of_a_whole_turn_to_the_last_bit(hue: float) -> None:
    photo = np.random.default_rng(0).random((200, 200, 3)).astype(np.float32)
    hsv = cv2.cvtColor(photo, cv2.COLOR_RGB2HSV)
    hsv[:, :, 0] = (hsv[:, :, 0] + np.float32(360 * hue)) % 360
    np.testing.assert_array_equal(ColourJitter(hue=hue)(photo), np.clip(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), 0, 1))
