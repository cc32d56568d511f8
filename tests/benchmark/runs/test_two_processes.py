"""Two runs into one results folder at once: real processes, with one method, with two, and with one training."""

import json
import subprocess
import sys

import pytest

from benchmark.records.scores import read_file
from benchmark.runs.settings import Settings
from benchmark.runs.splits import domain_split
from benchmark.specs.protocols import Profile

PROFILE = Profile("quick", 64, 2, 1, 6, 4, 1, 2, "none", (0,))
LINES = 2 * 6 + 1

RUN = f"""
import sys
from pathlib import Path
from benchmark.runs.settings import Settings
from benchmark.specs.protocols import load_protocol
from benchmark.specs.protocols import Profile
from benchmark.runs.request import RunRequest
from benchmark.runs.run import run

root, method = Path(sys.argv[1]), sys.argv[2]
settings = Settings({PROFILE}, work=root / "work", results=root / "results", device="cpu")
print("ready", flush=True)
sys.stdin.readline()
metrics = ("psnr.rgb", "ssim.gauss11.rgb", "ffd.dlib")
done = run(RunRequest(settings, load_protocol("S2S"), method, ("sr4",), metrics=metrics))
print(done.scores_made, done.trainings_made)
"""


def at_once(root, *names):
    """Runs the methods in a process each, started together; what each made: scores, trainings."""
    domain_split(Settings(PROFILE, work=root / "work"), "synthetic", "sr4", "test")
    domain_split(Settings(PROFILE, work=root / "work"), "synthetic", "sr4", "train")
    command = [sys.executable, "-c", RUN, str(root)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen([*command, name], **pipes) for name in names]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    ended = [process.communicate(timeout=300) for process in processes]
    assert all(process.returncode == 0 for process in processes), ended
    return sorted(tuple(map(int, out.split())) for out, _ in ended)


def files(root):
    return sorted((root / "results" / "quick" / "scores").glob("*.jsonl"))


def check_whole(path):
    scores = read_file(path)
    assert len(scores) == len({score.key for score in scores}) == LINES and all(not score.error for score in scores)
    counts = json.loads(path.with_suffix(".json").read_text())["counts"]
    assert (counts["scored"], counts["failed"]) == (LINES, 0)


@pytest.mark.slow
def test_one_method_twice_gives_one_file_and_the_second_process_reuses_it(tmp_path):
    assert at_once(tmp_path, "bicubic", "bicubic") == [(0, 0), (LINES, 0)]
    (path,) = files(tmp_path)
    check_whole(path)


@pytest.mark.slow
def test_two_methods_give_two_whole_files(tmp_path):
    assert at_once(tmp_path, "bicubic", "identity") == [(LINES, 0), (LINES, 0)]
    assert len(files(tmp_path)) == 2
    for path in files(tmp_path):
        check_whole(path)


@pytest.mark.slow
def test_a_training_that_two_processes_want_is_made_once(tmp_path):
    assert sum(trained for _, trained in at_once(tmp_path, "edsr", "edsr")) == 1
    (path,) = files(tmp_path)
    check_whole(path)
