"""The shipped checkpoint as a method: itself at its own side, resized in and out at others, never trained."""

import json
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest

from benchmark.methods.ispl import lite as ispl_lite
from benchmark.methods.registry import method_module
from benchmark.methods.table import METHODS
from benchmark.records.scores import read_scores, scores_folder
from degrade.core.errors import InputError
from degrade.core.resize import resize_bicubic
from degrade.core.storage.files import sha256_file
from ispl_model.network.ispl import Ispl
from ispl_model.network.variants import IsplConfig
from ispl_model.restoration.restorer import load_network, restore_images, shipped_checkpoint
from ispl_model.runtime.checkpoint import save
from ispl_model.runtime.device import seeded_build

CONFIG = {"variant": "isp_unet", "width": 2, "size": 64, "projection": 4}
RESULTS = Path(__file__).parents[4] / "results"
FACE = np.random.default_rng(0).random((64, 64, 3), dtype=np.float32)


@pytest.fixture
def shipped(monkeypatch, tmp_path):
    """An untrained network in the place of the shipped one, stored as that is, in half precision."""
    network = seeded_build(lambda: Ispl(IsplConfig(**CONFIG)), 0)
    path = tmp_path / "ispl-lite.safetensors"
    save(path, network.state_dict(), {"method": "ispl:isp_unet", "network": CONFIG}, half=True)
    monkeypatch.setattr(ispl_lite, "shipped_checkpoint", lambda: path)
    return path


def test_at_its_own_side_it_is_the_network_and_at_others_it_is_resized_in_and_out(shipped):
    network, _ = load_network(shipped, "cpu")
    (expected,) = restore_images(network, [FACE], 64, "cpu")
    np.testing.assert_array_equal(ispl_lite.load("cpu", None, 64).restore([FACE])[0], expected)
    large = resize_bicubic(FACE, 128, 128)
    (inside,) = restore_images(network, [resize_bicubic(large, 64, 64)], 64, "cpu")
    np.testing.assert_array_equal(
        ispl_lite.load("cpu", None, 128).restore([large])[0], resize_bicubic(inside, 128, 128)
    )
    small = resize_bicubic(FACE, 16, 16)
    assert ispl_lite.load("cpu", None, 64).restore([small])[0].shape == (64, 64, 3)


def test_ispl_never_uses_it_and_it_is_never_trained(shipped):
    assert not METHODS["ispl-lite"].trainable
    with pytest.raises(InputError, match="expected a checkpoint, got none"):
        method_module("ispl").load("cpu", None, 64)


@pytest.mark.parametrize("protocol", ["S2S", "S2P"])
def test_the_committed_scores_are_of_the_shipped_weights_and_beat_both_floors(protocol):
    runs = [json.loads(path.read_text()) for path in scores_folder(RESULTS, "lite").glob("*.json")]
    own = [run for run in runs if (run["method"], run["protocol"]) == ("ispl-lite", protocol)]
    assert {run["checkpoint"] for run in own} == {sha256_file(shipped_checkpoint())}
    assert sorted(run["task"] for run in own) == ["dual_blind", "sr4"]
    found = [
        score for score in read_scores(RESULTS, "lite") if (score.protocol, score.task) == (protocol, "dual_blind")
    ]

    def mean(method, metric):
        return fmean(score.value for score in found if (score.method, score.metric) == (method, metric))

    for metric in ("lpips.squeeze", "fed.dlib", "niqe.y"):
        assert mean("ispl-lite", metric) < min(mean("identity", metric), mean("bicubic_x4", metric)), metric
