"""From score lines to the value of one table cell, with everything that must not be silent about it."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from benchmark.analysis.domain_gap import too_few
from benchmark.analysis.statistics import (
    Interval,
    corrected,
    jackknife_interval,
    mean,
    mean_interval,
    without_each_group,
)
from benchmark.methods.registry import canonical, find_method
from benchmark.metrics.registry import find_metric
from benchmark.records.scores import Score
from degrade.core.errors import InputError

NOT_RUN = "not run"
UNAVAILABLE = "unavailable"  # a metric's score line says so with these first letters of its error
NOT_COMPUTED = "n/a"
MEASURED = "measured"
NO_REPLICATES = (
    "no interval, and a Frechet distance not reduced in bias: its score lines hold no values without each group of "
    "images; score it again for them"
)


@dataclass(frozen=True)
class Cell:
    """One measured value, or why there is none.

    state: MEASURED, NOT_RUN, UNAVAILABLE (no weights) or NOT_COMPUTED (every try failed).
    value: mean over images and training seeds, or the set's score, a Frechet distance corrected by the jackknife;
        math.inf when every one is infinite.
    plain: a Frechet distance as it was scored, None of the others.
    scored, failed: images in the mean (of a set score: in the set), and tries that gave no number.
    notes: sentences that a table shows as footnotes.
    interval: 95 %, of a mean by bootstrap, of a set score by jackknife; None where there is none.
    deviation: of a kernel distance over its subsets.
    alike: computed as the newest scores of its column are, a Frechet distance reduced in bias.
    """

    state: str
    value: float | None = None
    scored: int = 0
    failed: int = 0
    notes: tuple[str, ...] = ()
    interval: Interval | None = None
    deviation: float | None = None
    alike: bool = True
    plain: float | None = None


@dataclass(frozen=True)
class Run:
    """The score lines behind one table row: one split, for each training seed one checkpoint."""

    scores: tuple[Score, ...]
    notes: tuple[str, ...] = ()

    @property
    def split(self) -> str | None:
        """Name of the test split; None where nothing was run."""
        return self.scores[0].split if self.scores else None

    @property
    def checkpoints(self) -> dict[int | None, str | None]:
        """Training seed -> SHA-256 of the checkpoint."""
        return {score.seed: score.checkpoint for score in self.scores}

    @property
    def files(self) -> set[str]:
        """The names of the score files it comes from, one for each training seed."""
        return {score.run for score in self.scores}

    @property
    def images(self) -> int:
        """Images of the split that some metric was asked for."""
        sizes = [score.n for score in self.scores if score.image is None and score.n]
        return max([len(self._names), *sizes])

    def cell(self, metric: str) -> Cell:
        """The value of one metric with its interval; a set that some images are missing from says so."""
        if metric not in self._cells:
            self._cells[metric] = self._cell(self._by_metric.get(metric, []))
        return self._cells[metric]

    def replicates(self, metric: str) -> tuple[float, ...]:
        """The value of a metric without each group of images in turn; empty where that is not known.

        Of images: means over the lines left. Of sets: as scored, their mean over training seeds; of a Frechet distance
        moved to its corrected value, which is where the jackknife has them.
        """
        scores = self._by_metric.get(metric, [])
        if not _of_sets(scores):
            return without_each_group(self._values(scores))
        found = _set_replicates(scores, self.images)
        if not found or not find_metric(metric).frechet_over:
            return found
        move = self.cell(metric).value - mean(found)
        return tuple(value + move for value in found)

    def no_interval(self, metric: str) -> str:
        """Why a measured number of a set has no interval; empty where it has one, and of images."""
        scores = self._by_metric.get(metric, [])
        if not _of_sets(scores):
            return ""
        if not _set_replicates(scores, self.images):
            return NO_REPLICATES
        return too_few(find_metric(metric), summarise(scores).scored)

    @property
    def metrics(self) -> list[str]:
        """The metrics that were asked for, in the order of their first lines."""
        return list(self._by_metric)

    def by_image(self, metric: str) -> dict[str, float]:
        """Image -> value, the mean over training seeds; images without a finite value are left out."""
        values = dict(zip(self._names, self._values(self._by_metric.get(metric, [])), strict=True))
        return {name: mean(found) for name, found in values.items() if found}

    @cached_property
    def _by_metric(self) -> dict[str, list[Score]]:
        found: dict[str, list[Score]] = defaultdict(list)
        for score in self.scores:
            found[score.metric].append(score)
        return dict(found)

    @cached_property
    def _names(self) -> list[str]:
        """The images of the split in name order, which fixes the groups of a jackknife."""
        return sorted({score.image for score in self.scores} - {None})

    @cached_property
    def _cells(self) -> dict[str, Cell]:
        """Those asked for by now: an interval over thousands of images takes a tenth of a second."""
        return {}

    def _cell(self, scores: list[Score]) -> Cell:
        cell = summarise(scores)
        if cell.state != MEASURED or math.isinf(cell.value):
            return cell
        if not _of_sets(scores):
            return replace(cell, interval=mean_interval(self._values(scores)))
        return self._set_cell(cell, scores)

    def _set_cell(self, cell: Cell, scores: list[Score]) -> Cell:
        metric, replicates = find_metric(scores[0].metric), _set_replicates(scores, self.images)
        missing = f"{cell.scored} of {self.images} images are in the set" if cell.scored != self.images else ""
        notes = tuple(filter(None, (missing, self.no_interval(metric.id))))
        plain = cell.value if metric.frechet_over else None
        value = corrected(plain, replicates) if metric.frechet_over and replicates else cell.value
        interval = None if self.no_interval(metric.id) else jackknife_interval(value, replicates)
        found = {"value": value, "plain": plain, "interval": interval, "deviation": _deviation(scores)}
        alike = plain is None or bool(replicates)
        return replace(cell, notes=(*cell.notes, *notes), alike=alike, **found)

    def _values(self, scores: Sequence[Score]) -> list[list[float]]:
        """For each image of the split its finite values, one for each training seed; a set score is of no image."""
        values: dict[str, list[float]] = {name: [] for name in self._names}
        for score in scores:
            if score.image is not None and score.value is not None:
                values[score.image].append(score.value)
        return list(values.values())


class Runs:
    """All runs of a profile by protocol, task and method.

    Of several test splits of a protocol and task only the largest counts, of equally large ones the newest:
    a quick look with --limit does not push a full run out of its table.
    """

    def __init__(self, scores: Iterable[Score]) -> None:
        self._scores: dict[tuple[str, str, str], list[Score]] = defaultdict(list)
        splits: dict[tuple[str, str], dict[str, list[Score]]] = defaultdict(lambda: defaultdict(list))
        for score in scores:
            self._scores[score.protocol, score.task, score.method].append(score)
            splits[score.protocol, score.task][score.split].append(score)
        self._split = {block: _largest(found) for block, found in splits.items()}
        self._found: dict[tuple[str, str, str], Run] = {}

    def find(self, protocol: str, task: str, method: str) -> Run:
        """The run of a method (full or short name); without scores when there is none on the split that counts."""
        key = (protocol, task, method)
        if key not in self._found:
            self._found[key] = self._find(*key)
        return self._found[key]

    def need(self, protocol: str, task: str, method: str) -> Run:
        """As find; InputError for an unknown method, and where there are no scores with the command that makes them."""
        run = self.find(protocol, task, method)
        if not run.scores:
            find_method(method)
            reason = "; ".join(run.notes) or f"{method} has no scores under {protocol} {task}"
            command = f"benchmark run --protocol {protocol} --task {task} --method {method}"
            raise InputError(f"{reason}; run: {command} with the same --profile")
        return run

    def under(self, protocols: Iterable[str], task: str, method: str) -> dict[str, Run]:
        """The runs of a method by protocol."""
        return {protocol: self.find(protocol, task, method) for protocol in protocols}

    def _find(self, protocol: str, task: str, method: str) -> Run:
        own = self._scores.get((protocol, task, canonical(method)))
        if not own:
            return Run(())
        split = self._split[protocol, task]
        kept = _one_checkpoint_a_seed([score for score in own if score.split == split])
        notes = () if kept else (f"{method} has scores on another test split only ({_newest(own).split}), left out",)
        return Run(tuple(kept), notes)


def summarise(scores: list[Score]) -> Cell:
    """The cell of one row and metric from its score lines.

    Infinite values (PSNR of equal images) are counted and left out of a mean of finite ones; only when
    every value is infinite is the cell infinite. Failures are counted and their reasons noted.
    """
    if not scores:
        return Cell(NOT_RUN)
    finite = [score for score in scores if score.value is not None]
    infinite = sum(score.error == "+inf" for score in scores)
    failures = [score.error for score in scores if score.value is None and score.error != "+inf"]
    if all(reason.startswith(UNAVAILABLE) for reason in failures) and len(failures) == len(scores):
        return Cell(UNAVAILABLE, notes=tuple(sorted({reason.rstrip(".") for reason in failures})))
    notes = _failure_note(failures, len(scores))
    if finite:
        notes += _infinite_note(infinite, len(scores))
        value = mean([score.value for score in finite])
        return Cell(MEASURED, value, _images(finite), len(failures), notes)
    if infinite:
        return Cell(MEASURED, math.inf, infinite, len(failures), notes)
    return Cell(NOT_COMPUTED, failed=len(failures), notes=notes)


def _of_sets(scores: Sequence[Score]) -> bool:
    return any(score.image is None for score in scores)


def _set_replicates(scores: Sequence[Score], images: int) -> tuple[float, ...]:
    """Replicates averaged over training seeds; empty when one of them has none. Few images are as few groups."""
    finite = [(score.replicates or ())[:images] for score in scores if score.value is not None]
    if len({len(replicates) for replicates in finite}) != 1:
        return ()
    return tuple(mean(values) for values in zip(*finite, strict=True))


def _deviation(scores: Sequence[Score]) -> float | None:
    deviations = [score.deviation for score in scores if score.deviation is not None]
    return mean(deviations) if deviations else None


def _largest(splits: dict[str, list[Score]]) -> str:
    return max(splits, key=lambda name: _rank(splits[name]))


def _rank(scores: list[Score]) -> tuple[int, str]:
    """Images of a split, then the time of its newest run."""
    return len({score.image for score in scores}), _newest(scores).run


def _newest(scores: list[Score]) -> Score:
    return max(scores, key=lambda score: score.run)  # a run's name begins with its UTC time


def _one_checkpoint_a_seed(scores: list[Score]) -> list[Score]:
    newest: dict[int | None, Score] = {}
    for score in sorted(scores, key=lambda score: score.run):
        newest[score.seed] = score
    return [score for score in scores if score.checkpoint == newest[score.seed].checkpoint]


def _images(finite: list[Score]) -> int:
    """Images behind the values: those named, or the size of the set."""
    named = {score.image for score in finite} - {None}
    return len(named) if named else max(score.n or 0 for score in finite)


def _failure_note(failures: list[str], tries: int) -> tuple[str, ...]:
    if not failures:
        return ()
    reason = Counter(sorted(failures)).most_common(1)[0][0].rstrip(".")
    often = "" if len(set(failures)) == 1 else "most often: "
    return (f"{len(failures)} of {tries} without a value ({often}{reason})",)


def _infinite_note(infinite: int, tries: int) -> tuple[str, ...]:
    if not infinite:
        return ()
    return (f"{infinite} of {tries} values are infinite (restored equals reference); the mean is over the others",)
