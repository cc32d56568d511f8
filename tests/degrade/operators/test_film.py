"""Film, light and weather: one value worked out by hand for each."""

import numpy as np
import pytest

from degrade.core.colour import LowLight, Vignette, decode
from degrade.core.image import Image
from degrade.operators.film import Scratches
from degrade.operators.photometric import ColourCast
from degrade.operators.weather import Haze, Rain


def flat(value: float, side: int = 101) -> Image:
    return np.full((side, side, 3), value, np.float32)


def test_one_stop_less_is_half_the_light() -> None:
    """White at half the light is code value 0.735357."""
    np.testing.assert_allclose(LowLight(1.0)(flat(1.0, 3)), 0.735357, atol=1e-5)


def test_a_vignette_spares_the_centre_and_takes_its_loss_in_the_corner() -> None:
    light = decode(Vignette(loss=0.5)(flat(1.0)))
    assert light[50, 50, 0] == pytest.approx(1, abs=1e-4)
    assert light[0, 0, 0] == pytest.approx(0.5, abs=0.01)
    assert light[50, 0, 0] == pytest.approx(1 / (1 + 0.5 * (np.sqrt(2) - 1)) ** 2, abs=0.01)  # r^2 = 1/2


def test_a_cast_adds_its_steps() -> None:
    np.testing.assert_allclose(ColourCast(51.0, -51.0, 0.0)(flat(0.5, 1))[0, 0], [0.7, 0.3, 0.5], atol=1e-6)


def test_haze_is_the_scattering_model() -> None:
    """0.2 * 0.25 + 0.8 * 0.75 = 0.65 at one depth; the middle of two depths has the geometric mean of both t."""
    np.testing.assert_allclose(Haze(0.25, 0.25, 204.0)(flat(0.2)), 0.65, atol=1e-6)
    middle = Haze(0.9, 0.1, 255.0)(flat(0.0))[50, 0, 0]
    assert middle == pytest.approx(1 - np.sqrt(0.09), abs=1e-5)
    assert Haze(0.9, 0.1, 255.0)(flat(0.0))[0, 0, 0] > 0.85


def test_rain_adds_the_light_of_its_drops() -> None:
    """Thin rain: coverage times the strength times the mean drop, 3/4 (few streaks cross at 2 %)."""
    fields = [Rain(0.02, 15, 2.0, 0.0, 100.0, seed)(flat(0.0, 300)).astype(float).mean() for seed in range(4)]
    assert np.mean(fields) * 255 == pytest.approx(0.02 * 100 * 0.75, rel=0.07)


@pytest.mark.parametrize("angle", [-40.0, 0.0, 40.0])
def test_streaks_lean_by_their_angle(angle: float) -> None:
    """The long axis of the second moments of one streak, degrees clockwise from upright."""
    side, length = 200, 41
    beyond = side + 2 * (length // 2 + 1)  # drops fall this wide; the seed's one falls near the middle
    layer = Rain(length / beyond**2, length, 1.0, angle, 200.0, seed=17)(flat(0.0, side))[:, :, 0].astype(float)
    down, right = np.nonzero(layer > 1e-4)
    (across, both), (_, along) = np.cov(right, down, aweights=layer[down, right])
    assert 12 * (across + along) == pytest.approx(length**2, rel=0.1)  # whole, and only one
    assert np.degrees(0.5 * np.arctan2(-2 * both, along - across)) == pytest.approx(angle, abs=1)


def test_scratches_are_upright_and_light_and_dust_is_of_both_kinds() -> None:
    scratched = Scratches(8, 0, 2.0, 1.0, seed=2)(flat(0.5, 200))
    assert (scratched.min(), scratched.max()) == (0.5, 1.0)
    touched = scratched[:, :, 0] > 0.5
    assert touched.any(axis=1).mean() > 0.9
    assert 8 * 0.2 * 200 < touched.sum() < 8 * 200 * 4
    dusty = Scratches(0, 50, 4.0, 0.5, seed=2)(flat(0.5, 200))
    np.testing.assert_allclose([dusty.min(), dusty.max()], [0.25, 0.75], atol=1e-3)


def test_no_damage_is_no_change() -> None:
    np.testing.assert_array_equal(Scratches(0, 0, 1.0, 1.0, seed=1)(flat(0.4)), flat(0.4))
