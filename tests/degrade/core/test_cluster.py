"""Two workers of a dask scheduler: bytes, resumption and failures as of this machine alone, also when one is killed."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from degrade.cli.main import degrade
from degrade.core import cluster as module
from degrade.core.cluster import cluster_in_use, on_cluster
from degrade.core.errors import InputError
from degrade.core.image import write
from degrade.core.parallel import spread
from degrade.portraits.paint import paint

pytestmark = pytest.mark.slow
ALONE = ("--nthreads", "1", "--no-dashboard", "--no-nanny")
FACES = 400  # so many that there is time to interrupt and to kill


@pytest.fixture(scope="module")
def faces(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("clean")
    painted = [paint(seed, 64) for seed in range(4)]
    for number in range(FACES):
        write(folder / f"face_{number:03}.png", painted[number % 4])
    (folder / "torn.png").write_bytes(b"no image")
    return folder


def run(faces: Path, out: Path | str, *more: str) -> tuple[int, str]:
    shown = CliRunner().invoke(degrade, ["run", str(faces), str(out), "--task", "dual_blind", "--size", "64", *more])
    assert shown.exception is None or isinstance(shown.exception, SystemExit), shown.exception
    return shown.exit_code, shown.output


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def environment() -> dict[str, str]:
    """But for what Intel's OpenMP notes in it when it is loaded."""
    return {name: value for name, value in os.environ.items() if not name.startswith("KMP_")}


@pytest.fixture(scope="module")
def whole(faces, tmp_path_factory) -> dict[str, bytes]:
    out = tmp_path_factory.mktemp("local") / "out"
    assert run(faces, out, "--workers", "1")[0] == 1
    return contents(out)


def dask(cluster) -> tuple[str, ...]:
    return "--backend", "dask", "--scheduler", cluster.scheduler_address


def test_bytes_summary_failures_and_resumption_are_as_here(faces, whole, dask_cluster, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = environment()
    for words in (f"{FACES} made, 0 reused", f"0 made, {FACES} reused"):
        status, output = run(faces, "out", *dask(dask_cluster))
        assert (status, words in output) == (1, True), output
        assert contents(Path("out")) == whole
    assert output == run(faces, "out")[1], "the same words too"
    assert environment() == before and cluster_in_use() is None


def test_a_worker_that_is_killed_loses_nothing(faces, whole, dask_cluster, tmp_path):
    out = tmp_path / "out"

    def kill():
        while not list(out.glob(".parts/*.jsonl")):
            time.sleep(0.001)
        killed.append(out.joinpath("split.json").exists())
        os.kill(dask_cluster.workers[0].process.pid, signal.SIGKILL)

    killed: list[bool] = []
    thread = threading.Thread(target=kill)
    thread.start()
    status, output = run(faces, out, *dask(dask_cluster))
    thread.join()
    assert killed == [False], "it was over before"
    assert (status, f"{FACES} made, 0 reused" in output) == (1, True), output
    assert contents(out) == whole


def test_an_interrupted_run_ends_soon_and_goes_on(faces, whole, dask_cluster, tmp_path):
    out = tmp_path / "out"
    command = ["run", faces, out, "--task", "dual_blind", "--size", "64", *dask(dask_cluster)]
    process = subprocess.Popen([sys.executable, "-m", "degrade", *map(str, command)], stderr=subprocess.PIPE, text=True)
    while not list(out.glob(".parts/*.jsonl")) and process.poll() is None:
        time.sleep(0.001)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "Error: stopped; the same command goes on from there\n")
    assert not (out / "split.json").exists()
    status, output = run(faces, out, *dask(dask_cluster))
    assert status == 1 and " 0 reused" not in output and contents(out) == whole


@pytest.fixture
def news_at_the_greeting(dask_cluster, monkeypatch):
    """What a scheduler tells all its clients while one joins, as of tasks that another gives up: so many times."""
    versions = pytest.importorskip("distributed").versions
    seen, told = versions.error_message, []

    def with_news(times: int) -> list[dict]:
        def error_message(*of):
            if len(told) < times:
                told.append({"op": "cancelled-keys", "keys": ["none"]})
                dask_cluster.scheduler.report(told[-1])
            return seen(*of)

        monkeypatch.setattr(versions, "error_message", error_message)
        return told

    return with_news


def test_a_greeting_that_comes_with_other_news_is_asked_for_again(dask_cluster, news_at_the_greeting, capfd):
    told = news_at_the_greeting(1)
    with on_cluster(dask_cluster.scheduler_address) as there, there.executor() as executor:
        assert executor.submit(abs, -1).result() == 1
    assert len(told) == 1 and "Traceback" not in capfd.readouterr().err


def test_news_at_every_greeting_are_one_sentence(dask_cluster, news_at_the_greeting):
    told = news_at_the_greeting(99)
    with pytest.raises(InputError, match="its greeting is not understood"), on_cluster(dask_cluster.scheduler_address):
        pass
    assert len(told) == 5


