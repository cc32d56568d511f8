"""Scoring: metrics in processes against one after another, what is remembered of references, the command line."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from degrade.core.image import Image, write
from degrade.portraits.paint import paint
from tests.bench.timing import reached

PAIRS, SIDE, PORTRAITS = 100, 512, 20
METRICS = "psnr.rgb,ssim.gauss11.rgb,msssim.rgb,fed.dlib,lle.dlib68,niqe.y,gmsd"

ONE_AFTER_ANOTHER = """
import sys
from pathlib import Path
from benchmark import metrics
from degrade.core.image import read
restored, reference, ids = sys.argv[1:]
names = sorted(path.name for path in Path(reference).iterdir())
pairs = [(read(Path(restored, name)), read(Path(reference, name))) for name in names]
for metric in map(metrics.load, ids.split(",")):
    for pair in pairs:
        metric(*pair)
"""
COUNTING = "for _ in range(20_000_000): pass"
ONE_METHOD = """
import sys
from pathlib import Path
from benchmark.runs.scoring.image_scores import ImageJob
from benchmark.runs.scoring.workers import scoring_pool
restored, reference, cache, ids = sys.argv[1:]
pairs = [(Path(restored, path.name), path) for path in Path(reference).iterdir()]
jobs = [ImageJob(path.name, tuple(ids.split(",")), ours, path) for ours, path in pairs]
with scoring_pool(1, Path(cache)) as pool:
    sum(1 for _ in pool.stream(jobs))
"""


def lines() -> Iterator[str]:
    """The report, line by line. Each time is that of a whole process, its start included."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        _write_pairs(place)
        restored, reference = str(place / "blurred"), str(place / "hq")
        alone = _seconds("-c", ONE_AFTER_ANOTHER, restored, reference, METRICS)
        out = str(place / "scores.csv")
        together = _seconds(
            *("-m", "benchmark", "score", restored, reference, "--metrics", METRICS, "--out", out, "--workers", "2")
        )
        yield f"{PAIRS} pairs at {SIDE} px: one after another {alone:.1f} s, score --workers 2 {together:.1f} s"
        yield f"two processes that only count, against one after another: {_gain_of_two():.2f} at this moment"
        yield reached("scoring with two workers against one after another", alone / together, 1.8)
        cache = str(place / "cache")
        first = _seconds("-c", ONE_METHOD, restored, reference, cache, METRICS)
        second = _seconds("-c", ONE_METHOD, str(place / "dark"), reference, cache, METRICS)
        yield f"a first method on a split {first:.1f} s, a second one {second:.1f} s"
        yield reached("first method against second, whose references are known", first / second, 1.0)
    for arguments in (["--help"], ["methods"]):
        spent = min(_seconds("-m", "benchmark", *arguments) for _ in range(5))
        yield reached(f"benchmark {arguments[0]}, seconds", spent, 1.0, at_most=True)


def _gain_of_two() -> float:
    """What a second process brings on this machine now: near 2 when two cores are free, near 1 when one is."""
    start = time.perf_counter()
    both = [subprocess.Popen([sys.executable, "-c", COUNTING]) for _ in range(2)]
    for process in both:
        process.wait()
    together = time.perf_counter() - start
    return 2 * _seconds("-c", COUNTING) / together


def _write_pairs(place: Path) -> None:
    """Different references: portraits at several brightnesses. Restored: blurred, and darker."""
    portraits = [paint(seed, SIDE) for seed in range(PORTRAITS)]
    for index in range(PAIRS):
        reference = portraits[index % PORTRAITS] * np.float32(1 - 0.03 * (index // PORTRAITS))
        images: dict[str, Image] = {"hq": reference, "dark": reference * np.float32(0.9)}
        images["blurred"] = np.clip(cv2.GaussianBlur(reference, (0, 0), 2.0), 0, 1)
        for kind, image in images.items():
            write(place / kind / f"{index:03}.png", image)


def _seconds(*arguments: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    return time.perf_counter() - start
