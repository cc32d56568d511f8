"""Dense kernels: against densities and transforms written out here, without rotation matrices."""

import numpy as np
import pytest
from scipy import ndimage, stats

from degrade.core.image import Image
from degrade.operators.blur.kernels import AnisotropicBlur, DefocusBlur, GeneralisedBlur, PlateauBlur, SincBlur


def moments(kernel: np.ndarray) -> np.ndarray:
    """Covariance of (right, down) with the weights as chances."""
    reach = len(kernel) // 2
    down, right = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    return np.array([[(kernel * a * b).sum() for a in (right, down)] for b in (right, down)])


def test_an_elliptic_gaussian_is_the_normal_density_of_its_covariance() -> None:
    """Axis of sigma 3 at 30 degrees, of sigma 1.5 across: Sxx = 9 3/4 + 2.25 1/4, Sxy = (9 - 2.25) sqrt(3)/4."""
    covariance = np.array([[7.3125, 6.75 * np.sqrt(3) / 4], [6.75 * np.sqrt(3) / 4, 3.9375]])
    kernel = AnisotropicBlur(3.0, 1.5, 30.0).kernel()
    np.testing.assert_allclose(moments(kernel), covariance, rtol=4e-3)
    places = np.stack(np.meshgrid(np.arange(-12, 13), np.arange(-12, 13)), axis=2)
    density = stats.multivariate_normal([0, 0], covariance).pdf(places)
    np.testing.assert_allclose(kernel, density / density.sum(), atol=1e-7)


@pytest.mark.parametrize("sides", [(30, 26), (5, 7)])
@pytest.mark.parametrize("size", [3, 5, 7, 9, 13, 17, 19])  # above 17 px another way
def test_convolution_is_that_of_scipy_with_mirrored_borders(size: int, sides: tuple[int, int]) -> None:
    photo = np.random.default_rng(0).random((*sides, 3), dtype=np.float32)
    blur = PlateauBlur(2.0, 1.0, 20.0, 1.5, size)
    expected = ndimage.correlate(photo.astype(float), blur.kernel()[:, :, None], mode="mirror")
    np.testing.assert_allclose(blur(photo), expected, atol=5e-7)


@pytest.mark.parametrize(
    ("blur", "ratios"),
    [
        # one and two sigma from the middle, relative to the middle
        (GeneralisedBlur(2.0, 2.0, 0.0, beta=0.5, size=21), (np.exp(-0.5), np.exp(-1.0))),
        (GeneralisedBlur(2.0, 2.0, 0.0, beta=1.0, size=21), (np.exp(-0.5), np.exp(-2.0))),
        (GeneralisedBlur(2.0, 2.0, 0.0, beta=2.0, size=21), (np.exp(-0.5), np.exp(-8.0))),
        (PlateauBlur(2.0, 2.0, 0.0, beta=1.0, size=21), (1 / 2, 1 / 5)),
        (PlateauBlur(2.0, 2.0, 0.0, beta=2.0, size=21), (1 / 2, 1 / 17)),
    ],
    ids=repr,
)
def test_profiles_fall_as_their_formulas_say(blur: GeneralisedBlur | PlateauBlur, ratios: tuple) -> None:
    kernel = blur.kernel()
    np.testing.assert_allclose(kernel[10, [12, 14]] / kernel[10, 10], ratios, rtol=1e-5)
    assert kernel.sum() == pytest.approx(1, abs=1e-5)


def test_sigma_x_lies_along_the_angle() -> None:
    for blur in (GeneralisedBlur(3.0, 1.0, 90.0, 1.5, 21), PlateauBlur(3.0, 1.0, 90.0, 1.5, 21)):
        kernel = blur.kernel()
        assert kernel[13, 10] == pytest.approx(kernel[10, 11], rel=1e-5)
        assert kernel[13, 10] > 5 * kernel[10, 13]


def test_sinc_keeps_low_waves_and_removes_high_ones() -> None:
    """The response at a frequency is the sum of weights times the cosine: 1 below the cutoff, 0 above."""
    kernel = SincBlur(np.pi / 2, 61).kernel().astype(float)
    places = np.arange(-30, 31)
    low, high = ((kernel.sum(axis=0) * np.cos(wave * places)).sum() for wave in (np.pi / 4, 3 * np.pi / 4))
    assert low == pytest.approx(1, abs=0.05)
    assert high == pytest.approx(0, abs=0.05)


def test_the_middle_of_a_sinc_is_its_limit() -> None:
    """J1(x) / x is 1/2 at 0 and J1(1) = 0.4400506, so the neighbour at cutoff 1 is 0.880101 of the middle."""
    kernel = SincBlur(1.0, 9).kernel()
    assert kernel[4, 5] / kernel[4, 4] == pytest.approx(0.880101, rel=1e-5)


@pytest.mark.parametrize("radius", [2.5, 6.0, 9.7])
def test_a_disk_has_the_variance_and_the_area_of_a_disk(radius: float) -> None:
    """A quarter of radius^2 along each axis and 1/12 for the pixel; each inner weight is 1 / (pi radius^2)."""
    kernel = DefocusBlur(radius).kernel()
    np.testing.assert_allclose(np.diag(moments(kernel)), radius**2 / 4 + 1 / 12, rtol=0.02)
    assert 1 / kernel.max() == pytest.approx(np.pi * radius**2, rel=0.03)


def flat(value: float) -> Image:
    return np.full((20, 20, 3), value, np.float32)


@pytest.mark.parametrize("blur", [AnisotropicBlur(4.0, 1.0, 10.0), DefocusBlur(5.0), SincBlur(0.8, 21)], ids=repr)
def test_what_is_flat_stays_flat(blur: AnisotropicBlur) -> None:
    np.testing.assert_allclose(blur(flat(0.3)), flat(0.3), atol=1e-5)
