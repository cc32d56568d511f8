"""An exported graph gives the network's own picture in another runtime, and is used as any ONNX file."""

import json
import re

import numpy as np
import pytest
from click.testing import CliRunner

from degrade.portraits.paint import paint
from ispl_model.adapters import onnx as adapter
from ispl_model.cli.main import ispl
from ispl_model.network.variants import VARIANTS
from ispl_model.restoration import export
from ispl_model.restoration.restorer import load_restorer

onnx = pytest.importorskip("onnx", reason="needs onnx, onnxscript and onnxruntime, of the extra dev")
pytest.importorskip("onnxscript", reason="needs onnx, onnxscript and onnxruntime, of the extra dev")


def call(*words):
    return CliRunner().invoke(ispl, ["export", *map(str, words)])


@pytest.mark.slow
@pytest.mark.parametrize("variant", ["isp_unet_pac", "isp_concat", "released"])  # each part of every variant
def test_a_variant_is_the_same_network_in_onnxruntime(variant, save_network, tmp_path):
    network = save_network(variant=variant, revision=VARIANTS[variant].revision)
    done = call(network, "--out", tmp_path / "made.onnx")
    assert done.exit_code == 0, done.output
    assert re.search(r"64 px, at a painted face (less than 0.001|0\.[0-9]*[1-9][0-9]*) grey levels", done.output)
    restorer, face = load_restorer(network, "cpu", dtype="fp32"), paint(1, 64)
    restored = adapter.load(str(tmp_path / "made.onnx")).restore(face)
    assert np.abs(restored - restorer.plain([face])[0]).max() <= 1 / 255


@pytest.mark.slow
def test_level_and_size_are_part_of_the_file(save_network, tmp_path):
    network, face = save_network(levels=True), paint(1, 128)
    for level in (0, 1.5):
        done = call(network, "--level", level, "--size", 128, "--out", tmp_path / f"{level}.onnx")
        assert done.exit_code == 0 and "128 px" in done.output, done.output
    low, high = (adapter.load(str(tmp_path / f"{level}.onnx")).restore(face) for level in (0, 1.5))
    assert low.shape == face.shape and np.abs(low - high).max() > 1 / 255
    facts = {item.key: item.value for item in onnx.load(tmp_path / "1.5.onnx").metadata_props}
    assert json.loads(facts["level"]) == 1.5 and json.loads(facts["side"]) == 128 and len(facts["checkpoint"]) == 64


@pytest.mark.slow
def test_a_graph_that_is_another_network_is_not_kept(network_file, tmp_path, monkeypatch):
    monkeypatch.setattr(export, "MOST_APART", -1.0)
    done = call(network_file, "--out", tmp_path / "made.onnx")
    assert done.exit_code == 1 and "nothing was written" in done.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "words, sentence",
    [
        (["--out", "made.onnx", "--size", "102"], "size: expected a multiple of 4 px, got 102"),
        (["--out", "made.onnx", "--size", "1000000"], "size: expected at most 9459 px, got 1000000"),
        (["--out", "made.pth"], "--out: expected a name ending in .onnx, got made.pth"),
        (["--out", "made.onnx", "--level", "1"], "was trained without levels"),
    ],
)
def test_what_cannot_be_exported_is_one_sentence(words, sentence, network_file):
    done = call(network_file, *words)
    assert done.exit_code == 2 and sentence in " ".join(done.output.split()), done.output
