"""Face boxes, landmarks, descriptors and FFHQ alignment: the one home of dlib, which is imported when first used.

The networks come from the package face_recognition_models. Its files are found without importing
it, because importing it needs pkg_resources, which current setuptools no longer has.
The 68-landmark model was trained on iBUG 300-W and is for non-commercial use only.
"""

import functools
import importlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from degrade.core.errors import InputError
from degrade.core.files import sha256, sha256_file
from degrade.core.image import Image, check_image, to_uint8
from degrade.core.resize import resize_bicubic

MODEL_FILES = {
    "landmarks68": "shape_predictor_68_face_landmarks.dat",
    "landmarks5": "shape_predictor_5_face_landmarks.dat",
    "descriptor": "dlib_face_recognition_resnet_model_v1.dat",
}
_STRIP = 2**24  # pixels that a crop is warped to at once
_REMEDY = "install it with: pip install dlib-bin face_recognition_models"


@dataclass(frozen=True)
class Box:
    """A face's rectangle in pixels, corners inclusive as dlib counts them; it may reach past the image.

    `confidence` is the detector's score: above 0 for every detection, about 1 for an easy face.
    """

    left: int
    top: int
    right: int
    bottom: int
    confidence: float = 0.0

    @property
    def area(self) -> int:
        """Pixels inside the rectangle, whether or not they lie on the image; 0 when it is empty."""
        return max(0, self.right - self.left + 1) * max(0, self.bottom - self.top + 1)


def detect(image: Image, upsample: int = 1) -> list[Box]:
    """Frontal faces by HOG (Dalal and Triggs, CVPR 2005; dlib's weights), surest first; may be empty.

    `upsample` doublings of the image come first: the detector's window is 80 px, so that
    one doubling finds faces from 40 px on. Raises InputError when dlib is missing.
    Its time and memory grow with the image: for photographs of any size there is `detect_reduced`.
    """
    check_image(image)
    rectangles, scores, _ = _dlib_object("detector").run(to_uint8(image), upsample, 0.0)
    boxes = [
        Box(place.left(), place.top(), place.right(), place.bottom(), float(score))
        for place, score in zip(rectangles, scores, strict=True)
    ]
    return sorted(boxes, key=lambda box: -box.confidence)


def detect_reduced(image: Image, longest: int = 2048) -> list[Box]:
    """As `detect`, in pixels of `image`, on a copy whose longer side is at most `longest` px.

    So memory and time are bounded, and a face is found from 40 px and from longer side / 51 on.
    """
    height, width = image.shape[:2]
    times = max(height, width) / longest
    if times <= 1:
        return detect(image)
    sides = max(1, round(height / times)), max(1, round(width / times))
    return [
        Box(*(round(place * times) for place in (box.left, box.top, box.right, box.bottom)), box.confidence)
        for box in detect(resize_bicubic(image, *sides))
    ]


def largest_face(image: Image) -> Box | None:
    """The detection with the largest area (the surest of equals), upsampled once; None when there is none."""
    return max(detect(image), key=lambda box: box.area, default=None)


def landmarks68(image: Image, box: Box) -> np.ndarray:
    """The 68 iBUG 300-W points inside `box` as (68, 2) float64 pixels (x, y).

    Always gives points, also where there is no face (Kazemi and Sullivan, CVPR 2014: a regression
    from the mean shape). dlib rounds each to a whole pixel.
    """
    check_image(image)
    shape = _dlib_object("landmarks68")(to_uint8(image), _rectangle(box))
    return np.array([(point.x, point.y) for point in shape.parts()], dtype=np.float64)


def descriptor(image: Image, box: Box) -> np.ndarray:
    """128 float64 numbers that name the person in `box`: L2 apart by under 0.6 for one person.

    Aligned by the 5-point predictor, one jitter (that is, the aligned face itself), so the same
    image and box always give the same numbers.
    """
    check_image(image)
    pixels = to_uint8(image)
    points = _dlib_object("landmarks5")(pixels, _rectangle(box))
    return np.array(_dlib_object("descriptor").compute_face_descriptor(pixels, points, 1), dtype=np.float64)


