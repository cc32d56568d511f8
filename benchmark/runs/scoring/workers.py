"""Where images are scored: in worker processes while the next ones are restored, or in this process."""

import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
from threadpoolctl import threadpool_limits

from benchmark.assets import feature_cache, offline
from benchmark.runs.scoring.image_scores import ImageJob, ImageScores, measure, unavailable
from degrade.core.errors import InputError

_IDLE = 600  # seconds after which a worker process without work ends
_kept: dict[tuple[int, Path | None], Any] = {}  # loky's executors, which have no annotations; one at most
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@contextmanager
def scoring_pool(workers: int, cache: Path | None) -> Iterator["Pool"]:
    """`workers` processes that score, kept for the next pool of this process; with one worker none is started.

    cache: folder for what is worth remembering of images, shared by all processes and runs; None for none.
    Every process scores on one thread, so that a score does not depend on how many there are.
    """
    if workers == 1:
        feature_cache.keep_in(cache)
        yield Pool(_Here(), 1, 0)
        return
    executor = _executor(workers, cache)
    try:
        yield Pool(executor, workers, 2 * workers)
    except BaseException:
        _kept.clear()
        executor.shutdown(kill_workers=True)
        raise


def _executor(workers: int, cache: Path | None) -> Any:
    """The processes of the last pool where they fit, else new ones. Not joblib's shared ones, which degrading uses."""
    from joblib.externals.loky import ProcessPoolExecutor

    if (workers, cache) not in _kept:
        for other in _kept.values():
            other.shutdown()
        _kept.clear()
        _kept[workers, cache] = ProcessPoolExecutor(
            max_workers=workers, timeout=_IDLE, initializer=_start_worker, initargs=(cache,), env=_ONE_THREAD
        )
    return _kept[workers, cache]


class Pool:
    """Scores images in the order given, in `workers` processes or, with `ahead` 0, in this one.

    ahead: so many may wait or be in work, which bounds the memory.
    """

    def __init__(self, executor: Executor, workers: int, ahead: int) -> None:
        self._executor, self._workers, self._ahead = executor, workers, ahead

    def unavailable(self, metric_ids: Iterable[str]) -> dict[str, str]:
        """As measure.unavailable, asked of the processes that score, which then load at once; this one may never."""
        ids = tuple(metric_ids)
        with _dead_process_in_a_sentence():
            asked = [self._executor.submit(unavailable, ids) for _ in range(self._workers if ids else 0)]
            answers = [answer.result() for answer in asked]
        return answers[0] if answers else {}

    def stream(self, jobs: Iterable[ImageJob]) -> Iterator[tuple[ImageJob, ImageScores]]:
        """Each job with its scores. `jobs` is drawn from in this process, while earlier ones are scored."""
        submitted: deque[tuple[ImageJob, Future]] = deque()
        with _dead_process_in_a_sentence():
            for job in jobs:
                submitted.append((job, self._executor.submit(measure, job)))
                while submitted and (submitted[0][1].done() or len(submitted) > self._ahead):
                    first, future = submitted.popleft()
                    yield first, future.result()
            for last, future in submitted:
                yield last, future.result()


@contextmanager
def _dead_process_in_a_sentence() -> Iterator[None]:
    try:
        yield
    except BrokenProcessPool as error:
        remedy = "give fewer --workers; the same command continues from there"
        raise InputError(f"a scoring process died, most likely out of memory; {remedy}") from error


class _Here(Executor):
    """Computes at once, in this process."""

    def submit(self, call: Callable[..., Any], /, *arguments: Any, **options: Any) -> Future:
        future: Future = Future()
        with _one_thread():
            future.set_result(call(*arguments, **options))
        return future


@contextmanager
def _one_thread() -> Iterator[None]:
    """One thread for the libraries that are loaded by now: how sums are split between threads moves their last bits."""
    torch = sys.modules.get("torch")
    before = cv2.getNumThreads(), torch and torch.get_num_threads()
    cv2.setNumThreads(1)
    if torch:
        torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        cv2.setNumThreads(before[0])
        if torch:
            torch.set_num_threads(before[1])


def _start_worker(cache: Path | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the starting process's to answer
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    cv2.setNumThreads(1)
    offline.obey()
    feature_cache.keep_in(cache)


def _end_with(parent: int) -> None:
    """Ends this process when its parent is gone, however that ended: a killed run leaves nothing behind."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)
