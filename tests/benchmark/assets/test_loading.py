"""Files of weights that would run code: none of them does, whoever loads it."""

import os
import pickle
import shutil
from collections import OrderedDict
from pathlib import Path

import pytest
import torch

from benchmark.assets import loading, trust, weights
from benchmark.metrics import pyiqa as library
from benchmark.metrics import registry
from benchmark.metrics.base import Unavailable
from benchmark.metrics.table import METRICS
from degrade.core.errors import InputError
from ispl_model.runtime import known_files
from ispl_model.runtime.known_files import Refused


class Mark:
    """Leaves a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


class Program(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.delenv(trust.VARIABLE, raising=False)
    for folder in ("checkpoints", "pyiqa"):
        (tmp_path / "hub" / folder).mkdir(parents=True)
    registry.load.cache_clear()
    library._network.cache_clear()
    yield tmp_path / "hub"
    registry.load.cache_clear()
    library._network.cache_clear()


def pickled(path: Path) -> Path:
    """A file of PyTorch that leaves `path`.ran where it is unpickled; returns that place."""
    torch.save(OrderedDict(weights=Mark(path.with_suffix(".ran"))), path)
    return path.with_suffix(".ran")


def scripted(path: Path) -> None:
    torch.jit.save(torch.jit.script(Program()), path)


def test_a_pickle_marks_a_place_where_nothing_guards(tmp_path):
    mark = pickled(tmp_path / "a.pth")
    torch.load(tmp_path / "a.pth", weights_only=False)
    assert mark.exists()


@pytest.mark.parametrize("legacy", [False, True])
def test_what_only_unpickles_is_refused_and_does_not_run(tmp_path, legacy):
    path = tmp_path / "a.pth"
    mark = pickled(path)
    if legacy:
        path.write_bytes(pickle.dumps({"weights": Mark(mark)}))
    with pytest.raises(Refused, match=r"a\.pth: only unpickling could read it"):
        loading.load_state(path)
    with loading.guarded(), pytest.raises(Refused):
        torch.load(path, weights_only=False)
    with loading.guarded(), pytest.raises(Refused):
        torch.load(path, "cpu", pickle, weights_only=False)
    assert not mark.exists()


@pytest.mark.parametrize("given", [str, Path, lambda path: path.open("rb")], ids=["text", "path", "open file"])
def test_a_published_name_is_checked_however_it_is_given(given, tmp_path):
    path = tmp_path / "vgg16-397923af.pth"
    torch.save({"weight": torch.zeros(1)}, path)
    with loading.guarded(), pytest.raises(Refused, match=r"vgg16-397923af\.pth: expected the published file"):
        torch.load(given(path))


@pytest.mark.parametrize("metric_id", sorted(name for name, metric in METRICS.items() if metric.weights))
def test_no_metric_runs_a_pickle_under_a_published_name(metric_id, home, monkeypatch):
    """The first time the file is refused by its hash; the second time, as if that held, by its content."""
    marks = [pickled(home / file) for file in METRICS[metric_id].weights]
    with pytest.raises(Unavailable, match="expected the published file"):
        registry.load(metric_id)
    monkeypatch.setattr(weights, "check_published", lambda *_arguments: "")
    with pytest.raises(Unavailable):
        registry.load(metric_id)
    assert not any(mark.exists() for mark in marks)


@pytest.mark.parametrize(
    ("metric_id", "file"),
    [
        ("pyiqa:musiq", "pyiqa/musiq_koniq_ckpt-e95806b9.pth"),
        ("pyiqa:cnniqa", "pyiqa/CNNIQA_koniq10k-e6f14c91.pth"),
        ("pyiqa:ahiq", "pyiqa/AHIQ_vit_p8_epoch33-da3ea303.pth"),
        ("pyiqa:brisque", "pyiqa/brisque_svm_weights.pth"),
        ("pyiqa:unique", "pyiqa/UNIQUE.pt"),
    ],
)
def test_no_metric_of_pyiqa_runs_a_pickle(metric_id, file, home, monkeypatch):
    mark = pickled(home / file)
    for _ in range(2):
        library._network.cache_clear()
        with pytest.raises(Unavailable):
            registry.load(metric_id)
        monkeypatch.setattr(weights, "check_published", lambda *_arguments: "")
    assert not mark.exists()


def test_torchscript_runs_only_when_trusted_and_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv(trust.VARIABLE, raising=False)
    path = tmp_path / "regressor.pth"
    scripted(path)
    for module in (torch.jit, torch):
        with loading.guarded(), pytest.raises((Refused, RuntimeError), match="TorchScript"):
            module.load(path)
    monkeypatch.setenv(trust.VARIABLE, "1")
    with loading.guarded() as files:
        assert torch.jit.load(path)(torch.ones(1)) == 1
    assert files == {path: weights.UNLISTED} and "regressor.pth is a program (TorchScript)" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["a.pt", "a.pth", "a.ckpt"])
def test_spandrel_reads_no_torchscript_even_when_trusted(name, tmp_path, trusting):
    pytest.importorskip("spandrel")
    from benchmark.methods.registry import method_module

    scripted(tmp_path / name)
    with pytest.raises(InputError, match="it is TorchScript, a program"):
        method_module("spandrel:x").load("cpu", str(tmp_path / name), 64)


@pytest.mark.skipif("TORCH_HOME" not in os.environ, reason="TORCH_HOME: no folder of metric weights")
def test_a_listed_stand_in_is_read_and_named():
    assert registry.weight_origins(["lpips.squeeze", "psnr.rgb"]) == {
        "squeezenet1_1-b8a52dc0.pth": "its features, classifier zero"
    }


def test_a_file_is_hashed_once_until_it_changes(tmp_path, monkeypatch):
    path, hashed = tmp_path / "a.pth", []
    monkeypatch.setattr(known_files, "_digest", known_files.lru_cache(lambda *key: hashed.append(key) or "0" * 64))
    for text in ("a", "a", "bc"):
        if text == "bc" or not path.exists():
            path.write_text(text)
        known_files.file_digest(path)
    assert len(hashed) == 2


def test_every_digits_of_pyiqas_names_are_found():
    assert known_files.digits_in("musiq_koniq_ckpt-e95806b9.pth") == "e95806b9"
    assert known_files.digits_in("inception_resnet_v2-940b1cd6.pth") == "940b1cd6"
    for name in ("my-deadbeef.npz", "UNIQUE.pt", "resnet-50.pth"):
        assert known_files.digits_in(name) == ""


def test_a_copy_under_another_name_is_unlisted(tmp_path):
    shutil.copy(__file__, tmp_path / "mine.pth")
    assert weights.origin(tmp_path / "mine.pth") == weights.UNLISTED
