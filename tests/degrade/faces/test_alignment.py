"""FFHQ alignment: the published square around landmarks, its way back, and faces that are aligned already."""

import os
from pathlib import Path

import numpy as np
import pytest

from degrade.core.errors import InputError
from degrade.core.image import read
from degrade.core.resize import resize_bicubic
from degrade.faces import alignment, detection


def _points(left_eye, right_eye, left_mouth, right_mouth) -> np.ndarray:
    points = np.zeros((68, 2))
    points[36:42], points[42:48], points[48], points[54] = left_eye, right_eye, left_mouth, right_mouth
    return points


def test_an_upright_face_gets_the_square_worked_out_by_hand():
    """Eyes 40 px apart at height 50, mouth 45 px below: half a side is max(2 x 40, 1.8 x 45) = 81, middle 54.5."""
    affine = alignment.ffhq_affine(_points((80, 50), (120, 50), (90, 95), (110, 95)), 162)
    np.testing.assert_allclose(affine, [[1, 0, 100 - 81], [0, 1, 54.5 - 81]], atol=1e-12)


def test_a_face_turned_a_quarter_gets_the_square_turned_with_it():
    """The same face turned clockwise about the origin: (x, y) becomes (-y, x), and so does the crop's corner."""
    affine = alignment.ffhq_affine(_points((-50, 80), (-50, 120), (-95, 90), (-95, 110)), 81)
    np.testing.assert_allclose(affine, [[0, -2, 81 - 54.5], [2, 0, 100 - 81]], atol=1e-12)


def test_there_and_back_is_nothing():
    affine = alignment.ffhq_affine(_points((31, 42), (77, 55), (30, 90), (61, 99)), 128)
    corners = np.array([[0.0, 0, 1], [128, 0, 1], [128, 128, 1]])
    there = np.hstack([corners @ affine.T, np.ones((3, 1))])
    np.testing.assert_allclose(there @ alignment.inverse_affine(affine).T, corners[:, :2], atol=1e-9)


def test_a_crop_at_whole_pixels_is_a_slice_and_mirrored_outside():
    image = np.random.default_rng(0).random((40, 50, 3)).astype(np.float32)
    inside = alignment.crop_affine(image, np.array([[1.0, 0, 7], [0, 1, 4]]), 24)
    np.testing.assert_allclose(inside, image[4:28, 7:31], atol=1e-6)
    outside = alignment.crop_affine(image, np.array([[1.0, 0, -5], [0, 1, 0]]), 24)
    np.testing.assert_allclose(outside[:, :5], image[:24, 5:0:-1], atol=1e-6)


def test_a_crop_turned_by_a_quarter_is_the_turned_slice():
    image = np.random.default_rng(0).random((40, 50, 3)).astype(np.float32)
    turned = alignment.crop_affine(image, np.array([[0.0, -1, 30], [1, 0, 4]]), 24)
    np.testing.assert_allclose(turned, np.rot90(image[4:28, 6:30]), atol=1e-6)


def test_a_crop_of_half_the_pixels_takes_means_of_blocks():
    image = np.random.default_rng(0).random((32, 32, 3)).astype(np.float32)
    half = alignment.crop_affine(image, np.array([[2.0, 0, 0], [0, 2, 0]]), 16)
    np.testing.assert_allclose(half, image.reshape(16, 2, 16, 2, 3).mean(axis=(1, 3)), atol=1e-6)


def test_a_large_crop_is_warped_in_strips_and_comes_out_the_same(monkeypatch):
    image = np.random.default_rng(0).random((150, 200, 3)).astype(np.float32)
    affine = np.array([[2.3, -0.7, 20], [0.7, 2.3, -9]])
    whole = alignment.crop_affine(image, affine, 48)
    monkeypatch.setattr(alignment, "_STRIP", 48 * 9 * 5)  # five rows at three times the pixels
    np.testing.assert_allclose(alignment.crop_affine(image, affine, 48), whole, atol=1e-4)


def test_laying_back_at_whole_pixels_gives_the_slice_and_only_what_is_on_the_image():
    image = np.random.default_rng(0).random((40, 50, 3)).astype(np.float32)
    affine = np.array([[1.0, 0, -5], [0, 1, 30]])
    rows, columns, laid = alignment.uncrop(alignment.crop_affine(image, affine, 24), affine, 40, 50)
    assert (rows, columns) == (slice(30, 40), slice(0, 19))
    np.testing.assert_allclose(laid, image[30:40, :19], atol=1e-6)
    rows, columns, laid = alignment.uncrop(
        np.ones((24, 24, 1), np.float32), np.array([[1.0, 0, 60], [0, 1, 0]]), 40, 50
    )
    assert laid.size == 0 and image[rows, columns].size == 0


def test_laying_back_takes_means_where_the_image_has_fewer_pixels():
    crop = np.random.default_rng(0).random((32, 32, 2)).astype(np.float32)
    rows, columns, laid = alignment.uncrop(crop, np.array([[0.5, 0, 10], [0, 0.5, 4]]), 40, 50)
    assert (rows, columns) == (slice(4, 20), slice(10, 26))
    np.testing.assert_allclose(laid, crop.reshape(16, 2, 16, 2, 2).mean(axis=(1, 3)), atol=1e-6)


def test_cropping_and_laying_back_a_turned_face_returns_the_image():
    smooth = resize_bicubic(np.random.default_rng(0).random((6, 8, 3)).astype(np.float32), 120, 160)
    affine = np.array([[0.8, -0.3, 50], [0.3, 0.8, 10]])
    middle = np.pad(np.ones((56, 56, 1), np.float32), ((4, 4), (4, 4), (0, 0)))
    values = np.concatenate([alignment.crop_affine(smooth, affine, 64), middle], axis=2)
    rows, columns, laid = alignment.uncrop(values, affine, 120, 160)
    inside = laid[:, :, 3] > 0.999
    assert inside.sum() > 2000
    np.testing.assert_allclose(laid[inside][:, :3], smooth[rows, columns][inside], atol=0.01)


def test_landmarks_in_one_point_are_no_face():
    with pytest.raises(InputError, match="no face to align"):
        alignment.ffhq_affine(np.ones((68, 2)), 64)


@pytest.mark.skipif(not os.environ.get("FACES_HQ"), reason="FACES_HQ names no folder of FFHQ-aligned faces")
def test_a_face_that_is_aligned_already_hardly_moves():
    """Eye centres stay within 2.5 % of the side for the most of six faces, and within 1 % for the median one."""
    paths = sorted(Path(os.environ["FACES_HQ"]).glob("omi_*.jpg"))[:60:10]
    if not paths:
        pytest.skip("FACES_HQ holds no omi_*.jpg")
    moves = []
    for path in paths:
        image = read(path)
        points = detection.landmarks68(image, detection.largest_face(image))
        affine = alignment.ffhq_affine(points, image.shape[0])
        eyes = np.array([points[36:42].mean(axis=0), points[42:48].mean(axis=0)])
        moved = np.hstack([eyes, np.ones((2, 1))]) @ alignment.inverse_affine(affine).T
        moves.append(np.linalg.norm(moved - eyes, axis=1).max() / image.shape[0])
    assert max(moves) < 0.025 and np.median(moves) < 0.01
