"""Film: scratches and dust."""

import numpy as np
import pytest

from degrade.core.image import Image
from degrade.operators.film import Scratches


def flat(value: float, side: int = 101) -> Image:
    return np.full((side, side, 3), value, np.float32)


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


def test_lines_and_disks_have_the_area_that_their_widths_give() -> None:
    """The mean length is 0.6 of the height, the mean square of a radius width^2 times 7 / 16 (u = 1/4 to 1)."""
    wide, count = 20.0, 40
    lines = [(Scratches(4, 0, wide, 1.0, seed)(flat(0.5, 600)) - 0.5).sum() / 1.5 for seed in range(count)]
    leaning = 1 / np.cos(np.radians(5))  # of up to 10 degrees
    assert np.mean(lines) == pytest.approx(4 * 0.6 * 600 * wide * leaning, rel=0.1)
    disks = [np.abs(Scratches(0, 6, wide, 1.0, seed)(flat(0.5, 600)) - 0.5).sum() / 1.5 for seed in range(count)]
    assert np.mean(disks) == pytest.approx(6 * np.pi * wide**2 * 7 / 16, rel=0.1)
