"""Photographs: only faces change, they land where they were, and no seam is seen."""

import numpy as np
import pytest

from degrade.core.image import check_image, from_uint8, to_uint8
from degrade.core.resize import resize_bicubic
from degrade.faces import detection
from degrade.faces.alignment import crop_affine, face_landmarks, ffhq_affine, uncrop
from degrade.portraits.paint import paint
from degrade.splits.roles import portrait_sources
from ispl_model.restoration.photograph import Patch, feathered, find_faces, lay_back, restore_photograph

SIZE = 128


@pytest.fixture(scope="module")
def group():
    """Two painted faces of different size on a dull wall; the second is cut by the border."""
    first, second = (paint(source.portrait, 256) for source in portrait_sources("test", 2))
    wall = resize_bicubic(np.random.default_rng(0).random((4, 6, 3), dtype=np.float32) * 0.2 + 0.4, 300, 480)
    wall[30:250, 30:250] = resize_bicubic(first, 220, 220)
    wall[110:300, 290:480] = resize_bicubic(second, 190, 190)
    return wall


@pytest.fixture(scope="module")
def boxes(group):
    found = detection.detect_reduced(group)
    assert len(found) == 2
    return found


def darker(images):
    """As an untrained network: a little contrast lost, everywhere."""
    return [0.5 + 0.4 * np.tanh(2 * image - 1).astype(np.float32) for image in images]


def test_a_network_that_changes_nothing_leaves_every_pixel(group, boxes):
    restored = restore_photograph(group, boxes, list, SIZE)
    np.testing.assert_array_equal(restored, group)


def test_what_lies_outside_the_crops_is_left_alone_or_enlarged_by_bicubic(group, boxes):
    outside = np.ones(group.shape[:2], bool)
    for box in boxes:
        rows, columns, _ = uncrop(
            np.ones((SIZE, SIZE, 1), np.float32), ffhq_affine(face_landmarks(group, box), SIZE), 300, 480
        )
        outside[rows, columns] = False
    assert outside.sum() > 5000
    restored = restore_photograph(group, boxes, darker, SIZE)
    check_image(restored)
    np.testing.assert_array_equal(restored[outside], group[outside])
    assert np.abs(restored - group).max() > 0.05
    twice = restore_photograph(group, boxes, darker, SIZE, upscale=2)
    doubled = outside.repeat(2, axis=0).repeat(2, axis=1)
    np.testing.assert_array_equal(twice[doubled], resize_bicubic(group, 600, 960)[doubled])


def test_no_seam_is_seen(group, boxes):
    """The change fades: next to each other it differs by less than two grey levels on a face that changes by 25."""
    change = restore_photograph(group, boxes, lambda crops: [np.clip(c + 0.1, 0, 1) for c in crops], SIZE) - group
    unclipped = np.where(group < 0.85, change, np.nan)
    assert np.nanmax(unclipped) == pytest.approx(0.1, abs=2e-3)
    for axis in (0, 1):
        assert np.nanmax(np.abs(np.diff(unclipped, axis=axis))) < 2 / 255


@pytest.mark.parametrize("upscale", [1, 2])
def test_a_perfect_network_puts_the_sharp_face_back_where_it_was(group, boxes, upscale):
    """Blurred photograph in, crops of the sharp one as its restorations: the faces come out as in the sharp one."""
    height, width = group.shape[:2]
    blurred = resize_bicubic(resize_bicubic(group, height // 4, width // 4), height, width)
    affines = [ffhq_affine(face_landmarks(blurred, box), 2 * SIZE) for box in boxes]
    perfect = [crop_affine(group, affine, 2 * SIZE) for affine in affines]
    restored = restore_photograph(blurred, boxes, lambda crops: perfect, 2 * SIZE, upscale)
    before, after = (
        np.abs(image - resize_bicubic(group, height * upscale, width * upscale))
        for image in (resize_bicubic(blurred, height * upscale, width * upscale), restored)
    )
    for box in boxes:
        inner = slice(box.top * upscale, box.bottom * upscale), slice(box.left * upscale, box.right * upscale)
        assert after[inner].mean() < 0.3 * before[inner].mean()


def test_overlapping_crops_give_the_weighted_mean_of_their_changes(group, boxes):
    """The same face twice: what each does alone, not both on top of each other."""
    once = restore_photograph(group, boxes[:1], darker, SIZE)
    twice = restore_photograph(group, boxes[:1] * 2, darker, SIZE)
    np.testing.assert_allclose(twice, once, atol=1e-5)


def test_a_photograph_of_8_bits_is_that_of_floats_rounded(group, boxes):
    """Of each face alone, and of two that overlap."""
    (first, second), change = find_faces(to_uint8(group)), np.full((SIZE, SIZE, 3), 0.1, np.float32)
    alone = [Patch(change, face.affine(SIZE)) for face in (first, second)]
    for patches in (alone, [*alone, Patch(-change, first.affine(SIZE) + [[0, 0, 9], [0, 0, -7]])]):
        eight, wide = to_uint8(group), from_uint8(to_uint8(group))
        lay_back(eight, patches)
        lay_back(wide, patches)
        np.testing.assert_array_equal(eight, to_uint8(wide))
        assert (eight != to_uint8(group)).mean() > 0.2


def test_of_two_that_overlap_each_counts_by_its_mask(group):
    """Half of a crop's side apart: in the middle between both, and where one of them ends, the mean is known."""
    affine = np.array([[1.0, 0, 20], [0, 1, 40]])
    changes = [np.full((SIZE, SIZE, 3), change, np.float32) for change in (0.2, -0.1)]
    canvas = np.full_like(group, 0.5)
    lay_back(canvas, [Patch(changes[0], affine), Patch(changes[1], affine + [[0, 0, SIZE // 2], [0, 0, 0]])])
    row = canvas[40 + SIZE // 2, 20 : 20 + 3 * SIZE // 2, 0] - 0.5
    mask = feathered(SIZE)[SIZE // 2]
    left, right = np.pad(mask, (0, SIZE // 2)), np.pad(mask, (SIZE // 2, 0))
    expected = (0.2 * left**2 - 0.1 * right**2) / np.maximum(left + right, 1e-6)
    np.testing.assert_allclose(row, expected, atol=1e-4)


def test_below_a_face_an_enlarged_photograph_shows_what_was_given():
    """Another network made the canvas white; a patch that changes nothing brings the grey back, by its mask."""
    canvas, under = np.ones((160, 160, 3), np.float32), np.full((160, 160, 3), 0.25, np.float32)
    lay_back(canvas, [Patch(np.zeros((SIZE, SIZE, 3), np.float32), np.array([[1.0, 0, 10], [0, 1, 20]]))], 1, under)
    expected = np.ones((160, 160))
    expected[20 : 20 + SIZE, 10 : 10 + SIZE] -= 0.75 * feathered(SIZE)
    np.testing.assert_allclose(canvas, np.dstack([expected] * 3), atol=1e-4)


def test_the_mask_is_one_inside_and_fades_to_nothing():
    mask = feathered(64)
    assert mask[32, 32] == 1 and mask[0].max() < 0.03 and mask[:, -1].max() < 0.03
    assert (mask == mask.T).all() and (np.diff(mask[32, :32]) >= 0).all()
