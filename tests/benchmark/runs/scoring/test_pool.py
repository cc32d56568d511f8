"""Scoring processes: one that dies is a sentence, and none outlives the process that started it."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from benchmark.runs.request import RunRequest
from benchmark.runs.run import run
from benchmark.runs.scoring.image_scores import ImageJob
from benchmark.runs.scoring.workers import scoring_pool
from benchmark.runs.settings import Settings
from benchmark.specs.protocols import Profile, load_protocol
from degrade.core.errors import InputError

STARTS_TWO = """
import os, time
from benchmark.runs.scoring.workers import scoring_pool
with scoring_pool(2, None) as pool:
    print(*{pool._executor.submit(os.getpid).result() for _ in range(20)}, flush=True)
    time.sleep(600)
"""


def grey(name):
    return ImageJob(name, ("psnr.rgb",), np.full((8, 8, 3), 128, np.uint8))


def test_a_process_that_dies_ends_the_run_in_one_sentence():
    with pytest.raises(InputError, match="a scoring process died, .* fewer --workers"), scoring_pool(2, None) as pool:
        assert pool._executor.submit(os._exit, 1).exception() is not None
        list(pool.stream([grey("a")]))
    with scoring_pool(2, None) as pool:  # and the next one starts afresh
        assert [job.name for job, _ in pool.stream([grey("a"), grey("b")])] == ["a", "b"]


@pytest.mark.slow
def test_a_killed_process_takes_its_scoring_processes_with_it():
    started = subprocess.Popen([sys.executable, "-c", STARTS_TWO], stdout=subprocess.PIPE, text=True)
    processes = [Path("/proc", number) for number in started.stdout.readline().split()]
    assert processes and all(place.exists() for place in processes)
    started.kill()
    started.wait()
    end = time.monotonic() + 20
    while any(place.exists() for place in processes) and time.monotonic() < end:
        time.sleep(0.1)
    assert not any(place.exists() for place in processes)


def test_scoring_and_degrading_processes_of_one_run_do_not_meddle(tmp_path):
    profile = Profile("quick", 64, 2, 1, 2, 4, 1, 2, "none", (0,))
    settings = Settings(profile, work=tmp_path / "work", results=tmp_path / "results", device="cpu", workers=2)
    asked = RunRequest(settings, load_protocol("S2S"), "identity", ("jpeg", "denoise"), metrics=("psnr.rgb",))
    done = run(asked)  # scores in processes, then makes the next split in others, then scores again
    assert done.splits_made == 2 and done.scores_made == 4 and all(not score.error for score in done.scores)


def test_images_are_drawn_only_so_far_ahead_as_the_memory_is_bounded():
    drawn = []

    def jobs():
        for number in range(30):
            drawn.append(number)
            yield grey(str(number))

    with scoring_pool(2, None) as pool:
        for done, (job, found) in enumerate(pool.stream(jobs())):
            assert job.name == str(done) and found.values["psnr.rgb"].value is None  # without a reference
            assert len(drawn) <= done + 2 * 2 + 2