def _dies(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def test_what_kills_every_worker_is_one_sentence(dask_cluster, monkeypatch):
    monkeypatch.setattr(dask_cluster.scheduler, "allowed_failures", 0)
    with (
        on_cluster(dask_cluster.scheduler_address),
        pytest.raises(InputError, match="workers died over the same images"),
    ):
        list(spread(_dies, [(number,) for number in range(6)], 2, "dying"))


def test_folders_that_are_not_shared_are_one_sentence(faces, dask_cluster, tmp_path, monkeypatch):
    @contextmanager
    def seen_here_only(folder):
        yield str(folder / "which no worker sees"), 0

    monkeypatch.setattr(module, "_token", seen_here_only)
    status, output = run(faces, tmp_path / "out", *dask(dask_cluster))
    assert status == 2
    assert f"does not see {tmp_path / 'out' / '.parts'} as it is here; use folders that all workers share" in output


def test_faces_that_are_others_there_are_one_sentence(faces, dask_cluster, tmp_path, monkeypatch):
    seen = Path.stat
    monkeypatch.setattr(Path, "stat", lambda path, **options: _Larger(path) if path.suffix == ".png" else seen(path))
    with on_cluster(dask_cluster.scheduler_address) as there, there.executor([faces / "face_000.png"]) as executor:
        answer = executor.submit(abs, 1)
        with pytest.raises(InputError, match=f"does not see {faces} as it is here"):
            answer.result()


class _Larger:
    def __init__(self, path: Path) -> None:
        self.st_mode, self.st_size = os.stat(path).st_mode, os.stat(path).st_size + 1


def test_workers_of_two_threads_are_one_sentence(faces, tmp_path):
    options = {"n_workers": 1, "threads_per_worker": 2, "dashboard_address": None}
    with pytest.importorskip("distributed").LocalCluster(**options) as threads:
        status, output = run(faces, tmp_path / "out", *dask(threads))
        assert status == 2 and "expected one thread (dask worker --nthreads 1), got 2; start more" in output


def test_a_scheduler_that_goes_is_one_sentence(faces, tmp_path):
    options = {"n_workers": 1, "threads_per_worker": 1, "dashboard_address": None}
    started = pytest.importorskip("distributed").LocalCluster(**options)
    thread = threading.Thread(target=lambda: (time.sleep(2), started.close()))
    with on_cluster(started.scheduler_address):
        thread.start()
        with pytest.raises(InputError, match="the scheduler is gone; start it and workers again, the same command"):
            list(spread(time.sleep, [(30,)] * 3, 1, "sleeping"))
    thread.join()


def _dask(command: str, *options: str) -> subprocess.Popen:
    words = [sys.executable, "-m", f"distributed.cli.dask_{command}", *options]
    return subprocess.Popen(words, stderr=subprocess.DEVNULL)


def test_a_scheduler_that_is_killed_leaves_the_sentence_alone_and_the_run_goes_on(faces, whole, tmp_path):
    """Of the command's whole output: dask logs what it cannot reach with a traceback."""
    facts = tmp_path / "scheduler.json"
    started = [_dask("scheduler", "--port", "0", "--host", "127.0.0.1", "--scheduler-file", str(facts))]
    while not facts.is_file() or not facts.read_text().endswith("}"):
        assert started[0].poll() is None
        time.sleep(0.01)
    address = json.loads(facts.read_text())["address"]
    started.append(_dask("worker", address, *ALONE))
    words = ["run", faces, tmp_path / "out", "--task", "dual_blind", "--size", "64", "--backend", "dask"]
    command = [sys.executable, "-m", "degrade", *map(str, words), "--scheduler", address]
    try:
        asking = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        while not list((tmp_path / "out").glob(".parts/*.jsonl")):
            assert asking.poll() is None, asking.stderr.read()
            time.sleep(0.001)
        started[0].kill()
        _, said = asking.communicate(timeout=100)
    finally:
        for process in started:
            process.kill()
    sentence = "the scheduler is gone; start it and workers again, the same command continues from there"
    assert (asking.returncode, said) == (2, f"Error: {address}: {sentence}\n")
    status, output = run(faces, tmp_path / "out", "--workers", "1")
    assert status == 1 and " 0 reused" not in output and contents(tmp_path / "out") == whole


def test_what_cannot_be_reached_or_is_half_asked_is_one_sentence(faces, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_PATIENCE", 1)
    sentence = "expected --backend dask together with --scheduler ADDRESS, got"
    for options, words in (
        (("--backend", "dask"), f"{sentence} --backend dask and no --scheduler"),
        (("--backend", "dask", "--scheduler", ""), f"{sentence} --backend dask and no --scheduler"),
        (("--scheduler", "tcp://127.0.0.1:1"), f"{sentence} --backend local and a --scheduler"),
        (("--backend", "dask", "--scheduler", "tcp://127.0.0.1:1"), "expected a dask scheduler, could not reach one"),
        (("--backend", "dask", "--scheduler", "no address"), "expected a dask scheduler, could not reach one"),
    ):
        status, output = run(faces, tmp_path / "out", *options)
        assert (status, words in output) == (2, True), output


def test_an_address_of_another_kind_leaves_no_client_that_waits(faces, tmp_path):
    words = "run", str(faces), str(tmp_path / "out"), "--task", "sr4", "--backend", "dask", "--scheduler", "nonsense"
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-m", "degrade", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
    assert "nonsense: expected a dask scheduler" in done.stderr and time.monotonic() - began < 50


def test_offline_and_a_cluster_are_one_sentence_at_once(monkeypatch):
    monkeypatch.setenv("BENCHMARK_OFFLINE", "1")
    with pytest.raises(InputError, match="leave out --offline"), on_cluster("tcp://127.0.0.1:1"):
        pass
