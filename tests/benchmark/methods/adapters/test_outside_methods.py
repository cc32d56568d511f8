"""Methods from anywhere: a folder, a program, a function, a file of weights; and what is wrong with each in one
sentence."""

import sys
from dataclasses import replace
from importlib.util import find_spec
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from benchmark.methods.adapters import command
from benchmark.methods.registry import adapter_argument, full_name, method_module
from benchmark.runs.request import RunRequest
from benchmark.runs.run import run
from benchmark.runs.settings import Settings
from benchmark.runs.splits import domain_split
from benchmark.specs.protocols import Profile, load_protocol
from degrade.core.errors import InputError
from degrade.core.files import sha256_file
from degrade.core.image import read, write
from degrade.core.resize import match_scale, resize_bicubic

TINY = Profile("quick", 64, 2, 1, 2, 4, 1, 2, "none", (0,))
COPY = f"cmd:{sys.executable} -c 'import shutil, sys; shutil.copy(*sys.argv[1:])' {{input}} {{output}}"


def settings(root):
    return Settings(TINY, work=root / "work", results=root / "results", device="cpu")


def request(root, method, ids=("psnr.rgb",), task="jpeg"):
    return RunRequest(settings(root), load_protocol("S2S"), method, (task,), metrics=ids)


def split_of(root, task="jpeg"):
    return domain_split(settings(root), "synthetic", task, "test")


@pytest.fixture
def outputs(tmp_path):
    """Degraded images as if restored, and the split they are of."""
    prepared = split_of(tmp_path)
    for name in prepared.names:
        write(tmp_path / "outputs" / f"{name}.png", prepared.split.degraded(name))
    return tmp_path / "outputs", prepared


def psnr(scores):
    return [score.value for score in scores if score.metric == "psnr.rgb"]


def test_a_folder_a_program_and_a_function_score_as_the_method_they_repeat(outputs, tmp_path, monkeypatch):
    folder, _ = outputs
    (tmp_path / "same_again.py").write_text("def restore(image):\n    return image\n")
    monkeypatch.chdir(tmp_path)
    expected = psnr(run(request(tmp_path, "identity")).scores)
    for name in (f"folder:{folder}", COPY, "python:same_again:restore"):
        summary = run(request(tmp_path, name))
        assert psnr(summary.scores) == expected
        assert {score.method for score in summary.scores} == {name}
        assert all(len(score.checkpoint) == 64 for score in summary.scores)


def test_the_checkpoint_of_a_folder_changes_with_its_contents_and_names(outputs):
    folder, prepared = outputs
    digest = method_module(f"folder:{folder}").digest
    first = digest(str(folder))
    assert digest(str(folder)) == first
    path = folder / f"{prepared.names[0]}.png"
    content = path.read_bytes()
    write(path, read(path)[::-1].copy())
    assert digest(str(folder)) != first
    path.rename(folder / "other.png")
    (folder / "other.png").write_bytes(content)
    assert digest(str(folder)) != first


@pytest.mark.parametrize(
    "fault, sentence",
    [
        (lambda folder, name: (folder / f"{name}.png").unlink(), "1 missing: {name}"),
        (lambda folder, name: write(folder / "stranger.png", np.zeros((64, 64, 3), np.float32)), "1 extra: stranger"),
        (
            lambda folder, name: write(folder / f"{name}.png", np.zeros((32, 48, 3), np.float32)),
            r"references' size, got others: {name} \(32x48 for 64x64\)",
        ),
        (lambda folder, name: write(folder / f"{name}.bmp", np.zeros((64, 64, 3), np.float32)), "one image for each"),
    ],
)
def test_a_folder_that_does_not_match_is_refused_before_anything_is_scored(outputs, tmp_path, fault, sentence):
    folder, prepared = outputs
    fault(folder, prepared.names[0])
    with pytest.raises(InputError, match=sentence.format(name=prepared.names[0])):
        run(request(tmp_path, f"folder:{folder}"))
    assert not list((tmp_path / "results").rglob("*.jsonl"))


