"""A restorer called from Python: arrays of any size and kind, the same pixels as the command line gives."""

import json

import numpy as np
import pytest

from degrade.core.errors import InputError
from degrade.core.image import from_uint8, read, to_uint8, write
from degrade.faces import detection
from degrade.portraits.paint import paint
from ispl_model.restoration.face import restore_face
from ispl_model.restoration.files.restore_files import RestorePlan, restore_files
from ispl_model.restoration.restorer import load_restorer

SIZE = 64


@pytest.fixture(scope="module")
def restorer(network_file):
    return load_restorer(network_file, "cpu")


def darker(images):
    return [image * np.float32(0.5) for image in images]


@pytest.mark.parametrize("kind", ["uint8", "float32", "float64", "float16"])
@pytest.mark.parametrize("shape", [(64, 64), (50, 64), (200, 256), (1, 1), (9, 2), (131, 130)])
def test_an_array_of_any_size_comes_back_in_its_kind_and_no_smaller(restorer, shape, kind):
    face = np.random.default_rng(0).random((*shape, 3))
    face = (face * 255).astype(np.uint8) if kind == "uint8" else face.astype(kind)
    before = face.copy()
    restored = restorer(face)
    assert restored.dtype == face.dtype and restored.flags["C_CONTIGUOUS"]
    scale = max(1, SIZE / max(shape))
    assert restored.shape == (*(round(side * scale) for side in shape), 3)
    assert restored.min() >= 0 and restored.max() <= (255 if kind == "uint8" else 1)
    np.testing.assert_array_equal(face, before)


@pytest.mark.parametrize("side", [40, 64])
def test_a_face_is_restored_to_the_pixels_of_the_command_line(restorer, tmp_path, side):
    write(tmp_path / "in" / "face.png", paint(3, side))
    *_, summary = restore_files(restorer, [tmp_path / "in" / "face.png"], tmp_path / "out", RestorePlan("face"))
    assert summary.faces == 1
    pixels = to_uint8(read(tmp_path / "in" / "face.png"))
    np.testing.assert_array_equal(restorer(pixels), to_uint8(read(tmp_path / "out" / "face.png")))


@pytest.mark.parametrize("shape", [(64, 64), (200, 256), (300, 300), (256, 200)])
def test_a_network_that_changes_nothing_leaves_every_pixel_of_a_face_it_does_not_enlarge(shape):
    face = np.random.default_rng(1).random((*shape, 3), dtype=np.float32)
    np.testing.assert_array_equal(restore_face(face, list, SIZE), face)


def test_a_larger_face_is_changed_as_the_network_changes_the_reduced_one():
    face = np.full((256, 256, 3), 0.8, np.float32)
    np.testing.assert_allclose(restore_face(face, darker, SIZE), 0.4, atol=1e-6)


def test_what_is_not_square_is_restored_in_the_middle_of_its_mirror_image():
    face = np.random.default_rng(2).random((48, 64, 3), dtype=np.float32)
    seen = []
    restored = restore_face(face, lambda images: seen.extend(images) or darker(images), SIZE)
    (square,) = seen
    np.testing.assert_array_equal(square, np.concatenate([face[7::-1], face, face[:-9:-1]]))
    np.testing.assert_array_equal(restored, face * np.float32(0.5))


@pytest.mark.parametrize(
    ("array", "sentence"),
    [
        (np.zeros((8, 8)), "expected an RGB image of shape"),
        (np.zeros((8, 8, 4), np.uint8), "expected an RGB image of shape"),
        (np.zeros((8, 8, 3), np.int64), "expected uint8, or float"),
        (np.full((8, 8, 3), 200.0), r"expected float values in \[0, 1\]"),
        (np.full((8, 8, 3), np.nan), r"expected float values in \[0, 1\]"),
        ([np.zeros((8, 8, 3))], "expected a numpy array, got list"),
    ],
)
def test_anything_else_is_one_sentence(restorer, array, sentence):
    for call in (restorer, restorer.photograph):
        with pytest.raises(InputError, match=sentence):
            call(array)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        *(({"dtype": dtype}, "dtype: expected one of auto, bf16, fp32, got") for dtype in ("fp16", "BF16", None)),
        *(({"batch": batch}, "batch: expected a whole number from 1 to") for batch in (0, -1, 1.5, "2", True)),
        *(({"level": level}, "expected a level from 0 to 4, got") for level in ("2", True, 4.1, -1, float("nan"))),
    ],
)
def test_what_no_restorer_has_is_one_sentence(asked, sentence):
    with pytest.raises(InputError, match=sentence):
        load_restorer(device="cpu", **asked)
    if "level" in asked:
        with pytest.raises(InputError, match=sentence):
            load_restorer(device="cpu").at(**asked)


def test_a_level_of_numpy_is_recorded_as_a_number_of_python():
    assert json.dumps(load_restorer(device="cpu", level=np.float32(2)).facts["level"]) == "2.0"


@pytest.mark.parametrize("upscale", [0, -1, 1.5, "2", None, True])
def test_a_photograph_grows_a_whole_number_of_times(restorer, upscale):
    with pytest.raises(InputError, match="upscale: expected a whole number from 1 to"):
        restorer.photograph(np.zeros((8, 8, 3), np.uint8), upscale)


def test_a_photograph_keeps_its_size_and_what_is_far_from_faces(restorer):
    pytest.importorskip("dlib")
    scene = np.full((300, 420, 3), 128, np.uint8)
    scene[20:276, 10:266] = to_uint8(paint(300_000, 256))
    assert len(detection.detect_reduced(from_uint8(scene))) == 1
    restored = restorer.photograph(scene)
    assert restored.shape == scene.shape and restored.dtype == np.uint8
    assert not np.array_equal(restored, scene)
    np.testing.assert_array_equal(restored[:, -20:], scene[:, -20:])
    assert restorer.photograph(from_uint8(scene), upscale=2).shape == (600, 840, 3)
    with pytest.raises(InputError, match="no face found; for an image that is one face, call the restorer itself"):
        restorer.photograph(np.full((200, 200, 3), 90, np.uint8))
