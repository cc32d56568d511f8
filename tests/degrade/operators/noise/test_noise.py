"""Noise: moments against theory on flat patches, where nothing clips."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from degrade.core.image import Image
from degrade.operators.noise.additive import GaussianNoise, LaplaceNoise, PoissonNoise
from degrade.operators.noise.signal_dependent import SensorNoise

SIDE = 300  # 270,000 values: the standard error of a variance is 0.3 to 0.4 %


def flat(value: float = 0.5) -> Image:
    return np.full((SIDE, SIDE, 3), value, np.float32)


def steps(noise: GaussianNoise | LaplaceNoise | PoissonNoise) -> np.ndarray:
    """The field in 8-bit steps."""
    return (noise(flat()).astype(np.float64) - 0.5) * 255


@pytest.mark.parametrize(
    ("noise", "variance"),
    [
        (GaussianNoise(20.0, seed=1), 20.0**2),
        (LaplaceNoise(7.0, seed=1), 2 * 7.0**2),
        (PoissonNoise(22.5, seed=1), 22.5 + 22.5**2),
        (PoissonNoise(0.4, seed=1), 0.4 + 0.4**2),
    ],
    ids=repr,
)
def test_mean_and_variance_are_those_of_theory(noise: GaussianNoise, variance: float) -> None:
    field = steps(noise)
    assert abs(field.mean()) < 4 * np.sqrt(variance / field.size)
    assert field.var() == pytest.approx(variance, rel=0.02)


@pytest.mark.parametrize(("noise", "kurtosis"), [(GaussianNoise(20.0, seed=2), 3.0), (LaplaceNoise(7.0, seed=2), 6.0)])
def test_the_shape_is_normal_or_laplace(noise: GaussianNoise, kurtosis: float) -> None:
    field = steps(noise)
    assert (field**4).mean() / field.var() ** 2 == pytest.approx(kurtosis, rel=0.05)


def test_the_normal_field_has_the_normal_distribution_far_into_the_tails() -> None:
    field = steps(GaussianNoise(20.0, seed=5)) / 20
    shares = [(np.abs(field) > limit).mean() for limit in (1, 2, 3)]
    np.testing.assert_allclose(shares, [0.31731, 0.04550, 0.00270], rtol=0.08)


def test_poisson_counts_are_whole_steps_of_both_signs() -> None:
    """P(0) = exp(-1.5) = 0.2231, P(+1) = P(-1) = exp(-1.5) 1.5 / 2 = 0.1673."""
    field = steps(PoissonNoise(1.5, seed=3))
    np.testing.assert_allclose(field, np.rint(field), atol=1e-4)
    shares = [(np.rint(field) == count).mean() for count in (0, 1, -1)]
    np.testing.assert_allclose(shares, [0.2231, 0.1673, 0.1673], rtol=0.02)


@pytest.mark.parametrize("noise", [GaussianNoise(20.0, seed=4), LaplaceNoise(7.0, seed=4), PoissonNoise(20.0, seed=4)])
def test_neighbours_and_channels_are_independent(noise: GaussianNoise) -> None:
    field = steps(noise)
    pairs = [(field[:, 1:], field[:, :-1]), (field[1:], field[:-1]), (field[..., 0], field[..., 1])]
    for one, other in pairs:
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.02


def test_another_seed_is_another_field_and_another_level_the_same_field_scaled() -> None:
    one, other = steps(GaussianNoise(10.0, seed=1)), steps(GaussianNoise(10.0, seed=2))
    assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.02
    np.testing.assert_allclose(steps(GaussianNoise(20.0, seed=1)), 2 * one, atol=1e-3)


def test_no_level_is_no_noise() -> None:
    for noise in (GaussianNoise(0.0, seed=1), LaplaceNoise(0.0, seed=1), PoissonNoise(0.0, seed=1)):
        np.testing.assert_array_equal(noise(flat()), flat())


@pytest.mark.parametrize("grey", [0.2, 0.5, 0.8])
def test_sensor_noise_has_a_variance_that_grows_with_the_light(grey: float) -> None:
    """In linear light: variance (shot / 255)^2 light + (read / 255)^2, with the sRGB curve written out here."""
    noisy = SensorNoise(shot=6.0, read=2.0, seed=1)(flat(grey)).astype(np.float64)
    light = ((grey + 0.055) / 1.055) ** 2.4
    decoded = np.where(noisy <= 0.04045, noisy / 12.92, ((noisy + 0.055) / 1.055) ** 2.4)
    assert decoded.mean() == pytest.approx(light, rel=0.002)
    assert decoded.var() == pytest.approx((6 / 255) ** 2 * light + (2 / 255) ** 2, rel=0.02)


def test_a_field_stays_the_one_it_was_when_it_was_first_written_down() -> None:
    """Splits made with an older version must be rebuilt: these values may never change."""
    field = steps(GaussianNoise(20.0, seed=12345))[0, :2].ravel()
    np.testing.assert_allclose(field, [49.356, 5.398, 8.417, -17.470, 10.352, 37.115], atol=2e-3)


@pytest.mark.parametrize(
    ("noise", "law"),
    [
        (GaussianNoise(9.0, seed=3), stats.norm(scale=9.0)),
        (LaplaceNoise(6.0, seed=3), stats.laplace(scale=6.0)),
    ],
    ids=["normal", "laplace"],
)
def test_the_shares_below_every_step_are_those_of_scipys_law(noise: GaussianNoise | LaplaceNoise, law: Any) -> None:
    steps = (noise(flat()).astype(float) - 0.5) * 255
    places = np.arange(-30, 31, 3)
    np.testing.assert_allclose([(steps < place).mean() for place in places], law.cdf(places), atol=0.003)
