"""The workers of a dask scheduler in place of processes on this machine, for all that spreads its work over images.

Inside `on_cluster` the work of `degrade.core.parallel.spread` and of the benchmark's scoring goes to the cluster. Its
workers see the same folders under the same paths; what they are asked to do, they do in the working folder of who asks.
When a worker dies, what it had in hand is done by another. Not by joblib's back-end: under joblib 1.6 it waits for ever
for a task whose workers died, and keeps large arguments on one worker, with which they are lost.
"""

import logging
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Executor, Future
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache, partial
from importlib import import_module
from pathlib import Path
from typing import Any

from degrade.core.errors import InputError
from degrade.core.storage.files import UNFINISHED

_PATIENCE = 30  # seconds to find the scheduler, and a worker
_TRIES = 5  # to be greeted
_VARIABLES = ("FACES_MAX_PIXELS", "TORCH_HOME", "BENCHMARK_TRUST")  # that a result depends on
_in_use: ContextVar["Cluster | None"] = ContextVar("cluster", default=None)


def cluster_in_use() -> "Cluster | None":
    """The cluster of the block of `on_cluster` that this is called in."""
    return _in_use.get()


@contextmanager
def on_cluster(address: str) -> Iterator["Cluster"]:
    """A block of code whose work goes to the workers of the scheduler at `address`, such as tcp://10.0.0.1:8786.

    Raises InputError where dask is not installed, the scheduler cannot be reached, or has no worker.
    """
    if os.environ.get("BENCHMARK_OFFLINE", "") not in ("", "0"):
        raise InputError(
            "--backend dask: a cluster is reached by the network; leave out --offline and unset BENCHMARK_OFFLINE"
        )
    try:
        from distributed import Client
    except ImportError as error:
        raise InputError("--backend dask: expected the package distributed; pip install distributed") from error
    client = _client(address, Client)
    for logger in ("distributed", "distributed.client"):  # dask gives the second a level of its own
        logging.getLogger(logger).setLevel(logging.CRITICAL)  # losses are error messages of ours, or are no news
    with client:
        cluster = Cluster(address, client, _count_workers(address, client))
        before = _in_use.set(cluster)
        try:
            yield cluster
        finally:
            _in_use.reset(before)


def _client(address: str, kind: Any) -> Any:
    for _ in range(_TRIES):
        client = kind.__new__(kind)
        try:
            client.__init__(address, timeout=_PATIENCE, set_as_default=False)
            return client
        except (AssertionError, OSError, ValueError, TypeError) as error:
            client.status = "closed"  # half made, it would wait a minute for its own end and print a traceback
            failure: Exception = error
            # dask asserts that the greeting comes alone; what a busy scheduler tells all its clients may come with it
            if not isinstance(error, AssertionError):
                break
    remedy = "start one with `dask scheduler`, and give the address that it prints"
    reason = f"{failure}".split("\n")[0] or "its greeting is not understood"
    raise InputError(f"{address}: expected a dask scheduler, could not reach one ({reason}); {remedy}") from failure


def _count_workers(address: str, client: Any) -> int:
    try:
        client.wait_for_workers(1, timeout=_PATIENCE)
    except TimeoutError as error:
        start = f"dask worker {address} --nthreads 1 --nworkers auto"
        raise InputError(f"{address}: expected at least one worker, as of `{start}`, got none; start some") from error
    return len(client.nthreads())


@dataclass(frozen=True)
class Cluster:
    """A dask scheduler that is reached. workers: how many it had then; more may join, and some may leave."""

    address: str
    client: Any = field(repr=False)
    workers: int

    @contextmanager
    def executor(self, shared: Sequence[Path] = ()) -> Iterator[Executor]:
        """Calls what it is given on the workers; what is not done when the block ends is given up.

        shared: folders that are written to and files that are read. A worker that does not see them as this process
        does refuses with InputError.
        """
        with ExitStack() as stack:
            folders = [stack.enter_context(_token(path)) for path in shared if path.is_dir()]
            files = [(str(path.absolute()), path.stat().st_size) for path in shared if path.is_file()]
            variables = tuple((name, os.environ[name]) for name in _VARIABLES if name in os.environ)
            site = _Site(os.getcwd(), (*folders, *files), variables, _version())
            executor = self.client.get_executor(pure=False)
            stack.callback(executor.shutdown, wait=False)
            yield _AtSite(executor, site)

    @contextmanager
    def losses_in_a_sentence(self, command: str = "the same command") -> Iterator[None]:
        """InputError for an image that kills its workers, and for a scheduler that is gone; command: that goes on."""
        from distributed.scheduler import KilledWorker

        goes_on = f"{command} continues from there"
        try:
            yield
        except KilledWorker as error:
            reason = "four workers died over the same images, most likely out of memory; give them more, and"
            raise InputError(f"{self.address}: {reason} {goes_on}") from error
        except (CancelledError, OSError) as error:
            raise InputError(f"{self.address}: the scheduler is gone; start it and workers again, {goes_on}") from error


def worker_name() -> str:
    """The worker of a cluster that this is called in, for messages."""
    from distributed import get_worker

    return f"worker {get_worker().address}"


@contextmanager
def _token(folder: Path) -> Iterator[tuple[str, int]]:
    """A file of a name that nobody can have: a worker that finds it has the same folder."""
    handle, name = tempfile.mkstemp(prefix=UNFINISHED, dir=folder.absolute())
    os.close(handle)
    try:
        yield name, 0
    finally:
        Path(name).unlink(missing_ok=True)


@dataclass(frozen=True)
class _Site:
    """What a worker must have in common with who asks: the working folder, files by size, variables, our version."""

    folder: str
    files: tuple[tuple[str, int], ...]
    variables: tuple[tuple[str, str], ...]
    version: str


class _AtSite(Executor):
    """An executor whose workers first take their place."""

    def __init__(self, executor: Executor, site: _Site) -> None:
        self._executor, self._site = executor, site

    def submit(self, call: Callable[..., Any], /, *arguments: Any, **options: Any) -> Future:
        return self._executor.submit(_at_site, self._site, partial(call, *arguments, **options))


def _at_site(site: _Site, work: Callable[[], Any]) -> Any:
    _checked(site)
    os.chdir(site.folder)
    os.environ.update(site.variables)
    return work()


@lru_cache(maxsize=8)
def _checked(site: _Site) -> None:
    """InputError where this worker is no stand-in for the process that asks; asked once for each, as it costs."""
    from distributed import get_worker

    worker, name = get_worker(), worker_name()
    if site.version != _version():
        raise InputError(f"{name}: expected version {site.version} of this package, got {_version()}; install that")
    if worker.state.nthreads != 1:
        threads = f"expected one thread (dask worker --nthreads 1), got {worker.state.nthreads}"
        raise InputError(f"{name}: {threads}; start more workers of one")
    for path, size in ((site.folder, None), *site.files):
        if not os.path.exists(path) or size not in (None, os.path.getsize(path)):
            folder = path if size is None else os.path.dirname(path)
            remedy = "use folders that all workers share, under the same path"
            raise InputError(f"{name}: does not see {folder} as it is here; {remedy}")


def _version() -> str:
    return str(import_module("degrade").__version__)  # no import, as all of degrade's public face would follow
