"""Label maps drawn from landmarks: every part where it is, left and right the person's, mirrored as the image is."""

import numpy as np
import pytest

from ispl_model.network.variants import CLASSES
from ispl_model.training.landmark_maps import draw_labels, drawn_map
from ispl_model.training.parsing import mirrored

PARTS = {"skin", "right_brow", "left_brow", "right_eye", "left_eye", "nose", "upper_lip", "lower_lip", "mouth"}
# iBUG's order in a mirrored face: jaw, brows, nose's bridge and base, eyes, outer and inner lips.
SWAPPED = np.array(
    [
        *range(16, -1, -1), *range(26, 16, -1), *range(27, 31), *range(35, 30, -1),
        45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40,
        *range(54, 47, -1), *range(59, 54, -1), *range(64, 59, -1), *range(67, 64, -1),
    ]
)  # fmt: skip


def circle(count, centre, radius, start=180.0, turn=360.0):
    """Points on an ellipse, clockwise from the left as the image is seen."""
    angles = np.radians(start + turn * np.arange(count) / (count if turn == 360 else count - 1))
    return np.asarray(centre) + np.stack([np.cos(angles) * radius[0], np.sin(angles) * radius[1]], axis=1)


@pytest.fixture
def points():
    """A face of 200 px that looks straight ahead."""
    jaw = circle(17, (100, 90), (70, 85), turn=-180)
    brows = [circle(5, (x, 75), (20, 8), turn=180) for x in (65, 135)]
    nose = [
        np.stack([np.full(4, 100.0), np.linspace(90, 115, 4)], 1),
        np.stack([np.linspace(88, 112, 5), [120] * 5], 1),
    ]
    eyes = [circle(6, (x, 90), (13, 6)) for x in (65, 135)]
    lips = [circle(12, (100, 145), (28, 14)), circle(8, (100, 145), (20, 6))]
    return np.concatenate([jaw, *brows, *nose, *eyes, *lips])


def found(labels, name):
    return np.argwhere(labels == CLASSES.index(name))


def test_every_part_is_drawn_where_its_points_are(points):
    labels = draw_labels(points, 200)
    assert {CLASSES[label] for label in np.unique(labels)} == PARTS | {"background"}
    for name, (x, y) in {"right_eye": (65, 90), "left_eye": (135, 90), "mouth": (100, 145)}.items():
        np.testing.assert_allclose(found(labels, name).mean(0), (y, x), atol=1)
    area = {"right_eye": 6 / 2 * np.sin(np.pi / 3) * 13 * 6, "mouth": 8 / 2 * np.sin(np.pi / 4) * 20 * 6}  # of polygons
    for name, pixels in area.items():
        assert len(found(labels, name)) == pytest.approx(pixels, rel=0.15)
    assert found(labels, "upper_lip")[:, 0].max() <= 145 <= found(labels, "lower_lip")[:, 0].min() + 1
    assert labels[0].max() == labels[-1].max() == 0, "all around is background"
    assert labels[60, 100] == CLASSES.index("skin"), "the skin goes on above the brows"


def test_a_mirrored_face_has_the_mirrored_map(points):
    turned = (np.array([199, 0]) + points * [-1, 1])[SWAPPED]
    assert (draw_labels(turned, 200) != mirrored(draw_labels(points, 200))).mean() < 0.01


def test_where_no_face_is_all_is_background():
    assert drawn_map(np.full((96, 96, 3), 0.5, np.float32)).max() == 0
