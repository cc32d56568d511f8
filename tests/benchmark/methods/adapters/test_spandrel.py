"""Files of weights that the library spandrel knows, with random weights or in place of a network."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from benchmark.methods.registry import method_module
from benchmark.runs.run import run
from degrade.core.errors import InputError
from degrade.core.resize import match_scale, resize_bicubic
from degrade.core.storage.files import sha256_file
from ispl_model.adapters import spandrel
from tests.benchmark.methods.adapters.small_runs import request, split_of


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
        monkeypatch.setattr(spandrel, "_network", lambda path, device: descriptor)
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
