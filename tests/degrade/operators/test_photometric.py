"""Light and tone: one value worked out by hand for each."""

import numpy as np
import pytest

from degrade.core.colour import decode
from degrade.operators.photometric import ColourCast, LowLight, Vignette
from tests.degrade.operators.test_film import flat


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
