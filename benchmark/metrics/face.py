"""Metrics of the face itself: identity (FED), landmarks (LLE), and whether a face is found at all.

One box, the largest detection on the reference, serves reference and output, so nothing can drop out
and an output without a face scores badly instead of leaving the mean. After Yang et al., HiFaceGAN,
ACM MM 2020, section 4.1, whose own script detects on each image and leaves failures out.
"""

import numpy as np

from benchmark.metrics import Compute, MetricError, Unavailable
from benchmark.metrics.memory import Memory
from degrade import faces
from degrade.errors import InputError
from degrade.image import Image

_SAME_FACE_IOU = 0.5
# Mean detection on FFHQ-aligned portraits, as shares of the sides: left, top, right, bottom.
_TYPICAL_BOX = (0.19, 0.30, 0.78, 0.89)
_remembered = Memory(limit=65536)  # under 2 KB each


def load(metric_id: str) -> Compute:
    """fed.dlib, lle.dlib68 or found.dlib."""
    need_networks(metric_id)
    return {"fed.dlib": fed, "lle.dlib68": lle, "found.dlib": found}[metric_id]


def need_networks(metric_id: str) -> None:
    """Raise Unavailable unless detector, landmarks and descriptor can all be used."""
    blank = np.zeros((64, 64, 3), np.float32)
    try:
        faces.detect(blank)
        faces.landmarks68(blank, typical_box(blank))
        faces.descriptor(blank, typical_box(blank))
    except InputError as error:
        remedy = "install them with: pip install dlib-bin face_recognition_models"
        raise Unavailable(f"{metric_id} needs the packages dlib-bin and face_recognition_models; {remedy}") from error


def fed(restored: Image, reference: Image) -> float:
    """L2 between the face descriptors (128 numbers) of both images in the reference's box; 0 when identical."""
    box = _reference_box(reference)
    expected = _remembered.recall("descriptor", reference, lambda image: faces.descriptor(image, box))
    return float(np.linalg.norm(faces.descriptor(restored, box) - expected))


def lle(restored: Image, reference: Image) -> float:
    """Mean distance of the 68 landmarks in the reference's box, in pixels of an image 512 px high."""
    box = _reference_box(reference)
    expected = _remembered.recall("landmarks", reference, lambda image: faces.landmarks68(image, box))
    distances = np.linalg.norm(faces.landmarks68(restored, box) - expected, axis=1)
    return float(distances.mean() * 512 / reference.shape[0])


def found(restored: Image, reference: Image) -> float:
    """1 if any detection in the output overlaps the reference's box by IoU > 0.5, else 0."""
    box = _reference_box(reference)
    return float(any(faces.iou(other, box) > _SAME_FACE_IOU for other in _detections(restored)))


def own_descriptor(image: Image) -> np.ndarray:
    """Descriptor (128,) at the image's own largest detection, or at the typical box where it has none."""
    box = _largest(image) or typical_box(image)
    return _remembered.recall("descriptor", image, lambda image: faces.descriptor(image, box))


def typical_box(image: Image) -> faces.Box:
    """Where the detector finds the face of an FFHQ-aligned portrait, in pixels of this image."""
    height, width = image.shape[:2]
    return faces.Box(*(round(share * side) for share, side in zip(_TYPICAL_BOX, (width, height) * 2, strict=True)))


def _reference_box(reference: Image) -> faces.Box:
    box = _largest(reference)
    if box is None:
        raise MetricError("no face found in the reference")
    return box


def _largest(image: Image) -> faces.Box | None:
    return max(_detections(image), key=lambda box: box.area, default=None)


def _detections(image: Image) -> list[faces.Box]:
    return _remembered.recall("detections", image, faces.detect)
