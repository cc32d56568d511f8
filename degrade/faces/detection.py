"""Face boxes, landmarks and descriptors: the one home of dlib, which is imported when first used.

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

from degrade.core.arrays import as_image, as_uint8
from degrade.core.errors import InputError
from degrade.core.image import Image, check_image, to_uint8
from degrade.core.storage.files import sha256, sha256_file

MODEL_FILES = {
    "landmarks68": "shape_predictor_68_face_landmarks.dat",
    "landmarks5": "shape_predictor_5_face_landmarks.dat",
    "descriptor": "dlib_face_recognition_resnet_model_v1.dat",
}
# Mean detection on FFHQ-aligned portraits, as shares of the sides: left, top, right, bottom.
_TYPICAL_BOX = (0.19, 0.30, 0.78, 0.89)
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

    def enlarged(self, times: float) -> "Box":
        """The same rectangle on the image made larger so many times."""
        left, top, right, bottom = (round(place * times) for place in (self.left, self.top, self.right, self.bottom))
        return Box(left, top, right, bottom, self.confidence)


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


def detect_reduced(image: np.ndarray, longest: int = 2048) -> list[Box]:
    """As `detect`, in pixels of `image`, on a copy whose longer side is at most `longest` px: means of what it covers.

    image: (H, W, 3), RGB, float32 in [0, 1] or uint8. So memory and time are bounded, and a face is found from 40 px
    and from longer side / 51 on.
    """
    height, width = image.shape[:2]
    times = max(height, width) / longest
    if times <= 1:
        return detect(as_image(image))
    sides = max(1, round(width / times)), max(1, round(height / times))
    small = cv2.resize(image, sides, interpolation=cv2.INTER_AREA)
    return [box.enlarged(times) for box in detect(as_image(small))]


def largest_face(image: Image) -> Box | None:
    """The detection with the largest area (the most confident of equals), upsampled once; None when there is none."""
    return max(detect(image), key=lambda box: box.area, default=None)


def typical_box(image: Image) -> Box:
    """Where the detector finds the face of an FFHQ-aligned portrait, in pixels of this image."""
    height, width = image.shape[:2]
    return Box(*(round(share * side) for share, side in zip(_TYPICAL_BOX, (width, height) * 2, strict=True)))


def landmarks68(image: np.ndarray, box: Box) -> np.ndarray:
    """The 68 iBUG 300-W points inside `box` as (68, 2) float64 pixels (x, y).

    image: (H, W, 3), RGB, float32 in [0, 1] or uint8.
    Always gives points, also where there is no face (Kazemi and Sullivan, CVPR 2014: a regression
    from the mean shape). dlib rounds each to a whole pixel.
    """
    shape = _dlib_object("landmarks68")(as_uint8(image), _rectangle(box))
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
