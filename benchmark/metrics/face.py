"""Metrics of the face itself: identity (feature embedding distance), landmarks (landmark localisation error), and
whether a face is found at all.

One box, the largest detection on the reference, serves reference and output, so nothing can drop out
and an output without a face scores badly instead of leaving the mean. After Yang et al., HiFaceGAN,
ACM MM 2020, section 4.1, whose own script detects on each image and leaves failures out: that way
has ids of its own, `.author`, for comparison with printed numbers. There a box that reaches past the image stays
as it is: the script (Lotayou/Face-Renovation: metrics_package/face_dist.py, 5193b08) calls `face_encodings` and
`face_landmarks` without boxes, which take the detector's own (ageitgey/face_recognition: api.py, 0b49803); only boxes
of `face_locations` are trimmed.
"""

from dataclasses import astuple

import numpy as np

from benchmark.assets.feature_cache import Memory
from benchmark.metrics.base import Compute, MetricError, Unavailable
from degrade.core.errors import InputError
from degrade.core.image import Image
from degrade.faces import detection

_SAME_FACE_IOU = 0.5
_EYE_CORNERS = (36, 45)  # the outer ones
# The library face_recognition lists points by feature, and the corners of the lips (outer and inner) in both lips.
_LISTED = (*range(68), 48, 54, 60, 64)
_remembered = Memory(limit=65536, on_disk=True)  # under 2 KB each


def load(metric_id: str) -> Compute:
    """fed.dlib, lle.dlib68, lle_io.dlib68, found.dlib, fed.author or lle.author."""
    need_networks(metric_id)
    return {
        "fed.dlib": feature_embedding_distance,
        "lle.dlib68": landmark_error,
        "lle_io.dlib68": landmark_error_over_eye_distance,
        "found.dlib": face_found,
        "fed.author": authors_embedding_distance,
        "lle.author": authors_landmark_error,
    }[metric_id]


def need_networks(metric_id: str) -> None:
    """Raise Unavailable unless detector, landmarks and descriptor can all be used."""
    blank = np.zeros((64, 64, 3), np.float32)
    try:
        detection.detect(blank)
        detection.landmarks68(blank, detection.typical_box(blank))
        detection.descriptor(blank, detection.typical_box(blank))
    except InputError as error:
        remedy = "install them with: pip install dlib-bin face_recognition_models"
        raise Unavailable(f"{metric_id} needs the packages dlib-bin and face_recognition_models; {remedy}") from error


def feature_embedding_distance(restored: Image, reference: Image) -> float:
    """Feature embedding distance (FED): L2 between dlib's face descriptors of both images, in the reference's box.

    restored, reference: (H, W, 3). The descriptor has 128 numbers, of no unit and of norm about 1.5, so the distance is
    0 for equal images, under 0.6 as a rule for two pictures of one person, and rarely above 1.
    Raises MetricError where no face is found in the reference.
    Source: the ISPL paper, Sec. 4.1 ("Evaluation Protocols"), which does not say on what the box is found; dlib's
    face_recognition_model_v1, whose author gives the 0.6.
    """
    box = _reference_box(reference)
    return float(np.linalg.norm(_descriptor(restored, box) - _descriptor(reference, box)))


def landmark_error(restored: Image, reference: Image) -> float:
    """Landmark localisation error (LLE): mean distance of dlib's 68 landmarks in both images, in the reference's box.

    restored, reference: (H, W, 3). In pixels of an image 512 px high, the paper's size, whatever H is; 0 or more.
    Raises MetricError where no face is found in the reference.
    Source: the ISPL paper, Sec. 4.1; the predictor is that of Kazemi and Sullivan, CVPR 2014.
    """
    return _landmark_error(restored, reference) * 512 / reference.shape[0]


def landmark_error_over_eye_distance(restored: Image, reference: Image) -> float:
    """Landmark localisation error, as a share of the distance between the reference's outer eye corners; 0 or more.

    restored, reference: (H, W, 3). Does not depend on how large the face is in the image.
    Raises MetricError where no face is found in the reference.
    Source: Sagonas et al., 300 Faces in-the-Wild, ICCV Workshops 2013, section 4.
    """
    left, right = _landmarks(reference, _reference_box(reference))[list(_EYE_CORNERS)]
    return _landmark_error(restored, reference) / float(np.linalg.norm(right - left))


