"""Any model in the photo pipeline: its side, range and scale are its own, and what is wrong with it is one sentence."""

import json

import numpy as np
import pytest

from degrade.core.errors import InputError
from degrade.core.image import read, to_uint8, write
from degrade.core.resize import resize_bicubic
from degrade.portraits.paint import paint
from ispl_model.adapters.model import ImageModel
from ispl_model.restoration.files.restore_files import RECORD, RestorePlan, restore_files
from ispl_model.restoration.models import AdaptedModel, load_model, load_upsampler
from ispl_model.restoration.photograph import cut_out, find_faces
from ispl_model.restoration.restorer import load_restorer
from ispl_model.restoration.whole_image import restore_whole_image, upsample
from tests.ispl_model.adapters.models import write_ncnn_rrdb, write_onnx


@pytest.fixture(scope="module")
def scene():
    """A painted face on a wall."""
    wall = resize_bicubic(np.random.default_rng(0).random((4, 6, 3), dtype=np.float32) * 0.2 + 0.4, 300, 480)
    wall[30:250, 100:320] = paint(1, 220)
    return wall


@pytest.fixture
def functions(tmp_path, monkeypatch):
    """A module of the user's."""
    (tmp_path / "mine.py").write_text(
        "import numpy as np\n"
        "def striped(image):\n"
        "    dark = np.arange(len(image)) * 64 // len(image) % 2\n"
        "    return image * (1 - 0.3 * dark[:, None, None]).astype(np.float32)\n"
        "def half(image):\n    assert image.dtype == np.float32\n    return image * 0.5\n"
        "def eight(image):\n    assert image.dtype == np.uint8\n    return np.rint(striped(image)).astype(np.uint8)\n"
        "def twice(image):\n    return striped(image.repeat(2, 0).repeat(2, 1))\n"
        "def same(image):\n    return image\n"
        "def wrong(image):\n    return image[:-1]\n"
        "def dark_only(image):\n    if image.std() > 0:\n        raise ValueError('too bright')\n    return image\n"
        "def leaves(image):\n    if image.std():\n        raise SystemExit(3)\n    return image\n"
        "def nothing(image):\n    return image * np.float32('nan') if image.std() else image\n"
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def restore(model, path, out, **plan):
    *_, summary = restore_files(model, [path], out, RestorePlan(**plan))
    return summary


def test_a_face_comes_back_as_the_model_makes_it_whatever_its_side_and_scale(scene, functions, tmp_path):
    """The same stripes across the crop, whether the model takes 512 px, 64 px, 8 bits, or gives twice the side."""
    write(tmp_path / "in.png", scene)
    (face,) = find_faces(to_uint8(scene))
    changes = []
    for name in ("striped", "striped,size=64", "eight,dtype=uint8", "twice,size=256"):
        summary = restore(load_model(f"python:mine:{name}", "cpu"), tmp_path / "in.png", tmp_path / name)
        assert (summary.photos, summary.found, summary.errors) == (1, 1, ())
        result = read(tmp_path / name / "in.png")
        before, after = (cut_out(to_uint8(image), face, 64)[16:48, 16:48] for image in (scene, result))
        changes.append(after - before)
        np.testing.assert_array_equal(to_uint8(result[:, 400:]), to_uint8(scene[:, 400:]))
    assert np.abs(changes[0]).mean() > 0.03
    for change in changes[1:]:
        assert np.corrcoef(change.ravel(), changes[0].ravel())[0, 1] > 0.9


def test_a_model_of_any_size_is_given_faces_of_512_px_or_of_the_side_that_is_asked_for(functions):
    write_onnx("net.onnx", scale=1)
    write_onnx("large.onnx", scale=4)
    models = [load_model(name, "cpu") for name in ("onnx:net.onnx", "onnx:net.onnx,size=64", "onnx:large.onnx")]
    assert [(model.size, model.scale) for model in models] == [(512, 1), (64, 1), (128, 4)]


def test_a_checkpoint_of_ours_by_its_spelling_is_that_of_load_restorer(network_file, scene, tmp_path):
    write(tmp_path / "in.png", scene)
    for name, model in (("a", load_model(f"ispl:{network_file}", "cpu")), ("b", load_restorer(network_file, "cpu"))):
        restore(model, tmp_path / "in.png", tmp_path / name)
    assert (tmp_path / "a" / "in.png").read_bytes() == (tmp_path / "b" / "in.png").read_bytes()


def test_the_record_names_the_model_and_a_change_of_it_is_seen(scene, functions, tmp_path):
    write(tmp_path / "in.png", scene)
    model, other = load_model("python:mine:half", "cpu"), load_model("python:mine:half,size=64", "cpu")
    assert restore(model, tmp_path / "in.png", tmp_path / "out").restored == 1
    (line,) = (json.loads(line) for line in (tmp_path / "out" / RECORD).read_text().splitlines())
    assert line["made_by"]["model"] == "python:mine:half" and len(line["made_by"]["checkpoint"]) == 64
    assert restore(model, tmp_path / "in.png", tmp_path / "out", resume=True).kept == 1
    ((_, said),) = restore(other, tmp_path / "in.png", tmp_path / "out", resume=True).errors
    assert "is there, made with another model; give another folder" in said


def test_an_image_that_a_model_fails_on_is_named_with_the_reason(scene, functions, tmp_path):
    write(tmp_path / "in.png", scene)
    for name, sentence in (
        ("dark_only", "fails (ValueError: too bright)"),
        ("leaves", "fails (SystemExit: 3)"),
        ("nothing", "expected float values in [0, 1]"),
    ):
        summary = restore(load_model(f"python:mine:{name}", "cpu"), tmp_path / "in.png", tmp_path / name)
        ((file, said),) = summary.errors
        assert file == "in.png" and sentence in said and said.startswith(str(tmp_path / "in.png"))


@pytest.mark.parametrize(
    ("spelling", "sentence"),
    [
        ("net.onnx", "with KIND one of ispl, spandrel, onnx, ncnn, python; .* perhaps onnx:net.onnx"),
        ("GFPGANv1.4.pth", "for this file perhaps spandrel:GFPGANv1.4.pth"),
        ("onxx:net.onnx", "unknown kind of model 'onxx'; did you mean 'onnx'?"),
        ("onnx:none.onnx", "expected a file, got nothing there"),
        ("spandrel:none.pth", "expected a file of weights, got nothing there"),
        ("ispl:none.safetensors", "cannot be read"),
        ("python:mine:none", "expected a function 'none'"),
        ("python:mine:wrong", "expected a whole multiple of the 512 x 512 x 3 it was given"),
        ("python:mine:half,dtype=int", "dtype: expected float or uint8"),
    ],
)
def test_what_is_no_model_is_one_sentence(functions, spelling, sentence):
    with pytest.raises(InputError, match=sentence.replace("?", "[?]")):
        load_model(spelling, "cpu")


def test_levels_and_precision_are_for_checkpoints_of_ours(functions):
    for options in ({"level": 1.0}, {"dtype": "fp32"}):
        with pytest.raises(InputError, match="is for checkpoints of ispl train"):
            load_model("python:mine:half", "cpu", **options)


def test_an_upsampler_makes_the_photograph_and_the_faces_lie_over_it(scene, functions, tmp_path):
    """All is halved but the face, which a model that changes nothing keeps as it was in the photograph."""
    write(tmp_path / "in.png", scene)
    write_onnx(tmp_path / "net.onnx", scale=2)
    large, face = load_upsampler("onnx:net.onnx", "cpu"), find_faces(to_uint8(scene))[0].box
    for upscale in (1, 2, 3):
        plan = RestorePlan(upscale=upscale, saved=("compare",))
        model = load_model("python:mine:same", "cpu")
        *_, summary = restore_files(model, [tmp_path / "in.png"], tmp_path / f"{upscale}", plan, None, large)
        result = read(tmp_path / f"{upscale}" / "in.png")
        assert (summary.photos, summary.found) == (1, 1) and result.shape == (300 * upscale, 480 * upscale, 3)
        small = resize_bicubic(result, 300, 480)
        rows, columns = slice(face.top + 40, face.bottom - 40), slice(face.left + 40, face.right - 40)
        assert np.abs(small[rows, columns] - scene[rows, columns]).mean() < 0.01
        assert np.abs(small[:, 380:] - scene[:, 380:] / 2).mean() < 0.01
        assert (tmp_path / f"{upscale}" / "cmp" / "in.jpg").is_file()


def test_a_photograph_without_a_face_is_upsampled(functions, tmp_path):
    write(tmp_path / "in.png", np.full((90, 120, 3), 0.5, np.float32))
    write_onnx(tmp_path / "net.onnx", scale=2)
    large, model = load_upsampler("onnx:net.onnx", "cpu"), load_model("python:mine:half", "cpu")
    *_, summary = restore_files(model, [tmp_path / "in.png"], tmp_path / "out", RestorePlan(upscale=2), None, large)
    assert summary.photos == 1 and not summary.errors and read(tmp_path / "out" / "in.png").shape == (180, 240, 3)


def test_tiles_of_an_upsampled_photograph_meet_without_a_seam():
    """A network of a small neighbourhood gives the same in tiles as at once."""
    image = np.random.default_rng(0).random((300, 460, 3), dtype=np.float32)
    twice = ImageModel(lambda given: resize_bicubic(given, *(2 * side for side in given.shape[:2])), 2)
    model = AdaptedModel(twice, {})
    np.testing.assert_allclose(upsample(image, model, 2), resize_bicubic(image, 600, 920), atol=1e-6)


def test_a_grey_photograph_comes_back_grey_from_a_network_that_dyes_and_colours_stay_its_own():
    tint = np.float32([1, 0.9, 0.7])
    model = AdaptedModel(ImageModel(lambda given: given.repeat(2, 0).repeat(2, 1) * tint, 2), {})
    grey = np.random.default_rng(0).random((60, 300, 1), dtype=np.float32).repeat(3, 2)
    for made in (upsample(grey, model, 2), restore_whole_image(grey, model, 2, 1)):
        assert np.ptp(made, axis=2).max() == 0 and np.ptp(made) > 0.5
    np.testing.assert_allclose(
        upsample(grey * tint, model, 2), (grey * tint * tint).repeat(2, 0).repeat(2, 1), atol=1e-6
    )


def test_what_is_no_upsampler_is_one_sentence(functions, tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))
    for spelling, sentence in (
        ("realesrgan", "got nothing there; fetch it with: benchmark weights fetch realesrgan"),
        ("python:mine:half", "restores faces and not whole photographs"),
        ("best", "expected KIND:FILE"),
    ):
        with pytest.raises(InputError, match=sentence):
            load_upsampler(spelling, "cpu")
    folder = tmp_path / "home" / "ncnn"
    folder.mkdir(parents=True)
    write_ncnn_rrdb(folder / "realesrgan-x4plus.param")
    assert load_upsampler("realesrgan", "cpu").scale == 4
