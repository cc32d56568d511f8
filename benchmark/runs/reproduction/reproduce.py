"""Everything the tables of a profile need: missing runs are made, existing ones are kept."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Self

from benchmark.methods.registry import full_name, why_unavailable
from benchmark.methods.row import MethodRow
from benchmark.methods.table import METHODS
from benchmark.records.scores import Score, read_scores
from benchmark.runs.request import RunRequest, RunSummary, stages
from benchmark.runs.run import run
from benchmark.runs.settings import Settings
from benchmark.runs.splits import why_set_unavailable
from benchmark.specs.protocols import load_protocol
from benchmark.specs.tables import TableSpec
from benchmark.specs.test_sets import load_sets
from degrade.core.numbers import counted


@dataclass(frozen=True)
class RunJob:
    """One run of one method on one task."""

    protocol: str
    task: str
    method: str
    seed: int | None  # None for a method that is not trained

    def __str__(self) -> str:
        trained = "" if self.seed is None else f" seed {self.seed}"
        return f"{self.protocol} {self.task} {self.method}{trained}"

    @classmethod
    def of(cls, score: Score) -> Self:
        """The run that a score line is of."""
        return cls(score.protocol, score.task, score.method, score.seed)


@dataclass
class Reproduction:
    """What the tables asked for and what was done."""

    done: RunSummary = field(default_factory=RunSummary)
    jobs: int = 0
    not_run: tuple[str, ...] = ()  # `protocol task method: not run, reason` of rows that cannot run here


def jobs_of(settings: Settings, tables: Iterable[TableSpec]) -> tuple[list[RunJob], tuple[str, ...]]:
    """Each run that the tables need once, in their order, and the rows that cannot run here, with the reason."""
    jobs: dict[RunJob, None] = {}
    absent: dict[str, None] = {}
    for protocol, task, method in _rows(tables):
        row = METHODS.get(full_name(method))
        reason = _obstacle(settings, protocol, row)
        if row is None or reason:
            absent[f"{protocol} {task} {method}: not run, {reason}"] = None
            continue
        for seed in settings.profile.seeds if row.trainable else (None,):
            jobs[RunJob(protocol, task, full_name(method), seed)] = None
    return list(jobs), tuple(absent)


def _obstacle(settings: Settings, protocol: str, row: MethodRow | None) -> str:
    """Why a row cannot run here: its method or its test set; empty when it can."""
    if row is None:
        return "the method is not there"
    chosen = load_sets().get(load_protocol(protocol).test_domain)
    return why_unavailable(row) or (why_set_unavailable(settings, chosen) if chosen else "")


def _rows(tables: Iterable[TableSpec]) -> Iterator[tuple[str, str, str]]:
    """(protocol, task, method) of every row of every table."""
    for table in tables:
        for protocol, row in product(table.protocols, table.rows):
            if protocol in table.protocols_of(row):
                yield from ((protocol, row.task, method) for method in row.methods)


def listing(settings: Settings, tables: Iterable[TableSpec]) -> list[str]:
    """What `reproduce` would run, with the score lines each has by now, whatever split and checkpoint they are of."""
    jobs, absent = jobs_of(settings, tables)
    there = Counter(map(RunJob.of, read_scores(settings.results, settings.profile.name)))
    lines = [f"{job}: {there[job]} score lines there" for job in jobs]
    return [*lines, *absent]


def line(job: RunJob, made: RunSummary) -> str:
    """One job's progress in one line."""
    trained = f"{counted(made.trainings_made, 'training')} made, " if made.trainings_made else ""
    return f"{job}: {trained}{counted(made.scores_made, 'score')} made, {made.scores_reused} reused; {stages(made)}"


def reproduce(
    settings: Settings, tables: Iterable[TableSpec], report: Callable[[RunJob, RunSummary], None]
) -> Reproduction:
    """Run what is missing for every row of the tables; `report` is called after each job.

    Rows that cannot run here are counted, not run. Raises InputError as benchmark.runs.run.run does.
    """
    jobs, absent = jobs_of(settings, tables)
    result = Reproduction(not_run=absent)
    for job in jobs:
        request = RunRequest(settings, load_protocol(job.protocol), job.method, (job.task,), job.seed or 0)
        summary = run(request)
        report(job, summary)
        result.done.add(summary)
        result.jobs += 1
    return result
