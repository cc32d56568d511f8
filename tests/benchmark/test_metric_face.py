"""FED, LLE and found on painted portraits."""

import cv2
import numpy as np
import pytest

from benchmark.metrics import MetricError, Unavailable, face, load
from degrade import faces
from degrade.portraits import paint

IDS = ("fed.dlib", "lle.dlib68", "found.dlib")


@pytest.fixture(autouse=True)
def networks_or_skip():
    try:
        load("fed.dlib")
    except Unavailable as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="module")
def portrait() -> np.ndarray:
    return paint(2, 256)


def count_calls(monkeypatch) -> dict[str, int]:
    """Counts what the face module asks of dlib, with every metric loaded and nothing remembered yet."""
    for name in IDS:
        load(name)
    counts = {"detect": 0, "landmarks68": 0, "descriptor": 0}

    def counted(name, original):
        def call(*arguments):
            counts[name] += 1
            return original(*arguments)

        return call

    for name in counts:
        monkeypatch.setattr(faces, name, counted(name, getattr(faces, name)))
    monkeypatch.setattr(face, "_remembered", face.Memory(limit=64))
    return counts


def test_a_second_method_computes_nothing_of_the_reference_again(portrait, monkeypatch):
    counts = count_calls(monkeypatch)
    first, second = (np.clip(cv2.GaussianBlur(portrait, (0, 0), sigma), 0, 1) for sigma in (1.0, 2.0))
    for name in IDS:
        load(name)(first, portrait)
    assert counts == {"detect": 2, "landmarks68": 2, "descriptor": 2}  # reference and output, once each
    for name in IDS:
        load(name)(second, portrait.copy())  # known by its pixels, not as an object
    assert counts == {"detect": 3, "landmarks68": 3, "descriptor": 3}


def test_a_reference_without_a_face_is_a_reason_and_not_a_number(portrait):
    flat = np.full_like(portrait, 0.5)
    for name in IDS:
        with pytest.raises(MetricError, match="no face found in the reference"):
            load(name)(portrait, flat)


def test_an_output_without_a_face_still_has_a_bad_score(portrait):
    flat, soft = np.full_like(portrait, 0.5), np.clip(cv2.GaussianBlur(portrait, (0, 0), 1.5), 0, 1)
    assert load("fed.dlib")(flat, portrait) > load("fed.dlib")(soft, portrait)
    assert load("lle.dlib68")(flat, portrait) > load("lle.dlib68")(soft, portrait)
    assert load("found.dlib")(flat, portrait) == 0 and load("found.dlib")(soft, portrait) == 1


def test_fed_is_the_distance_of_two_descriptors_in_one_box(portrait):
    other = paint(5, 256)
    box = faces.largest_face(portrait)
    difference = faces.descriptor(other, box) - faces.descriptor(portrait, box)
    assert load("fed.dlib")(other, portrait) == pytest.approx(np.sqrt((difference**2).sum()))


def test_lle_is_in_pixels_of_an_image_512_px_high(portrait, monkeypatch):
    points = {"reference": np.zeros((68, 2)), "output": np.tile([3.0, 4.0], (68, 1))}
    monkeypatch.setattr(face, "_remembered", face.Memory(limit=8))
    monkeypatch.setattr(faces, "landmarks68", lambda image, _box: points["output" if image is output else "reference"])
    output = portrait.copy()
    assert load("lle.dlib68")(output, portrait) == pytest.approx(10.0)  # 5 px at 256


def test_a_face_found_elsewhere_is_not_the_face(portrait):
    shifted = np.roll(portrait, 96, axis=1)
    assert load("found.dlib")(shifted, portrait) == 0


def test_the_typical_box_lies_over_a_portraits_detection(portrait):
    assert faces.iou(face.typical_box(portrait), faces.largest_face(portrait)) > 0.5


def test_the_oldest_answers_are_forgotten_first():
    memory, asked = face.Memory(limit=2), []
    images = [np.full((2, 2, 3), value, np.float32) for value in (0.1, 0.2, 0.3)]
    for index in (0, 1, 0, 2, 0, 1):  # 1 is the oldest when 2 comes
        memory.recall("mean", images[index], lambda image, index=index: asked.append(index))
    assert asked == [0, 1, 2, 1]
