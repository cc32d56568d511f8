"""Workers of a real command that is killed: none is left two seconds later, and none holds its pipe."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from degrade.core.errors import InputError
from degrade.core.image import encode_png
from degrade.core.parallel import spread

pytestmark = pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="looks for processes in /proc")

# A pool in which two workers say that they are there and then are inside a C function for longer than a test takes.
STUCK = """
import ctypes, sys, threading
from pathlib import Path
from degrade.core.parallel import spread

def stuck(folder, number):
    Path(folder, str(number)).touch()
    (ctypes.PyDLL if HOLDS else ctypes.CDLL)(None).sleep(60)

def run():
    list(spread(stuck, [(sys.argv[1], number) for number in range(2)], 2, "stuck"))
"""
LOADERS = """
import sys, time
from pathlib import Path
from degrade.core.parallel import Parent
from torch.utils.data import DataLoader, Dataset
from functools import partial
from ispl_model.training.data import _start_worker

class Slow(Dataset):
    def __getitem__(self, number):
        Path(sys.argv[1], str(number)).touch()
        time.sleep(60)

start = partial(_start_worker, Parent.here())
list(DataLoader(Slow(), sampler=range(2), batch_size=1, num_workers=2, worker_init_fn=start))
"""
SCORING = """
import sys, time
from pathlib import Path
from benchmark.runs.scoring.workers import scoring_pool

def stuck(number):
    Path(sys.argv[1], str(number)).touch()
    time.sleep(60)

with scoring_pool(2, None) as pool:
    [each.result() for each in [pool._executor.submit(stuck, number) for number in range(2)]]
"""
PROGRAMS = {
    "main": "HOLDS = False" + STUCK + "run()",
    "main, in C with Python's lock": "HOLDS = True" + STUCK + "run()",
    "thread": "HOLDS = False" + STUCK + "thread = threading.Thread(target=run); thread.start(); thread.join()",
    "loaders": LOADERS,
    "scoring": SCORING,
}


def living(session: int) -> list[int]:
    """Processes of a session; those that are dead and only not collected yet are left out."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                state, _, _, sid = Path("/proc", entry, "stat").read_text().rsplit(")", 1)[1].split()[:4]
            except (OSError, ValueError):
                continue
            if int(sid) == session and state != "Z":
                found.append(int(entry))
    return found


def killed(command: list[str], ready, number: int) -> tuple[int, float, list[int]]:
    """Send a signal to the first process alone; how many there were, seconds until the pipe closed, what is left."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        end = time.monotonic() + 100
        while not ready():
            assert process.poll() is None and time.monotonic() < end
            time.sleep(0.02)
        before, start = len(living(process.pid)), time.monotonic()
        process.send_signal(number)
        process.communicate(timeout=30)
        seconds = time.monotonic() - start
        time.sleep(max(0, 2 - seconds))
        return before, seconds, living(process.pid)
    finally:
        for left in living(process.pid):
            os.kill(left, signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.parametrize("name", PROGRAMS)
def test_workers_end_with_their_parent_wherever_they_are(tmp_path, name):
    program = tmp_path / "program.py"
    program.write_text(PROGRAMS[name])
    there = tmp_path / "there"
    there.mkdir()
    command = [sys.executable, str(program), str(there)]
    before, seconds, left = killed(command, lambda: len(os.listdir(there)) == 2, signal.SIGKILL)
    assert before >= 3 and seconds < 2 and not left


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_degrade_run_leaves_nothing_that_writes(tmp_path, number):
    faces, out = tmp_path / "faces", tmp_path / "out"
    faces.mkdir()
    for name in range(200):
        (faces / f"{name}.png").write_bytes(encode_png(np.full((256, 256, 3), 0.5, np.float32)))
    options = ["--task", "dual_blind", "--size", "256", "--workers", "2"]
    command = [sys.executable, "-m", "degrade", "run", str(faces), str(out), *options]
    before, seconds, left = killed(command, lambda: any(out.glob(".parts/*.jsonl")), number)
    assert before >= 3 and seconds < 2 and not left
    assert not (out / "split.json").exists()


def _died(number):
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_worker_that_dies_is_one_sentence():
    with pytest.raises(InputError, match="a worker process died, most likely out of memory; give fewer --workers"):
        list(spread(_died, [(1,), (2,)], 2, "dying"))


def test_results_are_those_of_one_process():
    assert sorted(spread(abs, [(-3,), (2,), (1,)], 2, "two")) == list(spread(abs, [(1,), (2,), (3,)], 1, "one"))


def test_relative_paths_follow_the_working_folder(tmp_path, monkeypatch):
    """Workers are kept for the next call, which may come from another folder."""
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        assert {Path(found) for found in spread(os.getcwd, [()] * 2, 2, "folders")} == {tmp_path / name}
