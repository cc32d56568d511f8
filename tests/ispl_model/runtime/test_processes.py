"""Two processes make the updates that one makes with the doubled batch, and one of them writes."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from degrade.core.errors import InputError
from ispl_model.runtime import checkpoint
from ispl_model.runtime.device import seeded_build
from ispl_model.runtime.distributed import Processes, first_process, process_count

ROOT = Path(__file__).parents[3]
# Plain gradient descent, so that the movement of the weights is their gradient.
SCRIPT = """
import sys
from pathlib import Path
from torch import nn
from degrade.splits.split import load_split
from ispl_model.runtime.device import seeded_build
from ispl_model.training.loop import train
from ispl_model.training.config import TrainingConfig, TrainOptions

training = TrainingConfig(1, {"l1": 1.0, "lsgan": 0.1, "feature_matching": 0.1}, 1e-2, (0.0, 0.0), 1.0, optimiser="sgd")
split, out, steps, batch = load_split(Path(sys.argv[1])), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
run = TrainOptions(steps, batch, checkpoint_every=1, samples_every=1)
network = seeded_build(lambda: nn.Conv2d(3, 3, 3, padding=1), 0)
train(network, {"method": "m", "network": {"width": 2}}, training, run, split, out)
"""


@pytest.fixture(scope="module")
def trained(make_tiny_split, tmp_path_factory):
    """Folders "two" and "one": two steps by two processes with one image each, and by one process with two."""
    pytest.importorskip("accelerate")
    folder, split = tmp_path_factory.mktemp("processes"), make_tiny_split("denoise").path
    script = folder / "script.py"
    script.write_text(SCRIPT)
    launcher = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2"]
    launcher += ["--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no"]
    command = [*launcher, script, split, folder / "two" / "m", "2", "1"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [str(script), str(split), str(folder / "one" / "m"), "2", "2"])
        runpy.run_path(str(script))
    return folder


@pytest.mark.slow
def test_two_processes_make_the_update_of_one_with_the_doubled_batch(trained):
    one, two = (checkpoint.load(trained / name / "m") for name in ("one", "two"))
    assert one[1] == two[1]
    start = seeded_build(lambda: torch.nn.Conv2d(3, 3, 3, padding=1), 0).state_dict()
    for key, weight in one[0].items():
        movement = weight - start[key]
        assert movement.abs().max() > 1e-4
        torch.testing.assert_close(two[0][key] - start[key], movement, rtol=0.02, atol=2e-6)  # bfloat16 sums


@pytest.mark.slow
def test_the_losses_are_the_mean_over_the_processes_and_one_of_them_writes(trained):
    one, two = ((trained / name / "losses.csv").read_text().splitlines() for name in ("one", "two"))
    assert len(two) == 3 and two[0] == one[0]
    assert [float(cell) for cell in two[2].split(",")] == pytest.approx(
        [float(cell) for cell in one[2].split(",")], rel=1e-2
    )
    assert sorted(path.name for path in (trained / "two").iterdir()) == ["losses.csv", "m", "samples", "train.json"]
    assert '"processes": 2' in (trained / "two" / "train.json").read_text()


def test_a_launcher_is_seen_and_several_processes_need_accelerate(monkeypatch):
    assert process_count() == 1 and first_process()
    monkeypatch.setenv("OMPI_COMM_WORLD_SIZE", "3")
    monkeypatch.setenv("OMPI_COMM_WORLD_RANK", "1")
    assert process_count() == 3 and not first_process()
    monkeypatch.setitem(sys.modules, "accelerate", None)
    with pytest.raises(InputError, match="expected the package accelerate"):
        Processes("cpu")


def test_a_process_alone_needs_nobody():
    alone, value = Processes("cpu"), torch.tensor([1.0, 2.0])
    assert alone.main and torch.equal(alone.mean(value), value)
    assert alone.any(True) and not alone.any(False)
