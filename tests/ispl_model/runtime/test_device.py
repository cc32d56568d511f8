"""Where to compute: what this machine does not have is one sentence, on the command line and in Python."""

import pytest
import torch
from click.testing import CliRunner

from degrade.core.errors import InputError
from ispl_model.cli.main import ispl
from ispl_model.runtime.device import find_device, mixed_precision, multiplies_in


def test_a_device_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    for name in ("cuda", "cuda:1", "mps"):
        with pytest.raises(InputError, match=f"'{name}': this machine has no usable .* device; use --device cpu"):
            find_device(name)
    with pytest.raises(InputError, match="'gpu': expected one of auto, cpu, cuda, cuda:N, mps"):
        find_device("gpu")


def test_one_of_several_cards_is_found_by_its_number(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert find_device("cuda:1") == torch.device("cuda", 1)
    with pytest.raises(InputError, match="'cuda:2': expected cuda:0 to cuda:1, as this machine has no more"):
        find_device("cuda:2")


def test_apples_device_computes_in_fp32(monkeypatch):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert multiplies_in(find_device("mps")) == "fp32"
    mixed_precision(find_device("mps"))


@pytest.mark.parametrize("command", ["restore", "train", "explain"])
def test_help_names_the_devices(command):
    result = CliRunner().invoke(ispl, [command, "--help"])
    assert result.exit_code == 0 and "--device [auto|cpu|cuda|cuda:N|mps]" in result.output


@pytest.mark.parametrize("name", ["cuda:", "cuda:x", "gpu", "cpu:0", "CUDA"])
def test_what_is_no_device_is_one_sentence(tmp_path, name):
    (tmp_path / "a.png").touch()
    result = CliRunner().invoke(ispl, ["restore", str(tmp_path), "--out", str(tmp_path / "out"), "--device", name])
    assert result.exit_code == 2 and f"'{name}': expected auto, cpu, cuda, cuda:N or mps." in result.output
