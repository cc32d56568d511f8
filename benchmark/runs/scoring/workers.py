"""Where images are scored while the next ones are restored: in worker processes or on a cluster; or in this process."""

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
from threadpoolctl import threadpool_limits

from benchmark.assets import feature_cache, offline
from benchmark.runs.scoring.image_scores import ImageJob, ImageScores, measure, unavailable
from degrade.core.cluster import cluster_in_use
from degrade.core.errors import InputError
from degrade.core.parallel import worker_start
from degrade.core.storage.files import make_folder

_IDLE = 600  # seconds after which a worker process without work ends
_kept: dict[tuple[int, Path | None], Any] = {}  # loky's executors, which have no annotations; one at most
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@contextmanager
def scoring_pool(workers: int, cache: Path | None, shared: Sequence[Path] = ()) -> Iterator["Pool"]:
    """`workers` processes that score, kept for the next pool of this process; with one worker none is started.

    Inside degrade.core.cluster.on_cluster its workers do, which must see the cache and what is `shared`.
    cache: folder for what is worth remembering of images, shared by all processes and runs; None for none.
    Every process scores on one thread, so that a score does not depend on how many there are.
    """
    if cluster := cluster_in_use():
        if cache is not None:
            make_folder(cache)
            shared = [*shared, cache]
        with cluster.losses_in_a_sentence(), cluster.executor(shared) as executor:
            yield Pool(_Far(executor, cache), cluster.workers, 2 * cluster.workers)
        return
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
        first, arguments = worker_start(_start_worker, cache)
        _kept[workers, cache] = ProcessPoolExecutor(
            max_workers=workers, timeout=_IDLE, initializer=first, initargs=arguments, env=_ONE_THREAD
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
        return {metric: why for answer in answers for metric, why in answer.items()}  # what one lacks, all lack

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


class _Far(Executor):
    """Computes on workers that may have worked for others before."""

    def __init__(self, executor: Executor, cache: Path | None) -> None:
        self._executor, self._cache = executor, cache

    def submit(self, call: Callable[..., Any], /, *arguments: Any, **options: Any) -> Future:
        return self._executor.submit(_computed, self._cache, call, *arguments, **options)


def _computed(cache: Path | None, call: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    feature_cache.keep_in(cache)
    with _one_thread():
        return call(*arguments, **options)


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
    cv2.setNumThreads(1)
    offline.obey()
    feature_cache.keep_in(cache)
