"""Label maps drawn from dlib's 68 landmarks, where no face parser is at hand: a coarse prior for EP-map.

Of the 19 classes of parsing.py those that the points bound: skin, brows, eyes, nose, lips and the inner mouth. Hair,
ears, neck and all else are background. The 68 points: Sagonas et al., "300 Faces in-the-Wild Challenge", ICCVW 2013.
"""

import numpy as np
from scipy.spatial import ConvexHull
from skimage.draw import polygon

from degrade.core.image import Image
from degrade.faces import detection
from ispl_model.network.variants import CLASSES

_JAW, _BROWS, _INNER_MOUTH = range(17), range(17, 27), range(60, 68)
# What is drawn over the skin, in this order: the points around it. Left and right are the pictured person's.
_PARTS = (
    ("right_brow", range(17, 22)),
    ("left_brow", range(22, 27)),
    ("right_eye", range(36, 42)),
    ("left_eye", range(42, 48)),
    ("nose", (27, 31, 32, 33, 34, 35)),
    ("upper_lip", (*range(48, 55), *range(64, 59, -1))),
    ("lower_lip", (*range(54, 60), 48, 60, *range(67, 63, -1))),
    ("mouth", _INNER_MOUTH),
)
_FOREHEAD = 0.5  # of the way from the nose's tip to the brows, that the skin goes on above them
_BROW = 0.012  # of the width between the jaw's ends, the half height of a brow, whose points lie on one line


def draw_labels(points: np.ndarray, side: int) -> np.ndarray:
    """Landmarks (68, 2), x and y in pixels, to a label map (side, side) uint8; outside of the skin 0, background."""
    labels = np.zeros((side, side), np.uint8)
    up = _FOREHEAD * (points[_BROWS].mean(0) - points[33])
    _fill(labels, "skin", _hull(np.concatenate([points[_JAW], points[_BROWS] + up])))
    thick = np.array([0, _BROW * np.linalg.norm(points[16] - points[0])])
    for name, around in _PARTS:
        part = points[list(around)]
        if name.endswith("brow"):
            part = _hull(np.concatenate([part - thick, part + thick]))
        _fill(labels, name, part)
    return labels


def drawn_map(image: Image) -> np.ndarray:
    """The label map of a face, a contract image (S, S, 3), by the surest detection; all background where is none."""
    found = detection.detect(image, upsample=0) or detection.detect(image)
    if not found:
        return np.zeros(image.shape[:2], np.uint8)
    return draw_labels(detection.landmarks68(image, found[0]), len(image))


def _hull(points: np.ndarray) -> np.ndarray:
    return points[ConvexHull(points, qhull_options="QJ").vertices]


def _fill(labels: np.ndarray, name: str, around: np.ndarray) -> None:
    labels[polygon(around[:, 1], around[:, 0], labels.shape)] = CLASSES.index(name)
