"""How much and whom: strength, which faces, and what the record says of those that stay as they are."""

import json

import cv2
import numpy as np
import pytest

from degrade.core.errors import InputError
from degrade.core.image import read, to_uint8, write
from degrade.core.resize import resize_bicubic
from degrade.faces import detection
from degrade.portraits.paint import paint
from ispl_model.restoration.choose import Choice, parse_which, sharpness
from ispl_model.restoration.files.restore_files import FACES, RestorePlan, restore_files
from ispl_model.restoration.photograph import find_faces


class Darker:
    """A restorer that halves the brightness."""

    size, scale, batch, facts = 128, 1, 4, {}

    def restore_faces(self, images):
        return [image * np.float32(0.5) for image in images]

    def restore_whole(self, image):
        return image * np.float32(0.5)


@pytest.fixture(scope="module")
def scene():
    """Three faces: a large one, one in the middle, and a blurred one."""
    wall = resize_bicubic(np.random.default_rng(0).random((4, 6, 3), dtype=np.float32) * 0.2 + 0.4, 300, 700)
    for seed, (left, side) in enumerate(((10, 240), (270, 160), (460, 200)), start=1):
        wall[30 : 30 + side, left : left + side] = paint(seed, side)
    wall[30:230, 460:660] = cv2.GaussianBlur(wall[30:230, 460:660], (0, 0), 3)
    return wall


@pytest.fixture(scope="module")
def places(scene):
    faces = find_faces(scene)
    assert len(faces) == 3
    return [(slice(face.box.top, face.box.bottom), slice(face.box.left, face.box.right)) for face in faces]


def restore(scene, folder, **plan):
    """The result and the lines of its faces."""
    write(folder / "in.png", scene)
    *_, summary = restore_files(Darker(), [folder / "in.png"], folder / "out", RestorePlan(**plan))
    assert summary.errors == ()
    return read(folder / "out" / "in.png"), [json.loads(line) for line in (folder / "out" / FACES).open()]


@pytest.mark.parametrize(
    ("choice", "restored"),
    [
        (Choice(), (1, 2, 3)),
        (Choice("largest"), (1,)),
        (Choice("center"), (2,)),
        (Choice((1, 3)), (1, 3)),
        (Choice(sharper_than=5), (3,)),
        (Choice((1, 2), sharper_than=5), ()),
        (Choice(larger_than=100), (1, 3)),
    ],
)
def test_chosen_faces_are_restored_and_no_pixel_of_another_changes(scene, places, tmp_path, choice, restored):
    result, lines = restore(scene, tmp_path, choice=choice)
    assert tuple(line["face"] for line in lines if line["restored"]) == restored
    for line, place in zip(lines, places, strict=True):
        before, after = to_uint8(scene)[place], to_uint8(result)[place]
        assert (after == before).all() != line["restored"]
        assert line["restored"] or line["reason"]


def test_a_line_of_a_face_says_where_it_is_and_how_sure_the_detector_was(scene, tmp_path):
    _, lines = restore(scene, tmp_path, strength=0.25)
    boxes = sorted(detection.detect(scene), key=lambda box: box.left)
    for line, box in zip(lines, boxes, strict=True):
        assert line["box"] == [box.left, box.top, box.right, box.bottom]
        assert line["score"] == round(box.confidence, 4) and line["strength"] == 0.25
        np.testing.assert_allclose(line["landmarks"], detection.landmarks68(scene, box), atol=2)
        assert line["file_name"] == "in.png" and len(line["sha256"]) == 64


@pytest.mark.parametrize("kind", ["photo", "face", "tiles"])
def test_strength_is_the_share_of_the_change(scene, tmp_path, kind):
    square = scene if kind == "photo" else np.ascontiguousarray(scene[:300, 100:400])
    write(tmp_path / "in.png", square)
    changes = []
    for strength in (0.0, 0.5, 1.0):
        out = tmp_path / f"{strength}"
        *_, summary = restore_files(Darker(), [tmp_path / "in.png"], out, RestorePlan(kind, strength=strength))
        assert summary.restored == 1
        changes.append(read(out / "in.png") - read(tmp_path / "in.png"))
    assert np.abs(changes[0]).max() == 0 and np.abs(changes[2]).max() > 0.2
    apart = np.abs(changes[1] - changes[2] / 2) > 1.01 / 255
    assert apart.mean() < 0.001  # where the whole change was clipped


