"""Camera shake: extents from closed forms."""

import numpy as np
import pytest

from degrade.operators.blur.motion import ShakeBlur


def test_without_turns_the_path_is_a_straight_line() -> None:
    """A uniform line of length L has variance L^2 / 12 along it and none across."""
    path = ShakeBlur(20.0, 0.0, seed=4).path()
    along, across = np.linalg.svd(path, compute_uv=False) ** 2 / len(path)
    assert along == pytest.approx(20**2 / 12, rel=0.01)
    assert across == pytest.approx(0, abs=1e-12)


def test_the_ends_are_as_far_apart_as_those_of_a_worm_like_chain() -> None:
    """In the plane <R^2> = 2 P L (1 - P / L (1 - exp(-L / P))) with P = 2 / turn^2, turn in radians."""
    length, turn = 20.0, 25.0
    persistence = 2 / np.radians(turn) ** 2
    expected = 2 * persistence * length * (1 - persistence / length * (1 - np.exp(-length / persistence)))
    paths = [ShakeBlur(length, turn, seed).path() for seed in range(1500)]
    squares = [((path[-1] - path[0]) ** 2).sum() for path in paths]
    assert np.mean(squares) == pytest.approx(expected, rel=0.06)


def test_every_heading_is_as_likely_as_any_other() -> None:
    steps = np.array([np.subtract(*ShakeBlur(4.0, 0.0, seed).path()[[-1, 0]]) for seed in range(800)])
    assert np.abs(steps.mean(axis=0)).max() < 0.4
    np.testing.assert_allclose((steps**2).mean(axis=0), (steps**2).sum(axis=1).mean() / 2, rtol=0.12)


def test_the_kernel_weighs_one_and_has_its_middle_where_the_path_has() -> None:
    for seed in range(10):
        kernel = ShakeBlur(15.0, 20.0, seed).kernel().astype(float)
        places = np.arange(len(kernel)) - len(kernel) // 2
        assert kernel.min() >= 0
        assert kernel.sum() == pytest.approx(1, abs=1e-5)
        assert (kernel.sum(axis=0) * places).sum() == pytest.approx(0, abs=1e-5)
