"""Where images are read, their faces found, and results written as bytes: in processes, or in this one."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar

from degrade.core.errors import InputError
from degrade.core.parallel import worker_start
from ispl_model.restoration.files.prepare import Job, Prepared, prepare

Given = TypeVar("Given")
Result = TypeVar("Result")
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class Pool:
    """Calls in other processes, or in this one where there is no executor. ahead: so many results may wait, which
    bounds the memory.
    """

    def __init__(self, executor: Any, ahead: int) -> None:
        self._executor, self.ahead = executor, ahead

    def prepared(self, jobs: Iterable[Job]) -> Iterator[Prepared]:
        """Each image prepared; with processes its photograph stays there and is read again in the end."""
        return self.stream(prepare if self._executor is None else _prepare_apart, jobs)

    def stream(self, call: Callable[[Given], Result], given: Iterable[Given]) -> Iterator[Result]:
        """The call of each, in the order given."""
        submitted = deque[Future[Result]]()
        for one in given:
            submitted.append(self.submit(call, one))
            while submitted and (len(submitted) > self.ahead or submitted[0].done()):
                yield submitted.popleft().result()
        while submitted:
            yield submitted.popleft().result()

    def submit(self, call: Callable[..., Result], *arguments: Any) -> Future[Result]:
        """The call, in another process or done at once in this one."""
        return here(call, *arguments) if self._executor is None else self._executor.submit(call, *arguments)


@contextmanager
def preparing(workers: int) -> Iterator[Pool]:
    """A pool of so many processes beside this one; with one worker none is started.

    Raises InputError when one of them dies.
    """
    if workers == 1:
        yield Pool(None, 0)
        return
    from joblib.externals.loky import ProcessPoolExecutor  # here, as one worker needs no pool

    first, arguments = worker_start()
    executor = ProcessPoolExecutor(max_workers=workers, initializer=first, initargs=arguments, env=_ONE_THREAD)
    try:
        yield Pool(executor, 2 * workers)
    except BrokenProcessPool as error:
        remedy = "give fewer --workers; the same command with --resume continues"
        raise InputError(f"a worker process died, most likely out of memory; {remedy}") from error
    finally:
        executor.shutdown(kill_workers=True)


def here(call: Callable[..., Result], *arguments: Any) -> Future[Result]:
    """The call made at once, as a future that is done."""
    future = Future[Result]()
    try:
        future.set_result(call(*arguments))
    except InputError as error:
        future.set_exception(error)
    return future


def _prepare_apart(job: Job) -> Prepared:
    return replace(prepare(job), picture=None)
