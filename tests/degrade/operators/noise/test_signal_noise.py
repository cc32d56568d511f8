"""Every noise field: its variance before clipping, and a law that knows the value it falls on and nothing else."""

import numpy as np
import pytest
from scipy import stats

from degrade.core.image import Image
from degrade.operators.chain import OPERATORS, Operator
from degrade.operators.film import FilmGrain
from degrade.operators.noise.additive import CorrelatedNoise, GaussianNoise, GreyNoise, LaplaceNoise, PoissonNoise
from degrade.operators.noise.signal_dependent import SaltPepperNoise, SensorNoise, ShotNoise, SpeckleNoise

SIDE = 400
GREY = 128 / 255  # a whole step, so that rounding the signal changes nothing
# Variance in squared 8-bit steps on that grey, from each law's formula.
VARIANCES = [
    (CorrelatedNoise(9.0, 9.0, 9.0, 0.6, 0.2, -0.3, seed=1), 81.0),
    (FilmGrain(12.0, 0.0, seed=1), 144.0 * 4 * GREY * (1 - GREY)),
    (FilmGrain(12.0, 0.8, seed=1), 144.0 * 4 * GREY * (1 - GREY)),
    (GaussianNoise(14.0, seed=1), 196.0),
    (GreyNoise(14.0, seed=1), 196.0),
    (LaplaceNoise(7.0, seed=1), 98.0),
    (PoissonNoise(15.0, seed=1), 15.0 + 225.0),
    (SaltPepperNoise(0.3, 0.5, seed=1), 0.3 * 0.5 * (128**2 + 127**2) - 0.15**2),
    (ShotNoise(0.2, seed=1), 0.2 * 128),
    (ShotNoise(4.0, seed=1), 4.0 * 128),
    (ShotNoise(4.0, seed=1, grey=True), 4.0 * 128),
    (SpeckleNoise(20.0, seed=1), (20.0 * GREY) ** 2),
]
LOCAL = [noise for noise, _ in VARIANCES] + [SensorNoise(6.0, 2.0, seed=1)]


def flat(value: float, side: int = SIDE) -> Image:
    return np.full((side, side, 3), value, np.float32)


def steps(noise: Operator, value: float = GREY) -> np.ndarray:
    return (noise(flat(value)).astype(np.float64) - value) * 255


@pytest.mark.parametrize(("noise", "variance"), VARIANCES, ids=repr)
def test_the_variance_is_within_two_percent_of_theory(noise: Operator, variance: float) -> None:
    assert steps(noise).var() == pytest.approx(variance, rel=0.02)


def test_no_noise_of_the_table_is_left_out() -> None:
    assert {type(noise).__name__ for noise in LOCAL} == {
        name for name in OPERATORS if name.endswith("Noise") or name == "FilmGrain"
    }


@pytest.mark.parametrize("noise", LOCAL, ids=repr)
def test_the_noise_of_a_value_does_not_depend_on_what_is_around_it(noise: Operator) -> None:
    """Two photos that agree in one half get the same noise there: no law is taken from the content."""
    rng = np.random.default_rng(0)
    one, other = rng.random((2, 64, 64, 3), dtype=np.float32)
    other[:, :32] = one[:, :32]
    np.testing.assert_array_equal(noise(one)[:, :32], noise(other)[:, :32])


@pytest.mark.parametrize("noise", LOCAL, ids=repr)
def test_two_crops_of_one_photo_get_the_same_law(noise: Operator) -> None:
    """The grey of a plain wall, in a crop that is all wall and in one with other colours beside it."""
    mixed = flat(GREY)
    mixed[:, : SIDE // 2] = np.random.default_rng(1).random((SIDE, SIDE // 2, 3), dtype=np.float32)
    alone, beside = noise(flat(GREY, SIDE // 2 * 2)), noise(mixed)
    first, second = alone[:, : SIDE // 2].astype(float).var(), beside[:, SIDE // 2 :].astype(float).var()
    assert first == pytest.approx(second, rel=0.03)


@pytest.mark.parametrize(("level", "gain"), [(2, 1.0), (40, 1.0), (60, 8.0), (200, 100.0)])
def test_shot_noise_counts_photons_as_poisson_does(level: int, gain: float) -> None:
    counts = np.rint((ShotNoise(gain, seed=5)(flat(level / 255)).astype(float)) * 255 / gain).astype(int)
    whole = np.arange(int(min(255 // gain, level / gain * 2)))  # counts that clipping leaves alone
    shares = np.array([(counts == count).mean() for count in whole])
    np.testing.assert_allclose(shares, stats.poisson.pmf(whole, level / gain), atol=0.004)


def test_black_has_no_photons_and_no_speckle() -> None:
    for noise in (ShotNoise(9.0, seed=1), SpeckleNoise(60.0, seed=1)):
        np.testing.assert_array_equal(noise(flat(0.0, 50)), flat(0.0, 50))


def test_grey_noise_moves_the_channels_alike_and_colour_noise_does_not() -> None:
    for noise in (GreyNoise(14.0, seed=1), ShotNoise(2.0, seed=1, grey=True), FilmGrain(12.0, 0.8, seed=1)):
        field = steps(noise)
        np.testing.assert_allclose(field[..., 0], field[..., 2], atol=1e-4)
    colour = steps(ShotNoise(2.0, seed=1))
    assert abs(np.corrcoef(colour[..., 0].ravel(), colour[..., 1].ravel())[0, 1]) < 0.02


def test_correlated_noise_has_the_covariance_given() -> None:
    field = steps(CorrelatedNoise(9.0, 6.0, 12.0, 0.6, 0.2, -0.3, seed=2)).reshape(-1, 3)
    expected = [[81.0, 32.4, 21.6], [32.4, 36.0, -21.6], [21.6, -21.6, 144.0]]
    np.testing.assert_allclose(np.cov(field.T), expected, atol=1.2)


def test_salt_and_pepper_replace_the_shares_given_and_nothing_else() -> None:
    noisy = SaltPepperNoise(0.1, 0.25, seed=3)(flat(0.5))
    shares = [(noisy == value).mean() for value in (0, 0.5, 1)]
    np.testing.assert_allclose(shares, [0.075, 0.9, 0.025], atol=0.002)


def test_grain_of_a_size_makes_neighbours_alike() -> None:
    """White noise blurred by sigma correlates by exp(-1 / (4 sigma^2)) one pixel on: 0.7788 at sigma 1."""
    field = steps(FilmGrain(12.0, 1.0, seed=1))[..., 0]
    assert np.corrcoef(field[:, 1:].ravel(), field[:, :-1].ravel())[0, 1] == pytest.approx(0.7788, abs=0.015)
