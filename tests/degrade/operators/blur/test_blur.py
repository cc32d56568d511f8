"""Blur: kernels against formulas worked out here."""

import numpy as np
import pytest
from scipy import ndimage

from degrade.core.image import Image
from degrade.operators.base import next_odd
from degrade.operators.blur.gaussian import GaussianBlur, SharpenHalo, imgaug_width
from degrade.operators.blur.motion import MotionBlur


def point(side: int) -> Image:
    image = np.zeros((side, side, 3), np.float32)
    image[side // 2, side // 2] = 1
    return image


def spread(response: Image) -> float:
    """Standard deviation along the rows of what a point became."""
    places = np.arange(response.shape[0]) - response.shape[0] // 2
    return float(np.sqrt((response[:, :, 0].sum(axis=1) * places**2).sum()))


def test_a_point_becomes_a_gaussian_of_the_given_width() -> None:
    places = np.arange(-15, 16)
    line = np.exp(-(places**2) / (2 * 2.5**2))
    expected = np.outer(line, line) / line.sum() ** 2
    np.testing.assert_allclose(GaussianBlur(2.5)(point(31))[:, :, 1], expected, atol=3e-6)


@pytest.mark.parametrize("sigma", [0.8, 3.3, 7.0])
def test_a_photograph_is_blurred_as_scipy_does_with_mirrored_borders(sigma: float) -> None:
    image = np.random.default_rng(0).random((40, 37, 3)).astype(np.float32)
    reach = int(np.ceil(4 * sigma))
    expected = ndimage.gaussian_filter(image.astype(float), (sigma, sigma, 0), mode="mirror", radius=(reach, reach, 0))
    np.testing.assert_allclose(GaussianBlur(sigma)(image), expected, atol=3e-6)
    sharp = np.clip(image + 1.5 * (image - expected), 0, 1)
    np.testing.assert_allclose(SharpenHalo(1.5, sigma)(image), sharp, atol=1e-5)


def test_a_cut_kernel_is_as_wide_as_said_and_milder() -> None:
    response = GaussianBlur(5.0, size=13)(point(41))
    assert np.count_nonzero(response[20, :, 0]) == 13
    assert spread(response) < 0.75 * spread(GaussianBlur(5.0)(point(61)))


def test_borders_are_mirrored_without_repeating_the_edge() -> None:
    row = np.zeros((1, 7, 3), np.float32)
    row[0, 1] = 1
    left = GaussianBlur(1.0, size=3)(row)[0, 0, 0]
    side = np.exp(-0.5) / (1 + 2 * np.exp(-0.5))
    assert left == pytest.approx(2 * side, abs=1e-6)


def test_upright_motion_is_a_ramp_along_the_column() -> None:
    kernel = MotionBlur(5, direction=1.0, angle=0.0).kernel()
    expected = np.zeros((5, 5))
    expected[:, 2] = np.array([1, 0.75, 0.5, 0.25, 0]) / 2.5
    np.testing.assert_allclose(kernel, expected, atol=1e-7)


def test_a_quarter_turn_clockwise_takes_the_top_end_to_the_right() -> None:
    kernel = MotionBlur(5, direction=1.0, angle=90.0).kernel()
    np.testing.assert_allclose(kernel[2], np.array([0, 0.25, 0.5, 0.75, 1]) / 2.5, atol=1e-6)


def test_half_a_pixel_of_rotation_is_shared_by_two_neighbours() -> None:
    """At 45 degrees the pixel (-1, 1) lies at -sqrt(2) along the line, whose ends fade out at 2."""
    kernel = MotionBlur(3, direction=0.5, angle=45.0).kernel()
    corner, edge = 2 - np.sqrt(2), 1 - np.sqrt(0.5)
    expected = np.array([[0, edge, corner], [edge, 1, edge], [corner, edge, 0]])
    np.testing.assert_allclose(kernel, expected / expected.sum(), atol=1e-6)


@pytest.mark.parametrize("k", [3, 11, 21])
def test_motion_weights_sum_to_one_and_none_is_negative(k: int) -> None:
    for angle in range(0, 360, 17):
        kernel = MotionBlur(k, direction=0.1, angle=float(angle)).kernel()
        assert kernel.shape == (k, k)
        assert kernel.min() >= 0
        assert kernel.sum() == pytest.approx(1, abs=1e-5)


def test_motion_blur_is_the_correlation_with_its_kernel() -> None:
    photo = np.random.default_rng(0).random((24, 20, 3), dtype=np.float32)
    blur = MotionBlur(5, direction=0.2, angle=30.0)
    padded = np.pad(photo, ((2, 2), (2, 2), (0, 0)), mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (5, 5), axis=(0, 1))
    np.testing.assert_allclose(blur(photo), np.einsum("hwcij,ij->hwc", windows, blur.kernel()), atol=1e-6)


def test_the_authors_cut_of_the_gaussian_is_reproduced() -> None:
    """Below sigma 5 the kernel is int(2.9 sigma) wide, from 5 on int(2.6 sigma), raised to odd."""
    for sigma, size in ((3.0, 9), (4.9, 15), (5.0, 13), (7.9, 21)):
        assert next_odd(imgaug_width(sigma)) == size


def test_a_strip_at_a_time_gives_the_bytes_of_the_whole_image(monkeypatch: pytest.MonkeyPatch) -> None:
    photo, blur = np.random.default_rng(0).random((45, 38, 3), dtype=np.float32), MotionBlur(7, 0.3, 40.0)
    whole = blur(photo)
    monkeypatch.setattr("degrade.operators.blur.motion._STRIP", 1000)
    np.testing.assert_array_equal(blur(photo), whole)


def test_a_repeated_border_is_scipys_nearest_at_scikit_images_width() -> None:
    """scikit-image's gaussian is SciPy's gaussian_filter with mode "nearest", cut at 4 sigma."""
    image = np.random.default_rng(0).random((40, 37, 3)).astype(np.float32)
    for sigma in (1, 2, 6):
        expected = ndimage.gaussian_filter(image.astype(np.float64), (sigma, sigma, 0), mode="nearest", truncate=4)
        np.testing.assert_allclose(GaussianBlur(sigma, border="repeat")(image), expected, atol=2e-6)
        assert np.abs(GaussianBlur(sigma)(image) - expected).max() > 0.01


def test_lengths_round_up_to_the_next_odd_number() -> None:
    assert [next_odd(length) for length in (1, 2, 2.5, 3.0, 7.25, 10.0)] == [1, 3, 3, 3, 9, 11]
