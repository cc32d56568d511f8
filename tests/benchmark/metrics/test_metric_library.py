"""pyiqa:NAME: facts from pyiqa's registry, values equal to pyiqa's, files never fetched."""

import os
import random
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmark.metrics import pyiqa as library
from benchmark.metrics.base import MetricError, Unavailable
from benchmark.metrics.registry import definition, find_metric, load
from degrade.core.errors import InputError
from degrade.core.storage.files import sha256_file
from degrade.portraits.paint import paint


@pytest.fixture
def empty_home(tmp_path, monkeypatch):
    """No weights anywhere, and a network that must not be touched."""

    def refuse(*_arguments):
        raise AssertionError("something tried to reach the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    for variable in ("TORCH_HOME", "HOME"):
        monkeypatch.setenv(variable, str(tmp_path))
    load.cache_clear()
    library._network.cache_clear()
    yield tmp_path
    load.cache_clear()
    library._network.cache_clear()


@pytest.mark.parametrize(
    ("name", "higher", "reference", "reach"),
    [
        ("musiq", True, False, "~0, ~100"),
        ("maniqa", True, False, "~0, ~1"),
        ("clipiqa", True, False, "0, 1"),
        ("topiq_nr-face", True, False, "~0, ~1"),
        ("pieapp", False, True, "~0, ~5"),
        ("vif", True, True, "0, ~1"),
    ],
)
def test_direction_reference_and_range_are_pyiqas(name, higher, reference, reach):
    metric = find_metric(f"pyiqa:{name}")
    assert (metric.higher_is_better, metric.needs_reference, metric.per) == (higher, reference, "image")
    assert metric.meaning.endswith(reach) and metric.id == f"pyiqa:{name}"


def test_describing_one_imports_neither_pyiqa_nor_torch():
    code = (
        "import sys; from benchmark.metrics.registry import find_metric; find_metric('pyiqa:musiq'); "
        "print([name for name in ('pyiqa', 'torch') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_names_that_are_none_are_answered():
    with pytest.raises(InputError, match="did you mean 'musiq'"):
        find_metric("pyiqa:musik")
    with pytest.raises(InputError, match=r"use fid\.inception"):
        load("pyiqa:fid")


def test_the_value_is_pyiqas_own():
    from pyiqa.archs.vif_arch import VIF

    reference, restored = paint(1, 128), paint(1, 128) * np.float32(0.9)
    pair = [torch.from_numpy(image.transpose(2, 0, 1)[None].copy()) for image in (restored, reference)]
    assert load("pyiqa:vif")(restored, reference) == pytest.approx(VIF()(*pair).item())
    with pytest.raises(MetricError, match="128x128 and 64x64"):
        load("pyiqa:vif")(restored, reference[:64, :64].copy())


def test_the_definition_names_the_files_that_were_read():
    try:
        load("pyiqa:niqe")
    except Unavailable as reason:
        pytest.skip(str(reason))
    path = Path(os.environ["TORCH_HOME"]) / "hub/pyiqa/niqe_modelparameters.mat"
    assert definition("pyiqa:niqe")["weights"] == {"niqe_modelparameters.mat": sha256_file(path)}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("musiq", r"musiq_koniq_ckpt-e95806b9\.pth \(109 MB\); put it at \$TORCH_HOME/hub/pyiqa/musiq_koniq"),
        ("lpips", r"alexnet-owt-7be5be79\.pth \(244 MB\); put it at \$TORCH_HOME/hub/checkpoints/alexnet"),
        ("brisque", r"brisque_svm_weights\.pth; put it at \$TORCH_HOME/hub/pyiqa/brisque_svm_weights\.pth; it is at"),
        ("clipiqa", r"RN50\.pt; put it at ~/\.cache/clip/RN50\.pt; it is at https://openaipublic"),
        ("topiq_nr-face", r"https://huggingface\.co/timm/resnet50\.a1_in1k/resolve/main/.+ into \$HF_HOME"),
    ],
)
def test_a_missing_file_is_named_and_not_fetched(empty_home, name, expected, capsys):
    with pytest.raises(Unavailable, match=expected) as raised:
        load(f"pyiqa:{name}")
    assert str(empty_home) not in str(raised.value), "reasons end up in result files"
    assert not [path for path in empty_home.rglob("*") if path.is_file() and path.stat().st_size]
    assert "Downloading" not in capsys.readouterr().out
    assert list(definition(f"pyiqa:{name}")["weights"].values()) == [None]


def test_with_random_weights_a_cropping_metric_repeats_itself_and_leaves_the_generators_alone(empty_home, any_weights):
    from pyiqa.archs.cnniqa_arch import CNNIQA, default_model_urls

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        state = CNNIQA(pretrained=None).state_dict()
    path = empty_home / "hub/pyiqa" / default_model_urls["koniq10k"].rsplit("/", 1)[-1]
    path.parent.mkdir(parents=True)
    torch.save({"params": state}, path)
    before = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()  # noqa: NPY002
    scorer = load("pyiqa:cnniqa")
    first = scorer(paint(1, 128), None)
    assert scorer(paint(1, 128), None) == first != scorer(paint(2, 128), None)
    assert definition("pyiqa:cnniqa")["weights"] == {path.name: sha256_file(path)}
    np.testing.assert_array_equal(torch.get_rng_state(), before[0])
    np.testing.assert_array_equal(np.random.get_state()[1], before[1])  # noqa: NPY002
    assert random.getstate() == before[2]


def test_a_missing_package_is_a_sentence(monkeypatch):
    monkeypatch.setattr(library, "_made", lambda *_arguments: __import__("no_such_package"))
    library._network.cache_clear()
    load.cache_clear()
    with pytest.raises(Unavailable, match="pyiqa:piqe needs the package no_such_package"):
        load("pyiqa:piqe")
    assert list(definition("pyiqa:piqe")["weights"].values()) == [None]


def test_a_damaged_file_is_a_sentence(empty_home):
    path = empty_home / "hub/pyiqa/brisque_svm_weights.pth"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"half a download")
    with pytest.raises(Unavailable, match=r"pyiqa:brisque needs files that can be used \("):
        load("pyiqa:brisque")
