"""Processes that share the work: the one home of pools over images, and of the rule that no worker outlives its parent.

A worker begins with `Parent.keep`: it ends when the process that started it has ended, however that was. Else a
killed run's workers would go on writing into a folder that another run has made anew, and hold its pipes.
"""

import ctypes
import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, as_completed, wait
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, TypeVar

from degrade.core.cluster import Cluster, cluster_in_use
from degrade.core.errors import InputError

Result = TypeVar("Result")
# Jobs under way for each worker, so that none waits for this process. Loky's queue holds these and one more; with jobs
# beyond it a Ctrl-C ends in a KeyError of loky's own thread (joblib 1.6).
_AHEAD = 2
_PARCEL, _PARCELS = 8, 64  # jobs that go to a worker of a cluster at once, and parcels on the way at least
_LOOK = 0.5  # seconds between two looks at whether the parent is there
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


@contextmanager
def one_thread() -> Iterator[None]:
    """OpenCV works in the calling thread alone: work is spread over images, each process has a core for itself."""
    import cv2  # here, so that a worker is soon at the point where it keeps to its parent

    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


def spread(
    call: Callable[..., Result],
    jobs: Sequence[tuple[Any, ...]],
    workers: int,
    title: str,
    progress: bool = True,
    shared: Sequence[Path] = (),
) -> Iterator[Result]:
    """`call(*job)` of every job, in no order, in so many processes (this one alone for 1), behind a progress bar.

    Inside degrade.core.cluster.on_cluster the workers are the cluster's, which must see what is `shared`. title: of
    the bar, which is there if `progress`. Raises InputError when a worker dies, on a cluster when its work kills those
    that take it over too.
    """
    count, cluster = max(1, min(workers, len(jobs))), cluster_in_use()
    if cluster is not None:
        results = _on_cluster(cluster, call, jobs, shared)
    else:
        results = (call(*job) for job in jobs) if count == 1 else _in_processes(call, jobs, count)
    if not progress:
        yield from results
        return
    from degrade.core.progress import progress_bar  # late, as its import takes as long as degrading two images

    yield from progress_bar(results, total=len(jobs), title=title, unit="face")


def _in_processes(call: Callable[..., Result], jobs: Sequence[tuple[Any, ...]], count: int) -> Iterator[Result]:
    """As soon as they are there. Few jobs are under way at a time, so that results do not pile up."""
    from joblib.externals.loky import get_reusable_executor  # here, as `--help` and a single process need it not
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    first, arguments = worker_start()
    pool = get_reusable_executor(count, initializer=first, initargs=arguments)
    waiting = iter(jobs)
    under_way: set[Future[Result]] = set()
    try:
        while True:
            under_way |= {pool.submit(call, *job) for job in islice(waiting, _AHEAD * count - len(under_way))}
            if not under_way:
                return
            done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
    except TerminatedWorkerError as error:
        remedy = "give fewer --workers; the same command continues from there"
        raise InputError(f"a worker process died, most likely out of memory; {remedy}") from error
    finally:
        if under_way:  # the caller wants no more
            pool.shutdown(kill_workers=True)


def _on_cluster(
    cluster: Cluster, call: Callable[..., Result], jobs: Sequence[tuple[Any, ...]], shared: Sequence[Path]
) -> Iterator[Result]:
    """A few jobs to a parcel, as each costs the scheduler a millisecond, and never more than what keeps all busy."""
    size = max(1, min(_PARCEL, len(jobs) // (4 * cluster.workers)))
    waiting: set[Future[list[Result]]] = set()
    with cluster.losses_in_a_sentence(), cluster.executor(shared) as executor:
        for start in range(0, len(jobs), size):
            waiting.add(executor.submit(_each, call, jobs[start : start + size]))
            if len(waiting) >= max(_PARCELS, 4 * cluster.workers):
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                yield from chain.from_iterable(future.result() for future in done)
        yield from chain.from_iterable(future.result() for future in as_completed(waiting))


def _each(call: Callable[..., Result], jobs: Sequence[tuple[Any, ...]]) -> list[Result]:
    return [call(*job) for job in jobs]


@dataclass(frozen=True)
class Parent:
    """The process that starts workers, as these know it. main: whether its main thread starts them."""

    pid: int
    main: bool

    @classmethod
    def here(cls) -> "Parent":
        """This process."""
        return cls(os.getpid(), threading.current_thread() is threading.main_thread())

    def keep(self) -> None:
        """Called in a worker: from now on it ends, at the latest a second after its parent, also inside a C function.

        Linux kills it at once. It does so already when the thread that started the worker ends, so it is asked only
        where that is the main thread; a thread that looks for the parent stands for all other cases.
        """
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if self.main and sys.platform == "linux":
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        self._look()  # it may have ended before
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while True:
            time.sleep(_LOOK)
            self._look()

    def _look(self) -> None:
        if os.getppid() != self.pid:
            os._exit(1)


def worker_start(then: Callable[..., object] | None = None, *arguments: Any) -> tuple[Callable[..., None], tuple]:
    """`initializer` and `initargs` of a pool of processes: each keeps to this one first, then calls `then`.

    The working folder is among them, so that a pool is not used again where relative paths mean other files.
    """
    return _start, (Parent.here(), os.getcwd(), pickle.dumps((then, arguments)))


def _start(parent: Parent, folder: str, pickled: bytes) -> None:
    parent.keep()
    os.chdir(folder)
    then, arguments = pickle.loads(pickled)  # only now, as what it imports may take seconds
    if then is not None:
        then(*arguments)