def test_faces_that_lie_on_their_side_are_found_when_asked_and_turned_back(scene, tmp_path):
    for quarters in (1, 2, 3):
        folder = tmp_path / f"{quarters}"
        turned = np.ascontiguousarray(np.rot90(scene, -quarters))
        result, lines = restore(turned, folder, turn=True)
        assert result.shape == turned.shape and [line["quarter_turns"] for line in lines] == [quarters] * 3
        expected, _ = restore(scene, folder / "upright")
        np.testing.assert_array_equal(np.rot90(result, quarters), expected)
    write(tmp_path / "side.png", np.ascontiguousarray(np.rot90(scene)))
    *_, summary = restore_files(Darker(), [tmp_path / "side.png"], tmp_path / "out")
    assert "no face found; use --kind tiles" in summary.errors[0][1] and "--turn" in summary.errors[0][1]


@pytest.mark.parametrize(
    ("choice", "reason"),
    [
        (Choice((1, 2)), "expected numbers up to 1"),
        (Choice(larger_than=1000), "less than 1000"),
        (Choice(sharper_than=0), "more than 0"),
    ],
)
def test_a_choice_holds_for_a_portrait_that_is_a_square_too(tmp_path, choice, reason):
    write(tmp_path / "in.png", paint(1, 256))
    *_, summary = restore_files(Darker(), [tmp_path / "in.png"], tmp_path / "out", RestorePlan(choice=choice))
    said = summary.errors or (tmp_path / "out" / FACES).read_text()
    assert reason in str(said)


def test_a_portrait_on_its_side_is_restored_upright_though_it_is_a_square(tmp_path):
    restore(np.ascontiguousarray(np.rot90(paint(1, 256))), tmp_path, turn=True, saved=("faces",))
    crop = read(tmp_path / "out" / "cropped_faces" / "in_01.png")
    restore(paint(1, 256), tmp_path / "upright", saved=("faces",), kind="photo")
    np.testing.assert_array_equal(crop, read(tmp_path / "upright" / "out" / "cropped_faces" / "in_01.png"))


def test_the_line_of_a_portrait_says_where_its_face_is(tmp_path):
    _, (line,) = restore(paint(1, 256), tmp_path)
    (box,) = detection.detect(paint(1, 256))
    assert line["box"] == [box.left, box.top, box.right, box.bottom] and len(line["landmarks"]) == 68


def test_crops_and_both_photographs_are_saved_where_asked(scene, tmp_path):
    restore(scene, tmp_path, saved=("faces", "compare"), choice=Choice((1, 3)))
    for number in (1, 3):
        before, after = (
            read(tmp_path / "out" / kind / f"in_{number:02d}.png") for kind in ("cropped_faces", "restored_faces")
        )
        assert before.shape == (128, 128, 3)
        np.testing.assert_allclose(after, before / 2, atol=1.01 / 255)
    assert not (tmp_path / "out" / "cropped_faces" / "in_02.png").exists()
    assert read(tmp_path / "out" / "cmp" / "in.jpg").shape == (300, 2 * 700 + 8, 3)


def test_sharpness_falls_with_blur_and_noise_is_not_taken_for_it():
    face = paint(1, 256)
    blurred = [sharpness(cv2.GaussianBlur(face, (0, 0), sigma)) for sigma in (0.5, 1.0, 2.0)]
    assert sharpness(face) > blurred[0] > blurred[1] > blurred[2] > 0
    soft = cv2.GaussianBlur(face, (0, 0), 2)
    noise = np.random.default_rng(0).normal(0, 20 / 255, face.shape).astype(np.float32)
    assert sharpness(np.clip(soft + noise, 0, 1)) < sharpness(face)


@pytest.mark.parametrize("text", ["none", "1,", "", "-1", "0", "1,0", "1.5", "largest,2", "1," + "9" * 5000])
def test_a_choice_that_is_none_is_one_sentence(text):
    with pytest.raises(InputError, match="--faces: expected all, largest, center or numbers from 1, such as 1,3, got"):
        Choice(parse_which(text))


def test_numbers_below_1_are_refused_from_python_too():
    for number in (0, -1):
        with pytest.raises(InputError, match=f"numbers from 1, such as 1,3, got {number}"):
            Choice((1, number))


def test_a_number_without_a_face_is_named(scene, tmp_path):
    write(tmp_path / "in.png", scene)
    plan = RestorePlan(choice=Choice((1, 4)))
    *_, summary = restore_files(Darker(), [tmp_path / "in.png"], tmp_path / "out", plan)
    assert "in.png: --faces: expected numbers up to 3, as so many are found, got 4" in summary.errors[0][1]
