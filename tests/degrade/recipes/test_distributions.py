"""The laws of intervals: their means from integrals worked out here, and their ends."""

from math import log

import numpy as np
import pytest

from degrade.recipes.distributions import INTERVALS, Distribution

LOW, HIGH = 2.0, 5.0
MEANS = {
    "uniform": 3.5,
    "log_uniform": 3 / log(2.5),  # of x with density 1 / (x log(HIGH / LOW))
    "one_over_uniform": log(2.5) / 3,  # the integral of 1 / x
    "root_uniform": 2 / 3 * (5**1.5 - 2**1.5) / 3,
    "square_uniform": (5**3 - 2**3) / 9,
    "rounded": (2 * 0.5 + 3 + 4 + 5 * 0.5) / 3,  # half as often 2 and 5
    "integer": (2 + 3 + 4 + 5) / 4,
}


@pytest.mark.parametrize("kind", INTERVALS)
def test_the_mean_is_the_integral_and_no_draw_lies_beyond_the_extremes(kind: str) -> None:
    law = Distribution(kind, tuple(map(INTERVALS[kind].number, (LOW, HIGH))))
    rng = np.random.default_rng(0)
    drawn = np.array([law.draw(rng, (), {}) for _ in range(20_000)])
    assert drawn.mean() == pytest.approx(MEANS[kind], abs=5 * drawn.std() / np.sqrt(len(drawn)))
    assert min(law.extremes()) <= drawn.min() and drawn.max() <= max(law.extremes())
