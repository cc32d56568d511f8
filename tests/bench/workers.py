"""Two workers against one, degrading to disk: wall time, which says nothing on a machine that does other things."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tests.bench.disk import FACES, RECIPE, collect, degrade_command
from tests.bench.timing import Reached, least, process_seconds, reached

MANY = 1000  # the start of the workers takes as long as 25 faces


def lines() -> Iterator[str | Reached]:
    """The report, line by line."""
    with tempfile.TemporaryDirectory() as folder:
        faces = Path(folder, "faces")
        what = collect(faces)
        for number in range(FACES, MANY):
            os.link(faces / f"{number % FACES:03d}.jpg", faces / f"{number:03d}.jpg")
        spent = least({str(workers): partial(_wall, faces, workers) for workers in (1, 2)}, rounds=1)
    yield f"{MANY} {what}, {RECIPE}: {spent['1']:.1f} s with one worker, {spent['2']:.1f} s with two"
    yield reached("two workers against one, wall time", spent["1"] / spent["2"], 1.85)


def _wall(faces: Path, workers: int) -> float:
    out = faces.parent / "out"
    start = time.perf_counter()
    process_seconds(degrade_command(faces, out, workers))
    spent = time.perf_counter() - start
    shutil.rmtree(out)
    return spent
