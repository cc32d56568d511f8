"""Model files and published networks as methods: scales, sides, names, and what a run records of them."""

from dataclasses import asdict

import numpy as np
import pytest

from benchmark.methods.adapters import model_file
from benchmark.methods.adapters.model_file import as_method
from benchmark.methods.registry import adapter_argument, find_method, full_name, method_module, why_unavailable
from benchmark.methods.row import PRETRAINED
from benchmark.methods.table import METHODS
from benchmark.runs.request import RunRequest
from benchmark.runs.run import run
from benchmark.runs.settings import Settings
from benchmark.specs.protocols import Profile, load_protocol
from degrade.core.errors import InputError
from degrade.core.resize import match_scale, resize_bicubic
from degrade.core.storage.files import digest_of, sha256_file
from degrade.portraits.paint import paint
from ispl_model.adapters.model import ImageModel
from ispl_model.network.ispl import Ispl
from ispl_model.network.variants import IsplConfig
from ispl_model.runtime import checkpoint
from ispl_model.runtime.device import seeded_build
from tests.ispl_model.adapters.models import write_ncnn_rrdb, write_onnx

TINY = Profile("quick", 64, 2, 1, 2, 4, 1, 2, "none", (0,))
PUBLISHED = [name for name, row in METHODS.items() if row.module.startswith("benchmark.methods.adapters.")]


def scores(root, method, task="jpeg"):
    settings = Settings(TINY, work=root / "work", results=root / "results", device="cpu")
    return run(RunRequest(settings, load_protocol("S2S"), method, (task,), metrics=("psnr.rgb",))).scores


def test_an_enlarging_network_gets_the_side_that_its_scale_makes_the_asked_one_of():
    seen = []

    def run(given):
        seen.append(given)
        return given.repeat(4, axis=0).repeat(4, axis=1)

    face = paint(0, 64)
    (restored,) = as_method("x4", ImageModel(run, scale=4), 64).restore([face])
    np.testing.assert_array_equal(seen[0], match_scale(face, 64, 4))
    assert restored.shape == (64, 64, 3)
    with pytest.raises(InputError, match="x4: expected a side that is a multiple of its scale 4, got 66"):
        as_method("x4", ImageModel(run, scale=4), 66)


def test_a_network_of_whole_faces_is_given_the_stored_image_at_its_side_in_one_step():
    seen = []

    def run(given):
        seen.append(given)
        return given

    face = paint(0, 32)
    (restored,) = as_method("face", ImageModel(run, side=128), 64).restore([face])
    np.testing.assert_array_equal(seen[0], resize_bicubic(face, 128, 128))
    np.testing.assert_array_equal(restored, resize_bicubic(seen[0], 64, 64))


def test_an_onnx_file_goes_through_a_run_and_is_its_checkpoint(tmp_path):
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    path = write_onnx(tmp_path / "net.onnx", scale=1)
    first = scores(tmp_path, f"onnx:{path}")
    assert {score.checkpoint for score in first} == {sha256_file(path)} and all(score.value for score in first)
    other = scores(tmp_path, f"ONNX:{path},range=-1..1")
    assert {score.method for score in other} == {f"onnx:{path},range=-1..1"}
    assert [score.value for score in other] != [score.value for score in first]


def test_an_ncnn_file_goes_through_a_run(tmp_path):
    pytest.importorskip("ncnn")
    path = write_ncnn_rrdb(tmp_path / "net.param")
    assert all(score.value for score in scores(tmp_path, f"ncnn:{path}", "sr4"))


@pytest.fixture
def trained(tmp_path):
    """A checkpoint of an untrained network for 128 px."""
    config = IsplConfig(variant="isp_unet_pac", width=2, size=128)
    network = seeded_build(lambda: Ispl(config), 0)
    path = tmp_path / "Mine.safetensors"
    header = {"method": "ispl:isp_unet_pac", "network": asdict(config), "training": {}, "step": 0}
    checkpoint.save(path, network.state_dict(), header)
    return path


def test_a_checkpoint_just_trained_is_a_method_at_any_side(trained, tmp_path):
    name = f"ispl:{trained}"
    found = scores(tmp_path, name)
    assert {(score.method, score.checkpoint) for score in found} == {(name, sha256_file(trained))}
    method = method_module(name).load("cpu", str(trained), 64)
    assert method.restore([paint(0, 64)])[0].shape == (64, 64, 3) and method.parameters > 1000


def test_a_name_of_the_table_wins_over_a_file(trained, tmp_path):
    assert full_name("ISPL:ISP_UNET") == "ispl:isp_unet" and adapter_argument("ispl:isp_unet") is None
    assert find_method("ispl:isp_unet") is METHODS["ispl:isp_unet"]
    assert adapter_argument(f"ISPL:{trained}") == str(trained)
    with pytest.raises(InputError, match="did you mean 'ispl:isp_unet'"):
        find_method("ispl:isp_unett")
    with pytest.raises(InputError, match="expected a checkpoint of `ispl train`, got nothing there"):
        scores(tmp_path, "ispl:none.safetensors")


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_network_says_what_it_needs_and_enlarges_by_its_scale(name):
    row = METHODS[name]
    assert row.kind == PRETRAINED and row.scale == 4 and len(row.weights) in (1, 2) and "weights" in row.source
    if reason := why_unavailable(row):
        pytest.skip(f"TORCH_HOME: {reason}")
    module = method_module(name)
    method = module.load("cpu", None, 64)
    assert tuple(module.files) == row.weights and method.scale == row.scale and method.parameters > 500_000
    face = resize_bicubic(paint(0, 128), 64, 64)
    (restored,) = method.restore([match_scale(face, 64, 4)])
    assert restored.shape == face.shape and abs(restored - face).mean() < 0.08
    assert len(module.digest(None)) == 64


def test_a_published_network_reads_the_files_that_its_row_names(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(
        InputError, match="realsr-DF2K.param .*put it at .TORCH_HOME/ncnn/realsr-DF2K.param, or: benchmark"
    ):
        find_method("realsr")
    (tmp_path / "ncnn").mkdir()
    write_ncnn_rrdb(tmp_path / "ncnn/realsr-DF2K.param")
    with pytest.raises(InputError, match="realsr-DF2K.param is not the published file; remove it and fetch it again"):
        method_module("realsr").load("cpu", None, 64)
    monkeypatch.setattr(model_file, "state", lambda weight: "verified")
    method = method_module("realsr").load("cpu", None, 64)
    assert method.restore([paint(0, 16)])[0].shape == (64, 64, 3)
    files = [sha256_file(tmp_path / "ncnn" / f"realsr-DF2K.{end}") for end in ("param", "bin")]
    assert method_module("realsr").digest(None) == digest_of(files)