def test_a_corrupt_image_in_a_folder_is_a_score_line_and_the_others_are_scored(outputs, tmp_path):
    folder, prepared = outputs
    path = folder / f"{prepared.names[0]}.png"
    path.write_bytes(path.read_bytes()[:200])
    bad, good = run(request(tmp_path, f"folder:{folder}")).scores
    assert bad.value is None and bad.error.startswith("not restored:") and path.name in bad.error
    assert good.value is not None


def test_a_folder_belongs_to_one_task_which_must_be_named(outputs, tmp_path):
    with pytest.raises(InputError, match="name it with --task"):
        run(replace(request(tmp_path, f"folder:{outputs[0]}"), tasks=()))


def program(code):
    return f"cmd:{sys.executable} -c '{code}' {{input}} {{output}}"


@pytest.mark.parametrize(
    "code, sentence",
    [
        ('import sys; print("first", file=sys.stderr); sys.exit("out of luck")', "ended with exit code 1: out of luck"),
        ("pass", "ended with exit code 0 but wrote no {output}"),
        ('import sys; open(sys.argv[2], "w").write("x")', "not a readable PNG"),
        ("import time; time.sleep(60)", "took more than 1 s for one image"),
    ],
)
def test_a_program_that_fails_says_why_in_its_score_line(tmp_path, monkeypatch, code, sentence):
    monkeypatch.setattr(command, "TIMEOUT", 1)
    scores = run(request(tmp_path, program(code))).scores
    assert len(scores) == 2 and all(score.value is None and sentence in score.error for score in scores)


@pytest.mark.parametrize(
    "name, sentence",
    [
        ("cmd:restore {input}", "{output} is missing"),
        ("cmd:no-such-program {input} {output}", "there is no program 'no-such-program'"),
        ("cmd:cp '{input} {output}", "cannot be split into words"),
        ("python:no_such_module:restore", "no_such_module cannot be imported"),
        ("python:json:restore", "expected a function 'restore' in json"),
        ("python:json", "expected PACKAGE.MODULE:FUNCTION"),
        pytest.param(
            "spandrel:no-such-file.pth",
            "expected a file of weights",
            marks=pytest.mark.skipif(find_spec("spandrel") is None, reason="needs spandrel"),
        ),
        ("folder:no-such-folder", "expected a folder of images, got nothing there"),
        ("folder:", "expected more after a colon"),
        ("spandrel", "expected more after a colon"),
    ],
)
def test_what_cannot_be_found_is_refused_before_anything_is_scored(tmp_path, name, sentence):
    with pytest.raises(InputError, match=sentence.replace("{", r"\{").replace("}", r"\}")):
        run(request(tmp_path, name))
    assert not list((tmp_path / "results").rglob("*.jsonl"))


def test_the_kind_is_understood_in_any_case_and_what_follows_is_left_as_it_is():
    assert full_name("FOLDER:My/Results") == "folder:My/Results"
    assert adapter_argument("python:a.b:c") == "a.b:c" and adapter_argument("ispl:isp_unet") is None


@pytest.fixture(scope="module")
def esrgan(tmp_path_factory):
    """A small ESRGAN with seeded random weights as safetensors, and the network itself."""
    pytest.importorskip("spandrel")
    from safetensors.torch import save_file
    from spandrel.architectures.ESRGAN import ESRGAN

    with torch.random.fork_rng(devices=[]):
        torch.random.default_generator.manual_seed(0)
        network = ESRGAN(num_filters=4, num_blocks=1).eval()
    path = tmp_path_factory.mktemp("weights") / "random_esrgan.safetensors"
    save_file({key: value.contiguous() for key, value in network.state_dict().items()}, path)
    return path, network


