"""Scoring: metrics in processes against one after another, and what is remembered of references."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from benchmark.metrics.registry import load_of_images
from benchmark.runs.scoring.image_scores import ImageJob
from benchmark.runs.scoring.workers import scoring_pool
from degrade.core.image import Image, read, write
from degrade.portraits.paint import paint
from tests.bench.timing import Reached, finished, own_process, reached

PAIRS, SIDE, PORTRAITS = 100, 512, 20
METRICS = "psnr.rgb,ssim.gauss11.rgb,msssim.rgb,fed.dlib,lle.dlib68,niqe.y,gmsd"
COUNTING = "for _ in range(20_000_000): pass"


def lines() -> Iterator[str | Reached]:
    """The report, line by line. Each time is that of a whole process, its start included."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        _write_pairs(place)
        restored, reference = place / "blurred", place / "hq"
        alone = _seconds(partial(own_process, _one_after_another, restored, reference))
        command = ("score", restored, reference, "--metrics", METRICS, "--out", place / "scores.csv", "--workers", 2)
        together = _seconds(partial(_ended, "-m", "benchmark", *command))
        yield f"{PAIRS} pairs at {SIDE} px: one after another {alone:.1f} s, score --workers 2 {together:.1f} s"
        yield f"two processes that only count, against one after another: {_gain_of_two():.2f} at this moment"
        yield reached("scoring with two workers against one after another", alone / together, 1.8)
        first, second = (
            _seconds(partial(own_process, _one_method, images, reference, place / "cache"))
            for images in (restored, place / "dark")
        )
        yield f"a first method on a split {first:.1f} s, a second one {second:.1f} s"
        yield reached("first method against second, whose references are known", first / second, 1.0)


def _one_after_another(restored: Path, reference: Path) -> None:
    pairs = [(read(restored / path.name), read(path)) for path in sorted(reference.iterdir())]
    for metric in map(load_of_images, METRICS.split(",")):
        for pair in pairs:
            metric(*pair)


def _one_method(restored: Path, reference: Path, cache: Path) -> None:
    ids = tuple(METRICS.split(","))
    jobs = [ImageJob(path.name, ids, restored / path.name, path) for path in reference.iterdir()]
    with scoring_pool(1, cache) as pool:
        for _ in pool.stream(jobs):
            pass


def _gain_of_two() -> float:
    """What a second process brings on this machine now: near 2 when two cores are free, near 1 when one is."""
    start = time.perf_counter()
    both = [subprocess.Popen([sys.executable, "-c", COUNTING]) for _ in range(2)]
    for process in both:
        process.wait()
    together = time.perf_counter() - start
    return 2 * _seconds(partial(_ended, "-c", COUNTING)) / together


def _write_pairs(place: Path) -> None:
    """Different references: portraits at several brightnesses. Restored: blurred, and darker."""
    portraits = [paint(seed, SIDE) for seed in range(PORTRAITS)]
    for index in range(PAIRS):
        reference = portraits[index % PORTRAITS] * np.float32(1 - 0.03 * (index // PORTRAITS))
        images: dict[str, Image] = {"hq": reference, "dark": reference * np.float32(0.9)}
        images["blurred"] = np.clip(cv2.GaussianBlur(reference, (0, 0), 2.0), 0, 1)
        for kind, image in images.items():
            write(place / kind / f"{index:03}.png", image)


def _ended(*arguments: object) -> None:
    finished([sys.executable, *map(str, arguments)])


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
