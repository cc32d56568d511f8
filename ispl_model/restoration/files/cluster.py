"""Images restored by the workers of a cluster: all of the work but writing, which the command does."""

import json
import os
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path
from typing import Any

import torch

from degrade.core.cluster import Cluster, worker_name
from degrade.core.errors import InputError
from degrade.core.parallel import one_thread
from ispl_model.restoration.files.prepare import Job
from ispl_model.restoration.files.results import Result, results_here
from ispl_model.restoration.files.workers import Pool
from ispl_model.restoration.models import AdaptedModel, FaceRestorer, Models

_AHEAD = 4  # parcels under way for each worker, as one photograph may take as long as many others


@dataclass(frozen=True)
class RemoteModels:
    """Models that each worker of a cluster loads once. here: the same in this process, which tell what they are."""

    cluster: Cluster
    models: Models
    here: tuple[FaceRestorer, AdaptedModel | None]

    @classmethod
    def load(cls, cluster: Cluster, models: Models) -> "RemoteModels":
        """`models`, whose device is the workers', on this one's processor, as it need have no other."""
        return cls(cluster, models, replace(models, device="cpu").load())

    def results(self, jobs: Iterable[Job], shared: Sequence[Path]) -> Generator[Result, None, None]:
        """As results_here, one for each job in their order, with the bytes that one thread makes.

        A worker is given as many images at once as the network takes faces; faces of images that different workers
        have are in no common batch. shared: folders and files that they must see. Raises InputError where they do not,
        and for models that are other ones there.
        """
        facts = _facts(*self.here)
        restored = partial(_restored, replace(self.models, dtype=facts.get("dtype", "auto")), json.dumps(facts))
        with (
            self.cluster.losses_in_a_sentence("the same command with --resume"),
            self.cluster.executor(shared) as executor,
        ):
            pool = Pool(executor, _AHEAD * self.cluster.workers)
            for parcel in pool.stream(restored, _parcels(jobs, self.models.batch)):
                yield from parcel


def _parcels(jobs: Iterable[Job], size: int) -> Iterator[list[Job]]:
    waiting = iter(jobs)
    while parcel := list(islice(waiting, size)):
        yield parcel


def _restored(models: Models, facts: str, jobs: Sequence[Job]) -> list[Result]:
    """On a worker."""
    with one_thread(), _one_thread_of_torch():
        return list(results_here(*_loaded(models, facts, os.getcwd()), jobs))


@lru_cache(maxsize=1)
def _loaded(models: Models, facts: str, _folder: str) -> tuple[FaceRestorer, AdaptedModel | None]:
    """Loaded anew for other facts, and in another working folder, where names may mean other files."""
    try:
        loaded = models.load()
    except InputError as error:
        raise InputError(f"{worker_name()}: {error}") from error
    found, expected = _facts(*loaded), json.loads(facts)
    if other := sorted(name for name in found | expected if found.get(name) != expected.get(name)):
        differing = f"expected {other[0]} {expected.get(other[0])} as here, got {found.get(other[0])}"
        raise InputError(f"{worker_name()}: {differing}; use the same files everywhere, and start the workers again")
    return loaded


def _facts(restorer: FaceRestorer, upsampler: AdaptedModel | None) -> dict[str, Any]:
    return restorer.facts | ({} if upsampler is None else {"upsampler": upsampler.facts})


@contextmanager
def _one_thread_of_torch() -> Iterator[None]:
    """How sums are split between threads moves their last bits."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
