"""How far a face has moved."""

import math

import numpy as np
import pytest

from degrade.portraits.paint import paint
from ispl_model.restoration.fidelity.identity import consistency, identity_distance


@pytest.fixture(scope="module")
def faces():
    return [paint(seed, 256) for seed in (0, 1)]


def test_one_face_is_itself_and_another_is_not(faces):
    first, second = faces
    assert identity_distance(first, first) == 0
    assert identity_distance(first, second) == identity_distance(second, first) > 0.1


def test_a_picture_without_a_face_has_a_distance_too(faces):
    assert identity_distance(faces[0], np.full((256, 256, 3), 0.5, np.float32)) > 0.1


def test_consistency_is_that_of_the_small_picture():
    image = np.full((128, 128, 3), 0.5, np.float32)
    assert consistency(image, image) == pytest.approx(58.92, abs=0.01)
    brighter = image + np.float32(10 / 255)
    assert consistency(image, brighter) == pytest.approx(20 * math.log10(255 / 10), abs=0.01)
    pattern = image + np.float32(0.2) * (np.indices((128, 128)).sum(0) % 2 * 2 - 1)[:, :, None].astype(np.float32)
    assert consistency(image, pattern) > 35  # gone at half the size, though 14 dB apart at full size
