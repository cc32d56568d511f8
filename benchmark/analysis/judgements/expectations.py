"""Expected orderings of methods, checked on the score lines of a profile.

On its own task a trained network beats the degraded input and bicubic_x4; trained on the real domain it beats, there,
its twin that was trained on the synthetic one. PSNR is expected of networks alone that have a pixel loss.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from benchmark.analysis.compare import Comparison, compare
from benchmark.analysis.runs import Run, Runs
from benchmark.analysis.verdicts import UNDECIDED, differences
from benchmark.methods.registry import full_name, method_title
from benchmark.methods.table import METHODS
from benchmark.metrics.table import with_role
from benchmark.records.run_file import read_run_files, run_facts
from benchmark.records.scores import need_scores
from benchmark.specs.protocols import load_profile, load_protocol
from benchmark.specs.tables import load_table
from benchmark.specs.titles import TABLES

FLOORS = ("identity", "bicubic_x4")


@dataclass(frozen=True)
class Ordering:
    """One expectation: of two runs the first is better. pair: what was measured, None for the reason in `why`."""

    task: str
    expected: str
    metric: str
    pair: Comparison | None
    why: str = ""

    @property
    def verdict(self) -> str:
        """As Comparison.verdict; UNDECIDED without a pair."""
        return self.pair.verdict if self.pair else UNDECIDED


def orderings(profile: str, results: Path) -> list[Ordering]:
    """Every expectation about the methods that have scores, in the order of the tables.

    Raises InputError for an unknown profile, one without scores, and a broken score line.
    """
    name = load_profile(profile).name
    runs = Runs(need_scores(results, name), read_run_files(results, name))
    found = [*_above_floors(results, name, runs), *_above_twins(results, name, runs)]
    return list(dict.fromkeys(found))


def _above_floors(results: Path, profile: str, runs: Runs) -> Iterator[Ordering]:
    for protocol, task, method in _trained_rows(runs):
        domains = load_protocol(protocol)
        if domains.train_domain != domains.test_domain:
            continue
        for floor in FLOORS:
            beside = runs.find(protocol, task, floor)
            if beside.scores:
                expected = f"{protocol}: {method_title(method)} before {method_title(floor)}"
                sides = {method: runs.find(protocol, task, method), floor: beside}
                yield from _ordered(results, profile, (task, expected, method), sides)


def _above_twins(results: Path, profile: str, runs: Runs) -> Iterator[Ordering]:
    for protocol, task, method in _trained_rows(runs):
        twin = runs.find("S2R", task, method)
        if protocol == "R2R" and twin.scores:
            expected = f"{method_title(method)}: R2R before S2R"
            yield from _ordered(
                results, profile, (task, expected, method), {"R2R": runs.find("R2R", task, method), "S2R": twin}
            )


def _trained_rows(runs: Runs) -> Iterator[tuple[str, str, str]]:
    """(protocol, task, method) of the tables' trained methods that have scores."""
    for table in map(load_table, TABLES):
        for protocol, row in product(table.protocols, table.rows):
            for method in row.methods:
                known = METHODS.get(full_name(method))
                if known and known.trainable and runs.find(protocol, row.task, method).scores:
                    yield protocol, row.task, method


def _ordered(results: Path, profile: str, said: tuple[str, str, str], sides: dict[str, Run]) -> Iterator[Ordering]:
    task, expected, method = said
    first, second = sides.values()
    both = (metric for metric in with_role("perceptual") if first.by_image(metric) and second.by_image(metric))
    perceptual = next(both, None)
    in_pixels = "psnr.rgb" if METHODS[full_name(method)].pixel_loss else None
    for metric in filter(None, (perceptual, in_pixels)):
        why = _different(results, profile, (first, second), metric)
        yield Ordering(task, expected, metric, None if why else compare(sides, [metric])[0], why)


def _different(results: Path, profile: str, runs: tuple[Run, Run], metric: str) -> str:
    """Why two runs cannot be compared in a metric; empty when they can."""
    if not differences(*runs, metric):
        return f"{metric} has no image with values of both"
    names = sorted({score.run for run in runs for score in run.scores})
    facts = [run_facts(results, profile, name) for name in names]
    if len({one["split_sha256"] for one in facts}) > 1:
        return "scored on different splits"
    defined = {one["metrics"][metric] for one in facts if metric in one["metrics"]}
    return f"{metric} is not computed alike" if len(defined) > 1 else ""
