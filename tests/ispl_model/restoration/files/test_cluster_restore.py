"""Faces and photographs from the workers of a dask scheduler: the bytes, records, failures and resumption of one thread
here, also when a worker is killed, and the models that are asked for and no older ones.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from degrade.core import cluster as module
from degrade.core.cluster import on_cluster
from degrade.core.image import write
from degrade.core.numbers import counted
from degrade.portraits.paint import paint
from ispl_model.cli.main import ispl
from ispl_model.restoration.files.cluster import _loaded
from ispl_model.restoration.files.restore_files import RECORD

pytestmark = pytest.mark.slow
FACES = 20  # so many that there is time to interrupt and to kill, at 0.2 s for each
MINE = """
def half(face):
    return face / 2

def twice(image):
    return image.repeat(2, axis=0).repeat(2, axis=1)
"""


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    """As the workers have: how sums are split between threads moves their last bits."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def faces(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("faces")
    painted = [paint(seed, 64) for seed in range(4)]
    for number in range(FACES):
        write(folder / f"face_{number:02}.png", painted[number % 4])
    (folder / "torn.png").write_bytes(b"no image")
    return folder


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> Path:
    """Photographs of no face to three, in a folder and one inside it."""
    folder = tmp_path_factory.mktemp("photos")
    for number in range(6):
        wall = np.full((180, 540, 3), 0.5, np.float32)
        for place in range(number % 4):
            wall[10:170, 10 + 175 * place : 170 + 175 * place] = paint(number + place, 160)
        write(folder / ("sub" if number > 3 else ".") / f"{number}.{'jpg' if number % 2 else 'png'}", wall)
    return folder


def restore(images: Path, out: Path | str, *more) -> tuple[int, str]:
    shown = CliRunner().invoke(ispl, ["restore", str(images), "--out", str(out), "--device", "cpu", *map(str, more)])
    assert shown.exception is None or isinstance(shown.exception, SystemExit), shown.exception
    return shown.exit_code, shown.output.replace(str(out), "OUT")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def newest(folder: Path) -> dict[str, dict]:
    """The last record of each result, which a run that was stopped between the record and its file writes again."""
    lines = [json.loads(line) for line in (folder / RECORD).read_text().splitlines()]
    return {line["file_name"]: line for line in lines}


def images(folder: Path) -> dict[str, bytes]:
    """What is whole: neither lines nor files that are being written, whose names begin with a dot."""
    paths = [path for path in folder.rglob("[!.]*") if path.is_file() and path.suffix != ".jsonl"]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def dask(cluster) -> tuple[str, ...]:
    return "--backend", "dask", "--scheduler", cluster.scheduler_address


@pytest.fixture(scope="module")
def as_faces(network_file) -> tuple:
    return "--checkpoint", network_file, "--kind", "face"


