"""Orderings that one expects of any sound experiment, held against the score lines of a profile.

On its own task a trained network beats the degraded input and bicubic_x4; trained on the real domain it beats, there,
its twin that was trained on the synthetic one. PSNR is expected of networks alone that have a pixel loss.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from benchmark import methods
from benchmark.cells import Run, Runs
from benchmark.compare import Pair, compare, run_facts
from benchmark.domain_gap import PERCEPTUAL
from benchmark.layout import Block, Entry, Page
from benchmark.metrics import find_metric
from benchmark.page import value_text
from benchmark.protocol import load_profile, load_protocol, load_table
from benchmark.record import read_scores
from benchmark.titles import TABLES, method_title

FLOORS = ("identity", "bicubic_x4")
HOLDS, FAILS, CHANCE, UNKNOWN = "holds", "does not hold", "within chance", "cannot be told"
COLUMNS = (
    "task",
    "expected",
    "metric",
    "images",
    "first",
    "second",
    "difference",
    "low",
    "high",
    "p",
    "verdict",
    "why",
)
_PIXELS = ("l1", "mse", "normalised_mse", "l1_steps", "l1_pyramid")


@dataclass(frozen=True)
class Ordering:
    """One expectation: of two runs the first is better. pair: what was measured, None for the reason in `why`."""

    task: str
    expected: str
    metric: str
    pair: Pair | None
    why: str = ""

    @property
    def verdict(self) -> str:
        """HOLDS and FAILS beyond chance, see Pair.better."""
        if self.pair is None:
            return UNKNOWN
        return {"": CHANCE, self.pair.methods[0]: HOLDS}.get(self.pair.better, FAILS)


def orderings(profile: str, results: Path) -> list[Ordering]:
    """Every expectation about the methods that have scores, in the order of the tables.

    Raises InputError for an unknown profile or a broken score line.
    """
    runs = Runs(read_scores(results, load_profile(profile).name))
    found = [*_above_floors(results, profile, runs), *_above_twins(results, profile, runs)]
    return list(dict.fromkeys(found))


def page(found: Sequence[Ordering], profile: str) -> Page:
    """The orderings as a table."""
    sentences = (
        f"Score lines of profile {profile}; expected: the first is better than the second on the same images",
        "On its own task a trained network beats the degraded input and bicubic_x4; trained on the real domain it "
        "beats, there, its twin trained on the synthetic one. PSNR is expected of networks with a pixel loss alone",
        f"{CHANCE}: Wilcoxon's signed-rank test has p of at least 0.05, or the 95 % interval of the difference holds 0",
    )
    columns = tuple(map(Entry, ("Task", "expected", "metric", "images", "first", "second", "difference", "verdict")))
    return Page("Expected orderings", sentences, (Block("Orderings", columns, tuple(map(_row, found))),), ())


def rows(found: Sequence[Ordering]) -> Iterator[tuple[object, ...]]:
    """The orderings as lines of a CSV file, COLUMNS first."""
    yield COLUMNS
    for one in found:
        numbers: tuple[object, ...] = ("",) * 7
        if pair := one.pair:
            ends = (pair.interval.low, pair.interval.high) if pair.interval else ("", "")
            values = (*pair.means, pair.difference, *ends, pair.p)
            numbers = (pair.images, *(value if value == "" else f"{value:.6g}" for value in values))
        yield (one.task, one.expected, one.metric, *numbers, one.verdict, one.why)


def closing(found: Sequence[Ordering]) -> str:
    """How many orderings came out how."""
    counts = {verdict: sum(one.verdict == verdict for one in found) for verdict in (HOLDS, FAILS, CHANCE, UNKNOWN)}
    return f"{len(found)} expected orderings: " + ", ".join(f"{verdict} {count}" for verdict, count in counts.items())


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
                known = methods.METHODS.get(methods.canonical(method))
                if known and known.trainable and runs.find(protocol, row.task, method).scores:
                    yield protocol, row.task, method


def _ordered(results: Path, profile: str, said: tuple[str, str, str], sides: dict[str, Run]) -> Iterator[Ordering]:
    task, expected, method = said
    first, second = sides.values()
    perceptual = next((metric for metric in PERCEPTUAL if first.by_image(metric) and second.by_image(metric)), None)
    for metric in ([perceptual] if perceptual else []) + (["psnr.rgb"] if _has_pixel_loss(method) else []):
        why = _different(results, profile, (first, second), metric)
        yield Ordering(task, expected, metric, None if why else compare(sides, [metric])[0], why)


def _different(results: Path, profile: str, runs: Sequence[Run], metric: str) -> str:
    """Why two runs cannot be compared in a metric; empty when they can."""
    if not all(run.by_image(metric) for run in runs):
        return f"{metric} was not measured of both"
    names = sorted({score.run for run in runs for score in run.scores})
    facts = [run_facts(results, profile, name) for name in names]
    if len({one["split_sha256"] for one in facts}) > 1:
        return "scored on different splits"
    defined = {one["metrics"][metric] for one in facts if metric in one["metrics"]}
    return f"{metric} is not computed alike" if len(defined) > 1 else ""


def _has_pixel_loss(method: str) -> bool:
    """Whether a method is trained, if only at first, to come close in pixels."""
    training = methods.module_of(methods.METHODS[methods.canonical(method)]).TRAINING
    first = training.pretraining.losses if training.pretraining else {}
    return any(name in _PIXELS for name in (*training.losses, *first))


def _row(one: Ordering) -> tuple[Entry, ...]:
    names = (one.task, one.expected, find_metric(one.metric).header)
    if one.pair is None:
        return tuple(map(Entry, (*names, "", "", "", "", f"{one.verdict}: {one.why}")))
    values = [value_text(one.metric, value) for value in (*one.pair.means, one.pair.difference)]
    half = f"±{value_text(one.metric, one.pair.interval.half)}" if one.pair.interval else ""
    cells = (*names, str(one.pair.images), *values[:2])
    return (*map(Entry, cells), Entry(values[2], spread=half), Entry(one.verdict, bold=one.verdict == FAILS))
