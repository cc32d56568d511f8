"""FFHQ's alignment of a face: the crop by its landmarks, and the way back."""

from itertools import product

import cv2
import numpy as np

from degrade.core.errors import InputError
from degrade.core.image import Image, check_image
from degrade.faces.detection import Box, landmarks68

_STRIP = 2**24  # pixels that a crop is warped to at once
_MARGIN = 4  # px that the cubic kernel reaches, and some


def ffhq_affine(points: np.ndarray, size: int) -> np.ndarray:
    """Where the FFHQ crop of a face lies: (2, 3) float64 from pixels of the crop, side `size`, to pixels of the image.

    `points` are the 68 landmarks. A square turned to x = eye to eye + a quarter turn of eyes to
    mouth; half its side is the larger of 2.0 x the distance of the eyes and 1.8 x that of eyes and
    mouth; its middle lies 0.1 of the way from the eyes to the mouth (Karras et al., CVPR 2019,
    appendix A, after their CelebA-HQ, ICLR 2018, appendix C). Coordinates are those of
    the pixels' edges, as in the published crops: a crop's corner is (0, 0), its end (size, size).
    """
    left_eye, right_eye = points[36:42].mean(axis=0), points[42:48].mean(axis=0)
    eyes, mouth = (left_eye + right_eye) / 2, (points[48] + points[54]) / 2
    across, down = right_eye - left_eye, mouth - eyes
    right = across + np.array([down[1], -down[0]])
    if not np.hypot(*right) > 0:
        raise InputError("faces: the landmarks fall into one point; there is no face to align")
    right *= max(np.hypot(*across) * 2.0, np.hypot(*down) * 1.8) / np.hypot(*right)
    below = np.array([-right[1], right[0]])
    corner = eyes + 0.1 * down - right - below
    return np.column_stack([2 * right / size, 2 * below / size, corner])


def inverse_affine(affine: np.ndarray) -> np.ndarray:
    """The (2, 3) matrix of the way back: for `ffhq_affine` from pixels of the image to pixels of the crop."""
    return np.linalg.inv(np.vstack([affine, [0, 0, 1]]))[:2]


def face_landmarks(image: np.ndarray, box: Box) -> np.ndarray:
    """`landmarks68` of the face in `box`, of which only the box and its own width around it are looked at.

    image: (H, W, 3), RGB, float32 in [0, 1] or uint8.
    """
    reach = max(box.right - box.left, box.bottom - box.top) + 1
    left, top = max(0, box.left - reach), max(0, box.top - reach)
    near = image[top : box.bottom + 1 + reach, left : box.right + 1 + reach]
    moved = Box(box.left - left, box.top - top, box.right - left, box.bottom - top)
    return landmarks68(near, moved) + (left, top)


def crop_affine(image: Image, affine: np.ndarray, size: int) -> Image:
    """The crop (size, size, 3) an affine map of `ffhq_affine` describes; outside the image it is mirrored.

    Cubic at a whole multiple of `size` that keeps the image's pixels, then means over blocks, so that
    reducing does not alias. The published crops also blur what is mirrored; this one does not.
    """
    check_image(image)
    strips, rows = [], max(1, _STRIP // (size * _times(affine) ** 2))
    for first in range(0, size, rows):
        sides = min(rows, size - first), size
        blocks = _blocks(image, _moved(affine, (0, first)), sides, cv2.BORDER_REFLECT_101)
        strips.append(_block_means(np.clip(blocks, 0, 1, out=blocks)))
    return np.concatenate(strips)


def uncrop(values: np.ndarray, affine: np.ndarray, height: int, width: int) -> tuple[slice, slice, np.ndarray]:
    """The inverse of `crop_affine`: where in an image (height, width) a crop lies, and its values there.

    values: (size, size, C) float32 of the crop, C up to 4. Returns rows and columns of the image and
    the values (rows, columns, C) in them, 0 outside the crop; nothing of it may lie on the image.
    """
    rows, columns = covered(affine, len(values), height, width)
    sides = rows.stop - rows.start, columns.stop - columns.start
    if 0 in sides:
        return rows, columns, np.zeros((*sides, values.shape[2]), np.float32)
    blocks = _blocks(values, _moved(inverse_affine(affine), (columns.start, rows.start)), sides, cv2.BORDER_CONSTANT)
    return rows, columns, _block_means(blocks)


def covered(affine: np.ndarray, size: int, height: int, width: int) -> tuple[slice, slice]:
    """Rows and columns of an image (height, width) in which a crop of that side lies."""
    low, high = corners(affine, size)
    low = np.clip(np.floor(low), 0, (width, height)).astype(int)
    high = np.clip(np.ceil(high), low, (width, height)).astype(int)
    return slice(low[1], high[1]), slice(low[0], high[0])


def corners(affine: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The least and the largest (x, y) of a crop of that side, in pixels of the image, which it may leave."""
    places = np.array([[0, 0], [size, 0], [0, size], [size, size]]) @ affine[:, :2].T + affine[:, 2]
    return places.min(axis=0), places.max(axis=0)


def near_affine(affine: np.ndarray, size: int, height: int, width: int) -> tuple[slice, slice, np.ndarray]:
    """Rows and columns that hold all that `crop_affine` looks at, mirrored or not, and the map from the crop to them.

    So a crop of a large photograph costs as much as one of a small one.
    """
    low, high = corners(affine, size)
    parts, starts = [], []
    for first, last, length in zip(low, high, (width, height), strict=True):
        beyond = int(np.ceil(max(-first, last - length, 0))) + _MARGIN  # of what is mirrored there
        start = int(np.floor(first)) - _MARGIN if last <= length else min(int(first), length - beyond) - _MARGIN
        stop = int(np.ceil(last)) + _MARGIN if first >= 0 else max(int(last), beyond) + _MARGIN
        start, stop = np.clip((start, stop), 0, length)
        parts.append(slice(int(start), int(stop)))
        starts.append(int(start))
    moved = affine.copy()
    moved[:, 2] -= starts
    return parts[1], parts[0], moved


def _times(affine: np.ndarray) -> int:
    """How many pixels of the source a pixel of the result is long, rounded up; at least 1."""
    return max(1, int(np.ceil(np.hypot(*affine[:, 0]) - 1e-6)))


def _block_means(blocks: np.ndarray) -> np.ndarray:
    """Over axes 1 and 3 of (height, times, width, times, C): numpy's mean bit for bit, in a quarter of its time."""
    times = blocks.shape[1]
    if times == 1:
        return blocks[:, 0, :, 0]
    total = blocks[:, 0, :, 0].copy()
    for row, column in list(product(range(times), repeat=2))[1:]:
        total += blocks[:, row, :, column]
    return np.divide(total, np.float32(times * times), out=total)


def _moved(affine: np.ndarray, by: tuple[int, int]) -> np.ndarray:
    """The map whose pixel (0, 0) is what pixel `by` = (x, y) was."""
    return np.column_stack([affine[:, :2], affine[:, :2] @ by + affine[:, 2]])


def _blocks(values: np.ndarray, affine: np.ndarray, sides: tuple[int, int], border: int) -> np.ndarray:
    """A cubic warp at a whole multiple of (height, width) = `sides`: (height, times, width, times, C)."""
    (height, width), times = sides, _times(affine)
    fine = affine / [[times, times, 1]]
    fine[:, 2] += fine[:, :2].sum(axis=1) / 2 - 0.5  # from edges to the centres that OpenCV counts from
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    wide = cv2.warpAffine(values, fine, (width * times, height * times), flags=flags, borderMode=border)
    return wide.reshape(height, times, width, times, -1)