@pytest.fixture(scope="module")
def whole(faces, as_faces, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("local") / "out"
    assert restore(faces, out, *as_faces)[0] == 1
    return out


@pytest.mark.parametrize(
    "options",
    [
        ["--save", "faces,compare"],
        ["--batch", "4", "--upscale", "2"],
        ["--no-face", "keep", "--save", "compare"],
        ["--kind", "tiles", "--batch", "3"],
        ["--with", "python:mine:half,size=64", "--upsampler", "python:mine:twice,size=32", "--upscale", "2"],
    ],
)
def test_photographs_are_those_of_one_thread_here(photos, network_file, dask_cluster, tmp_path, monkeypatch, options):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(MINE)
    options = [*options] if "--with" in options else [*options, "--checkpoint", network_file]
    local = restore(photos, "here", *options)
    assert local[0] == (1 if "no face found" in local[1] else 0), local
    assert restore(photos, "there", *options, *dask(dask_cluster)) == local
    assert contents(Path("there")) == contents(Path("here")) and len(images(Path("here"))) >= 4
    assert ("no face found" in local[1]) == (not {"tiles", "--with", "--no-face"} & set(options))
    status, output = restore(photos, "there", *options, "--resume", *dask(dask_cluster))
    assert status == local[0] and "restored 0 images; " in output, output
    assert contents(Path("there")) == contents(Path("here"))


def test_faces_are_those_of_one_thread_here_and_each_worker_loads_the_network_once(
    faces, as_faces, whole, dask_cluster, tmp_path
):
    def loaded() -> list[int]:
        with on_cluster(dask_cluster.scheduler_address) as there:
            return [info.misses for info in there.client.run(_loaded.cache_info).values()]

    before = loaded()
    status, output = restore(faces, tmp_path, *as_faces, *dask(dask_cluster))
    assert status == 1 and f"restored {FACES} images: {FACES} faces\n" in output, output
    assert f"1 of {FACES + 1} images could not be restored:\n" in output and "torn.png: not a readable" in output
    assert contents(tmp_path) == contents(whole)
    assert [after - earlier for after, earlier in zip(loaded(), before, strict=True)] == [1, 1]


def test_a_worker_that_is_killed_loses_nothing(faces, as_faces, whole, dask_cluster, tmp_path):
    def kill():
        while not (so_far := images(tmp_path)):
            time.sleep(0.001)
        done.append(len(so_far))
        os.kill(dask_cluster.workers[0].process.pid, signal.SIGKILL)

    done: list[int] = []
    thread = threading.Thread(target=kill)
    thread.start()
    status, output = restore(faces, tmp_path, *as_faces, *dask(dask_cluster))
    thread.join()
    assert 0 < done[0] < FACES, "it was over before"
    assert (status, f"restored {FACES} images" in output) == (1, True), output
    assert contents(tmp_path) == contents(whole)


def test_an_interrupted_run_ends_soon_and_goes_on(faces, as_faces, whole, dask_cluster, tmp_path):
    words = ["restore", faces, "--out", tmp_path, "--device", "cpu", *as_faces, *dask(dask_cluster)]
    command = [sys.executable, "-m", "ispl_model", *map(str, words)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    while not images(tmp_path) and process.poll() is None:
        time.sleep(0.001)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130 and "; the same command with --resume continues\n" in said, said
    assert said.count("\n") == 1, said
    left = images(tmp_path)
    assert 0 < len(left) < FACES and left.items() <= images(whole).items()
    status, output = restore(faces, tmp_path, *as_faces, "--resume", *dask(dask_cluster))
    assert status == 1 and f"; {counted(len(left), 'result')} there already" in output, output
    assert images(tmp_path) == images(whole) and newest(tmp_path) == newest(whole)


def test_what_changed_since_a_worker_loaded_it_is_not_used(photos, save_network, dask_cluster, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    photo = photos / "1.jpg"
    for number, network in enumerate((save_network(), save_network(width=1))):
        shutil.copy(network, "network.safetensors")
        named = ["--checkpoint", "network.safetensors", "--overwrite"]
        assert restore(photo, "there", *named, *dask(dask_cluster))[0] == 0
        restore(photo, f"here_{number}", *named)
        assert images(Path("there")) == images(Path(f"here_{number}"))
    assert images(Path("here_0")) != images(Path("here_1"))

    named = ["--with", "python:changing:function,size=64", "--overwrite"]
    Path("changing.py").write_text("def function(face):\n    return face / 2\n")
    assert restore(photos, "there", *named, *dask(dask_cluster))[0] == 1
    Path("changing.py").write_text("def function(face):\n    return face / 3\n")
    monkeypatch.delitem(sys.modules, "changing")
    status, output = restore(photos, "there", *named, *dask(dask_cluster))
    assert status == 2 and "worker tcp://127.0.0.1:" in output and "; use the same files everywhere, and" in output


def test_a_folder_that_is_not_shared_is_one_sentence(faces, as_faces, dask_cluster, tmp_path, monkeypatch):
    @contextmanager
    def seen_here_only(folder):
        yield str(folder / "which no worker sees"), 0

    monkeypatch.setattr(module, "_token", seen_here_only)
    status, output = restore(faces, tmp_path, *as_faces, *dask(dask_cluster))
    assert status == 2 and "does not see OUT as it is here; use folders that all workers share" in output, output
    assert output.count("\n") == 1 and not images(tmp_path)


def test_a_model_that_workers_cannot_load_is_one_sentence_with_the_worker(photos, network_file, dask_cluster, tmp_path):
    words = "--checkpoint", network_file, "--device", "mps", *dask(dask_cluster)
    shown = CliRunner().invoke(ispl, ["restore", str(photos), "--out", str(tmp_path), *map(str, words)])
    assert shown.exit_code == 2 and shown.output.count("\n") == 1
    assert "worker tcp://127.0.0.1:" in shown.output and "this machine has no usable MPS device" in shown.output


def test_without_the_package_there_is_one_sentence(faces, network_file, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    status, output = restore(faces, tmp_path, "--backend", "dask", "--scheduler", "tcp://127.0.0.1:1")
    assert status == 2 and output.endswith("expected the package distributed; pip install distributed\n"), output
