"""Weather: haze and rain, by hand and by moments."""

import numpy as np
import pytest

from degrade.operators.weather import Haze, Rain
from tests.degrade.operators.test_film import flat


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