def test_an_esrgan_with_random_weights_restores_as_the_network_itself_does(esrgan, tmp_path):
    path, network = esrgan
    prepared = split_of(tmp_path, "sr4")
    method = method_module(f"spandrel:{path}").load("cpu", str(path), 64)
    degraded = prepared.split.degraded(prepared.names[0])
    (restored,) = method.restore([degraded])
    with torch.inference_mode():
        expected = network(torch.from_numpy(degraded.transpose(2, 0, 1)[None].copy()))[0].clamp(0, 1)
    assert method.scale == 4 and restored.shape == (64, 64, 3)
    np.testing.assert_allclose(restored, expected.permute(1, 2, 0), atol=1e-6)
    reduced = method.restore([resize_bicubic(restored, 64, 64)])[0]
    np.testing.assert_array_equal(reduced, method.restore([match_scale(restored, 64, 4)])[0])


def test_a_random_esrgan_goes_through_a_run_and_its_file_is_the_checkpoint(esrgan, tmp_path):
    path, _ = esrgan
    scores = run(request(tmp_path, f"spandrel:{path}", task="sr4")).scores
    assert {score.checkpoint for score in scores} == {sha256_file(path)} and all(score.value for score in scores)


def test_weights_that_spandrel_does_not_know_and_options_that_are_not_the_networks_are_refused(esrgan, tmp_path):
    from safetensors.torch import save_file

    load = method_module("spandrel:x").load
    save_file({"layer.weight": torch.zeros(3)}, tmp_path / "other.safetensors")
    for name, sentence in (
        (tmp_path / "other.safetensors", "cannot be loaded"),
        (f"{esrgan[0]}?w=0.5", "w is CodeFormer's, this is ESRGAN"),
        (f"{esrgan[0]}?w=2", "expected w=NUMBER from 0 to 1"),
        (f"{esrgan[0]}?strength=1", "expected w=NUMBER from 0 to 1"),
    ):
        with pytest.raises(InputError, match=sentence):
            load("cpu", str(name), 64)
    with pytest.raises(InputError, match="multiple of its scale 4, got 66"):
        load("cpu", str(esrgan[0]), 66)


class FaceNetwork(torch.nn.Module):
    """Stands for GFPGAN or CodeFormer: gives back what it is given, darker, and remembers how it was called."""

    def forward(self, face, **options):
        self.seen = face.shape, float(face.min()), float(face.max()), options, face.dtype
        return face * 0.5, []


@pytest.fixture
def face_network(monkeypatch):
    pytest.importorskip("spandrel")

    def build(kind):
        network = FaceNetwork()
        facts = {"architecture": SimpleNamespace(id=kind), "purpose": "FaceSR", "scale": 1, "model": network}
        descriptor = SimpleNamespace(**facts, device=torch.device("cpu"))
        monkeypatch.setattr(method_module("spandrel:x"), "_network", lambda path, device: descriptor)
        return network

    return build


@pytest.mark.parametrize(
    "kind, suffix, options",
    [
        ("GFPGAN", "", {"randomize_noise": False}),
        ("CodeFormer", "", {"weight": 0.5}),
        ("CodeFormer", "?w=0.9", {"weight": 0.9}),
    ],
)
def test_face_networks_get_512_px_in_minus_one_to_one_and_their_options(face_network, tmp_path, kind, suffix, options):
    (tmp_path / "w.pth").touch()
    network = face_network(kind)
    method = method_module("spandrel:x").load("cpu", f"{tmp_path / 'w.pth'}{suffix}", 128)
    face = np.tile(np.linspace(0, 1, 128, dtype=np.float32)[:, None, None], (1, 128, 3))
    (restored,) = method.restore([face])
    shape, low, high, given, dtype = network.seen
    assert shape == (1, 3, 512, 512) and (low, high) == (pytest.approx(-1, abs=0.02), pytest.approx(1, abs=0.02))
    assert given == options and dtype == torch.float32
    np.testing.assert_allclose(restored, 0.25 + face / 2, atol=0.01)  # halved in [-1, 1], then back to [0, 1]


def test_a_face_network_whose_range_nobody_told_is_refused(face_network, tmp_path):
    (tmp_path / "w.pth").touch()
    face_network("NewFaceNet")
    with pytest.raises(InputError, match="which face alignment NewFaceNet expects is not known"):
        method_module("spandrel:x").load("cpu", str(tmp_path / "w.pth"), 128)
