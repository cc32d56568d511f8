"""Scores from the workers of a dask scheduler: line for line those of this process, also when a worker is killed."""

import json
import os
import signal
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmark.cli.main import benchmark
from benchmark.records.scores import read_file
from degrade.core import cluster
from degrade.core.image import write
from degrade.portraits.paint import paint

pytestmark = pytest.mark.slow
METRICS = "psnr.rgb,ssim.gauss11.rgb,fed.dlib,ffd.dlib"
FACES = 12


@pytest.fixture(scope="module")
def faces(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("clean")
    for seed in range(FACES):
        write(folder / f"face_{seed:02}.png", paint(seed, 96))
    return folder


def evaluate(faces: Path, folder: Path, *more: str) -> list:
    """The score lines, in an order of their own, but for the time that each took."""
    options = ["--faces", faces, "--recipe", "denoise", "--size", 96, "--method", "bicubic_x4", "--metrics", METRICS]
    places = ["--out", folder / "out", "--work", folder / "work", "--device", "cpu"]
    shown = CliRunner().invoke(benchmark, ["evaluate", *map(str, [*options, *places]), *more])
    assert shown.exit_code == 0, shown.output
    found = [score for path in folder.rglob("scores/*.jsonl") for score in read_file(path)]
    return sorted((score.metric, str(score.image), score.value, score.error) for score in found)


@pytest.fixture(scope="module")
def here(faces, tmp_path_factory) -> list:
    return evaluate(faces, tmp_path_factory.mktemp("here"))


def test_scores_are_those_of_this_process_and_are_not_made_again(faces, here, dask_cluster, tmp_path):
    there = ("--backend", "dask", "--scheduler", dask_cluster.scheduler_address)
    assert evaluate(faces, tmp_path, *there) == here
    assert len(here) == 3 * FACES + 1
    assert evaluate(faces, tmp_path, *there) == here  # nothing was appended
    (record,) = (path for path in tmp_path.rglob("scores/*.json"))
    assert json.loads(record.read_text())["counts"]["scored"] == len(here)


def test_a_worker_that_is_killed_loses_no_score(faces, here, dask_cluster, tmp_path):
    def kill():
        while not any(path.stat().st_size for path in tmp_path.rglob("scores/*.jsonl")):
            time.sleep(0.001)
        os.kill(dask_cluster.workers[1].process.pid, signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    assert evaluate(faces, tmp_path, "--backend", "dask", "--scheduler", dask_cluster.scheduler_address) == here
    thread.join()


def test_a_cache_that_is_not_shared_is_one_sentence(faces, dask_cluster, tmp_path, monkeypatch):
    @contextmanager
    def seen_here_only(folder):
        yield str(folder / "which no worker sees"), 0

    monkeypatch.setattr(cluster, "_token", seen_here_only)
    (tmp_path / "lq").mkdir()
    write(tmp_path / "lq" / "x.png", paint(0, 96))
    command = ["evaluate", tmp_path / "lq", "--method", "identity", "--metrics", "niqe.y", "--out", tmp_path / "out"]
    there = ["--backend", "dask", "--scheduler", dask_cluster.scheduler_address, "--work", tmp_path / "work"]
    shown = CliRunner().invoke(benchmark, list(map(str, [*command, *there])))
    assert shown.exit_code == 1 and f"does not see {tmp_path / 'work' / 'cache'} as it is here" in shown.output
