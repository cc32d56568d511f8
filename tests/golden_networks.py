"""What the authors' own networks gave on random weights, from the folder that METRICS_GOLDEN names."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

WEIGHT = "weight/"


def golden(name: str) -> dict[str, torch.Tensor]:
    """The arrays of networks/NAME.npz in float64 by their keys; skips the test where the file is absent.

    Keys: "weight/" and a name in our state_dict; "input", "output" and what else this network gives.
    """
    root = os.environ.get("METRICS_GOLDEN")
    if root is None:
        pytest.skip("METRICS_GOLDEN: no folder of golden values")
    file = Path(root) / "networks" / f"{name}.npz"
    if not file.is_file():
        pytest.skip(f"{file}: no golden values of this network")
    with np.load(file, allow_pickle=False) as arrays:
        numbers = {key: arrays[key] for key in arrays.files if arrays[key].dtype.kind in "fi"}
    return {key: torch.from_numpy(value).double() for key, value in numbers.items()}


def with_golden_weights(network: nn.Module, values: dict[str, torch.Tensor]) -> nn.Module:
    """The network in float64 and evaluation mode with every one of golden's weights, and none of its own."""
    weights = {key.removeprefix(WEIGHT): value for key, value in values.items() if key.startswith(WEIGHT)}
    network.double().load_state_dict(weights)
    return network.eval()


def assert_equal(ours: torch.Tensor, theirs: torch.Tensor, atol: float = 1e-10) -> None:
    """Within `atol`, in float64."""
    torch.testing.assert_close(ours, theirs, atol=atol, rtol=0)