def face_found(restored: Image, reference: Image) -> float:
    """1 where a face detected in the output overlaps the reference's box by IoU > 0.5, else 0.

    restored, reference: (H, W, 3). Raises MetricError where no face is found in the reference.
    Source: no paper's; 0.5 is the overlap of the PASCAL VOC challenge (Everingham et al., IJCV 2010, section 4.2).
    """
    box = _reference_box(reference)
    return float(any(detection.iou(other, box) > _SAME_FACE_IOU for other in _detections(restored)))


def authors_embedding_distance(restored: Image, reference: Image) -> float:
    """Feature embedding distance as the authors measure it: L2 of the descriptors at each image's surest detection.

    restored, reference: (H, W, 3). 0 or more, as that of feature_embedding_distance.
    Raises MetricError where no face is found in one of the two.
    Source: the authors' script, as the module says.
    """
    theirs, ours = _first_boxes(reference, restored)
    return float(np.linalg.norm(_descriptor(restored, ours) - _descriptor(reference, theirs)))


def authors_landmark_error(restored: Image, reference: Image) -> float:
    """Landmark localisation error as the authors measure it: mean distance of the 72 points that the library lists.

    restored, reference: (H, W, 3). The points are those at each image's surest detection; in pixels of the image as it
    is, however large; 0 or more. Raises MetricError where no face is found in one of the two.
    Source: the authors' script, as the module says.
    """
    theirs, ours = _first_boxes(reference, restored)
    distances = np.linalg.norm(_landmarks(restored, ours) - _landmarks(reference, theirs), axis=1)
    return float(distances[list(_LISTED)].mean())


def own_descriptor(image: Image) -> np.ndarray:
    """Descriptor (128,) at the image's own largest detection, or at the typical box where it has none."""
    return _descriptor(image, _largest(image) or detection.typical_box(image))


def _landmark_error(restored: Image, reference: Image) -> float:
    box = _reference_box(reference)
    return float(np.linalg.norm(_landmarks(restored, box) - _landmarks(reference, box), axis=1).mean())


def _reference_box(reference: Image) -> detection.Box:
    box = _largest(reference)
    if box is None:
        raise MetricError("no face found in the reference")
    return box


def _first_boxes(reference: Image, restored: Image) -> list[detection.Box]:
    boxes = []
    for image, name in ((reference, "reference"), (restored, "output")):
        if not (detections := _detections(image)):
            raise MetricError(f"no face found in the {name}")
        boxes.append(detections[0])
    return boxes


def _largest(image: Image) -> detection.Box | None:
    return max(_detections(image), key=lambda box: box.area, default=None)


def _detections(image: Image) -> list[detection.Box]:
    def rows(image: Image) -> np.ndarray:
        return np.array([astuple(box) for box in detection.detect(image)], np.float64).reshape(-1, 5)

    found = _remembered.recall(_feature("detections"), image, rows).tolist()
    return [
        detection.Box(int(left), int(top), int(right), int(bottom), confidence)
        for left, top, right, bottom, confidence in found
    ]


def _landmarks(image: Image, box: detection.Box) -> np.ndarray:
    question = f"{_feature('landmarks68')} {_corners(box)}"
    return _remembered.recall(question, image, lambda image: detection.landmarks68(image, box))


def _descriptor(image: Image, box: detection.Box) -> np.ndarray:
    question = f"{_feature('descriptor')} {_corners(box)}"
    return _remembered.recall(question, image, lambda image: detection.descriptor(image, box))


def _feature(name: str) -> str:
    """The name under which answers are kept: with the weights that give them."""
    return f"dlib-{name}-{detection.weights_sha256()[:8]}"


def _corners(box: detection.Box) -> str:
    return f"{box.left},{box.top},{box.right},{box.bottom}"
