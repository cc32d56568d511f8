"""Boxes, landmarks and descriptors on painted portraits."""

import sys

import numpy as np
import pytest

from degrade.core.errors import InputError
from degrade.core.image import to_uint8
from degrade.faces import detection
from degrade.faces.alignment import face_landmarks, ffhq_affine
from degrade.faces.detection import Box
from degrade.portraits.paint import paint

SIZE = 256


@pytest.fixture(scope="module")
def portrait():
    return paint(0, SIZE)


@pytest.fixture(scope="module")
def box(portrait):
    return detection.largest_face(portrait)


def test_the_face_of_a_portrait_is_found_inside_the_image(box):
    assert -16 <= box.left < SIZE // 2 < box.right < SIZE + 16
    assert -16 <= box.top < SIZE // 2 < box.bottom < SIZE + 16
    assert box.confidence > 0


def test_noise_has_no_face():
    noise = np.random.default_rng(0).random((SIZE, SIZE, 3)).astype(np.float32)
    assert detection.detect(noise) == []
    assert detection.largest_face(noise) is None


def test_a_large_photograph_is_looked_at_reduced_and_its_boxes_are_in_its_own_pixels(portrait, box, monkeypatch):
    large = np.full((2 * SIZE, 3 * SIZE, 3), 0.5, np.float32)
    large[:, :512] = portrait.repeat(2, axis=0).repeat(2, axis=1)
    seen, detect = [], detection.detect
    monkeypatch.setattr(detection, "detect", lambda image: seen.append(image.shape) or detect(image))
    (found,) = detection.detect_reduced(large, longest=3 * SIZE // 2)
    assert seen == [(SIZE, 3 * SIZE // 2, 3)]
    twice = Box(2 * box.left, 2 * box.top, 2 * box.right, 2 * box.bottom)
    assert detection.iou(found, twice) > 0.8
    detection.detect_reduced(portrait)
    assert seen[1] == portrait.shape


def test_alignment_looks_at_the_neighbourhood_of_the_box_only(portrait, box):
    wide = np.full((900, 1000, 3), 0.5, np.float32)
    wide[600 : 600 + SIZE, 700 : 700 + SIZE] = portrait
    moved = Box(box.left + 700, box.top + 600, box.right + 700, box.bottom + 600)
    near, whole = ffhq_affine(face_landmarks(wide, moved), 64), ffhq_affine(detection.landmarks68(wide, moved), 64)
    np.testing.assert_allclose(near, whole, atol=0.02 * SIZE / 64)
    wide[:300], wide[:, :300] = 1, 0
    np.testing.assert_array_equal(ffhq_affine(face_landmarks(wide, moved), 64), near)


def test_of_two_faces_the_larger_is_taken_and_the_surer_comes_first(portrait):
    small = paint(0, 128)
    both = np.full((SIZE, SIZE + 128, 3), 0.5, np.float32)
    both[:, :SIZE] = portrait
    both[64:192, SIZE:] = small
    found = detection.detect(both)
    assert len(found) == 2
    assert found[0].confidence >= found[1].confidence
    assert detection.largest_face(both).right < SIZE + 16


def test_landmarks_move_with_the_image(portrait, box):
    right, down = 9, 6
    moved = np.roll(portrait, (down, right), axis=(0, 1))
    moved_box = Box(box.left + right, box.top + down, box.right + right, box.bottom + down)
    points, moved_points = detection.landmarks68(portrait, box), detection.landmarks68(moved, moved_box)
    assert points.shape == (68, 2) and points.dtype == np.float64
    assert np.abs(moved_points - points - [right, down]).max() <= 1.5


def test_landmarks_are_where_the_portrait_has_eyes_and_mouth(portrait, box):
    points = detection.landmarks68(portrait, box)
    np.testing.assert_array_equal(detection.landmarks68(to_uint8(portrait), box), points)
    left_eye, right_eye, mouth = points[36:42].mean(0), points[42:48].mean(0), points[48:68].mean(0)
    assert 0.20 * SIZE < right_eye[0] - left_eye[0] < 0.32 * SIZE
    assert 0.17 * SIZE < mouth[1] - (left_eye[1] + right_eye[1]) / 2 < 0.35 * SIZE


def test_a_slightly_brighter_face_keeps_its_descriptor(portrait, box):
    brighter = np.clip(portrait * 1.05, 0, 1).astype(np.float32)
    first, second = detection.descriptor(portrait, box), detection.descriptor(brighter, box)
    assert first.shape == (128,) and first.dtype == np.float64
    assert 0 < np.linalg.norm(first - second) < 0.3


def test_another_person_is_farther_away_than_a_brighter_one(portrait, box):
    other = paint(9, SIZE)
    apart = np.linalg.norm(
        detection.descriptor(portrait, box) - detection.descriptor(other, detection.largest_face(other))
    )
    assert apart > 0.3


def test_a_descriptor_is_the_same_every_time(portrait, box):
    np.testing.assert_array_equal(detection.descriptor(portrait, box), detection.descriptor(portrait, box))


def test_descriptors_are_nearly_of_length_one_and_a_half(portrait, box):
    """dlib's network is not normalised; its model page's faces have norms around 1.4, a wrong input format does not."""
    assert 1.1 < np.linalg.norm(detection.descriptor(portrait, box)) < 1.7


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (Box(0, 0, 9, 9), 1.0),
        (Box(5, 0, 14, 9), 50 / 150),
        (Box(20, 20, 29, 29), 0.0),
        (Box(10, 0, 19, 9), 0.0),
        (Box(-5, -5, 14, 14), 100 / 400),
    ],
)
def test_overlap_is_the_shared_area_over_the_joint_area(other, expected):
    assert detection.iou(Box(0, 0, 9, 9), other) == pytest.approx(expected)
    assert detection.iou(other, Box(0, 0, 9, 9)) == pytest.approx(expected)


def test_the_weights_are_the_published_ones():
    """Independent: `sha256sum` of the three .dat files, joined as name:hash by line in name order."""
    assert detection.weights_sha256() == "4c507d1f4e079b34c2e92f895d7c440a179a6fb3aeaded0aa1ec95e1f7efb7d6"


def test_a_missing_model_package_is_one_clear_sentence(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match="face_recognition_models is not installed; install it with"):
        detection._model_path("landmarks68")


def test_a_missing_dlib_is_one_clear_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "dlib", None)  # how Python marks a module that cannot be imported
    with pytest.raises(InputError, match="dlib cannot be imported .* install it with"):
        detection._dlib()


def test_an_image_outside_the_contract_is_a_fault_of_the_caller():
    with pytest.raises(TypeError):
        detection.detect(np.zeros((64, 64, 3), np.uint8))
