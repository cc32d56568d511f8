"""Pixelation: constant in each block, and the exact mean."""

import numpy as np
import pytest

from degrade.operators.digital.mosaic import Mosaic


def test_a_block_of_four_becomes_its_mean() -> None:
    photo = np.zeros((2, 4, 3), np.float32)
    photo[0, 0], photo[1, 1] = 0.5, 1.0
    expected = np.zeros((2, 4, 3))
    expected[:, :2] = 0.375
    np.testing.assert_array_equal(Mosaic(2)(photo), expected)


def test_the_last_blocks_may_be_narrower_and_keep_their_own_mean() -> None:
    photo = np.random.default_rng(0).random((7, 10, 3), dtype=np.float32)
    mosaic = Mosaic(4)(photo)
    np.testing.assert_allclose(mosaic[4:, 8:], np.broadcast_to(photo[4:, 8:].mean(axis=(0, 1)), (3, 2, 3)), atol=1e-7)
    np.testing.assert_allclose(mosaic[:4, 4:8], np.broadcast_to(photo[:4, 4:8].mean(axis=(0, 1)), (4, 4, 3)), atol=1e-7)


def test_the_mean_of_the_picture_does_not_move() -> None:
    photo = np.random.default_rng(1).random((64, 64, 3), dtype=np.float32)
    assert Mosaic(16)(photo).astype(float).mean() == pytest.approx(photo.astype(float).mean(), abs=1e-7)


def test_outside_the_region_nothing_changes_and_inside_blocks_start_at_its_corner() -> None:
    photo = np.random.default_rng(0).random((20, 30, 3), dtype=np.float32)
    mosaic = Mosaic(4, top=0.25, left=0.1, height=0.5, width=0.4)
    assert mosaic.realised(20, 30) == {"top": 5, "left": 3, "bottom": 15, "right": 15}
    degraded = mosaic(photo)
    block = np.broadcast_to(photo[5:9, 3:7].mean(axis=(0, 1)), (4, 4, 3))
    np.testing.assert_allclose(degraded[5:9, 3:7], block, atol=1e-7)
    degraded[5:15, 3:15] = photo[5:15, 3:15]
    np.testing.assert_array_equal(degraded, photo)