def iou(a: Box, b: Box) -> float:
    """Area of the intersection over that of the union, 0..1.

    >>> iou(Box(0, 0, 9, 9), Box(5, 0, 14, 9))  # 50 px shared of 150
    0.3333333333333333
    """
    shared = Box(max(a.left, b.left), max(a.top, b.top), min(a.right, b.right), min(a.bottom, b.bottom)).area
    union = a.area + b.area - shared
    return shared / union if union else 0.0


@functools.cache
def weights_sha256() -> str:
    """One hexadecimal SHA-256 over the three model files: names FED and LLE scores that may be compared."""
    hashes = [f"{name}:{sha256_file(_model_path(name))}" for name in sorted(MODEL_FILES)]
    return sha256("\n".join(hashes).encode())


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


def face_affine(image: Image, box: Box, size: int) -> np.ndarray:
    """`ffhq_affine` of the face in `box`; only the box and its own width around it are looked at."""
    reach = max(box.right - box.left, box.bottom - box.top) + 1
    left, top = max(0, box.left - reach), max(0, box.top - reach)
    near = image[top : box.bottom + 1 + reach, left : box.right + 1 + reach]
    moved = Box(box.left - left, box.top - top, box.right - left, box.bottom - top)
    return ffhq_affine(landmarks68(near, moved) + (left, top), size)


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
        strips.append(np.clip(blocks, 0, 1, out=blocks).mean(axis=(1, 3), dtype=np.float32))
    return np.concatenate(strips)


def uncrop(values: np.ndarray, affine: np.ndarray, height: int, width: int) -> tuple[slice, slice, np.ndarray]:
    """The inverse of `crop_affine`: where in an image (height, width) a crop lies, and its values there.

    values: (size, size, C) float32 of the crop, C up to 4. Returns rows and columns of the image and
    the values (rows, columns, C) in them, 0 outside the crop; nothing of it may lie on the image.
    """
    size = len(values)
    corners = np.array([[0, 0], [size, 0], [0, size], [size, size]]) @ affine[:, :2].T + affine[:, 2]
    low = np.clip(np.floor(corners.min(axis=0)), 0, (width, height)).astype(int)
    high = np.clip(np.ceil(corners.max(axis=0)), low, (width, height)).astype(int)
    columns, rows = slice(low[0], high[0]), slice(low[1], high[1])
    sides = rows.stop - rows.start, columns.stop - columns.start
    if 0 in sides:
        return rows, columns, np.zeros((*sides, values.shape[2]), np.float32)
    blocks = _blocks(values, _moved(inverse_affine(affine), low), sides, cv2.BORDER_CONSTANT)
    return rows, columns, blocks.mean(axis=(1, 3), dtype=np.float32)


def _times(affine: np.ndarray) -> int:
    """How many pixels of the source a pixel of the result is long, rounded up; at least 1."""
    return max(1, int(np.ceil(np.hypot(*affine[:, 0]) - 1e-6)))


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


def _rectangle(box: Box) -> Any:
    return _dlib().rectangle(box.left, box.top, box.right, box.bottom)


def _dlib() -> Any:
    try:
        import dlib
    except ImportError as error:
        raise InputError(f"faces: the package dlib cannot be imported ({error}); {_REMEDY}") from error
    return dlib


@functools.cache
def _dlib_object(name: str) -> Any:
    """The detector or one of the three networks, loaded once per process."""
    dlib = _dlib()
    if name == "detector":
        return dlib.get_frontal_face_detector()
    kind = dlib.face_recognition_model_v1 if name == "descriptor" else dlib.shape_predictor
    return kind(str(_model_path(name)))


def _model_path(name: str) -> Path:
    package = importlib.util.find_spec("face_recognition_models")
    if package is None or not package.submodule_search_locations:
        raise InputError(f"faces: the package face_recognition_models is not installed; {_REMEDY}")
    path = Path(package.submodule_search_locations[0]) / "models" / MODEL_FILES[name]
    if not path.is_file():
        raise InputError(f"faces: expected the model {path}, got nothing there; {_REMEDY}")
    return path
