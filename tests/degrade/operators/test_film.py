"""Film: scratches and dust."""

import numpy as np

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
