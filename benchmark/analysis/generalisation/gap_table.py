"""The gaps and gains of Table 3: from the three protocols' runs to ratios, or to the reason why there are none."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from benchmark.analysis.cells import MEASURED
from benchmark.analysis.generalisation.domain_gap import PAPER_PAIR, GapMetrics, choose_gap_metrics, gain, gap, of_sets
from benchmark.analysis.runs import Run
from benchmark.analysis.statistics import Interval, jackknife_interval
from benchmark.specs.published import Printed, printed_beside

_NO_CHANGE = "no interval: without one of the groups of images there is no such change"
_MAY_BE_0 = "no interval: one of the two distances is not above 0 beyond chance"

Formula = Callable[[Sequence[float], Sequence[float]], float]

# What Table 3 prints -> the two protocols it compares, its formula and how its header reads.
CHANGES: dict[str, tuple[tuple[str, str], Formula, str]] = {
    "gap": (("S2S", "S2R"), gap, "gap ×"),
    "gain_percent": (("S2R", "R2R"), gain, "gain %"),
}


@dataclass(frozen=True)
class Change:
    """One gap or gain: of one metric, or (metric None) the mean over the metrics that count.

    note: why there is no value, or why the value has no interval.
    """

    method: str
    kind: str
    metric: str | None
    value: float | None
    interval: Interval | None
    note: str
    printed: Printed | None

    @property
    def protocol(self) -> str:
        """The protocol under which published.csv files the number: the later of the two."""
        return CHANGES[self.kind][0][1]


@dataclass(frozen=True)
class GapTable:
    """All changes of a table, the metrics they are over and the number of images behind each."""

    metrics: GapMetrics
    images: int
    changes: tuple[Change, ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """What the table's header says about gap and gain."""
        counted, frechet = self.metrics.counted, self.metrics.frechet
        if not self.metrics.shown:
            return ("Gap and gain: not run",)
        means = " and ".join(counted) or "no metric"
        lines = [f"Gap (mean of S2R/S2S) and gain (mean of 1 - R2R/S2R) over {means}, N = {self.images} under each"]
        if frechet and frechet not in counted:
            instead = f"{self.metrics.of_sets} stands in for it" if self.metrics.of_sets else "the mean is without it"
            lines.append(f"{frechet} is shown but not counted, as not all its values have intervals above 0: {instead}")
        if counted != PAPER_PAIR:
            lines.append(f"The paper's gap and gain are over {' and '.join(PAPER_PAIR)}: not comparable with these")
        return tuple(lines)


Protocols = Mapping[str, Run]  # protocol -> the run of one method


def gap_table(methods: Mapping[str, Protocols], task: str) -> GapTable:
    """Gap and gain of every method (in order), over one pair of metrics for the whole table."""
    available = {metric for runs in methods.values() for metric in _measured(runs)}
    sound = {metric for metric in of_sets() if metric in available and _is_sound(metric, methods.values())}
    metrics = choose_gap_metrics(available, sound)
    sizes = [runs["S2R"].cell(metric).scored for runs in methods.values() for metric in metrics.shown]
    images = min(filter(None, sizes), default=0)
    changes = []
    for method, runs in methods.items():
        for kind in CHANGES:
            per_metric = [_change(runs, kind, (metric,)) for metric in metrics.shown]
            changes += [
                Change(method, kind, metric, *half, None)
                for metric, half in zip(metrics.shown, per_metric, strict=True)
            ]
            changes.append(_mean(method, kind, runs, metrics.counted, task))
    return GapTable(metrics, images, tuple(changes))


def _measured(runs: Protocols) -> set[str]:
    metrics = {score.metric for score in runs["S2R"].scores}
    return {
        metric
        for metric in metrics
        if all(runs[protocol].cell(metric).state == MEASURED for protocol in ("S2S", "S2R"))
    }


def _is_sound(metric: str, methods: Iterable[Protocols]) -> bool:
    """Whether every value of the metric has an interval above 0."""
    cells = [run.cell(metric) for runs in methods for run in runs.values()]
    return all(cell.interval and cell.interval.low > 0 for cell in cells if cell.state == MEASURED)


def _mean(method: str, kind: str, runs: Protocols, counted: tuple[str, ...], task: str) -> Change:
    protocol = CHANGES[kind][0][1]
    printed = printed_beside(3, task, protocol, method, kind)
    if printed:
        printed = Printed(printed.text, comparable=counted == PAPER_PAIR)
    return Change(method, kind, None, *_change(runs, kind, counted), printed)


def _change(runs: Protocols, kind: str, metrics: tuple[str, ...]) -> tuple[float | None, Interval | None, str]:
    """(value, interval, note): the note says why one of them is None, and is empty where nothing was run."""
    protocols, formula, _ = CHANGES[kind]
    sides = {protocol: runs[protocol] for protocol in protocols}
    reason = mismatch_reason(kind, *sides.items()) or _different_sets(runs, metrics)
    return relative_change(sides, (kind, formula), metrics, reason)


def relative_change(
    sides: Protocols, what: tuple[str, Formula], metrics: tuple[str, ...], reason: str = ""
) -> tuple[float | None, Interval | None, str]:
    """As _change, from the first side to the second; what: a name and its formula; reason: why there is no value."""
    kind, formula = what
    before, after = sides.values()
    if not before.scores or not after.scores or not metrics:
        return None, None, ""
    if reason := reason or _outdated(sides, metrics):
        return None, None, reason
    values = [[run.cell(metric).value or 0.0 for metric in metrics] for run in (before, after)]
    if not all(value > 0 for side in values for value in side):
        reason = f"{kind} needs values above 0 of {' and '.join(metrics)} under {' and '.join(sides)}"
        return None, None, reason
    value = formula(*values)
    if reason := next(filter(None, (_no_interval(run, metric) for run in (before, after) for metric in metrics)), ""):
        return value, None, reason
    replicates = change_replicates(formula, before, after, metrics)
    return value, jackknife_interval(value, replicates), "" if replicates else _NO_CHANGE


def _outdated(sides: Protocols, metrics: Iterable[str]) -> str:
    """Which side was scored in another way, or on other images, than the newest run; empty where none was."""
    reasons = (
        f"{protocol}: {run.outdated[metric]}"
        for protocol, run in sides.items()
        for metric in metrics
        if metric in run.outdated
    )
    return next(reasons, "")


def _no_interval(run: Run, metric: str) -> str:
    """Why a change of this number has no interval: a ratio to a distance that may be 0 covers too seldom."""
    interval = run.cell(metric).interval
    return run.no_interval(metric) or (_MAY_BE_0 if interval and interval.low <= 0 else "")


def change_replicates(formula: Formula, before: Run, after: Run, metrics: tuple[str, ...]) -> list[float]:
    """The change without each group of images, the same groups under both protocols; empty where one has none."""
    sides = [[run.replicates(metric) for metric in metrics] for run in (before, after)]
    groups = {len(replicates) for side in sides for replicates in side}
    if len(groups) != 1 or not all(value > 0 for side in sides for replicates in side for value in replicates):
        return []
    return [formula(*left) for left in zip(*(list(zip(*side, strict=True)) for side in sides), strict=True)]


def mismatch_reason(kind: str, first: tuple[str, Run], second: tuple[str, Run]) -> str:
    """Why there can be no change from one run to the other, each with its protocol; empty where there can."""
    (before, old), (after, new) = first, second
    if kind == "gap" and old.checkpoints != new.checkpoints:
        return f"{before} and {after} were scored with different checkpoints: no gap"
    if kind == "gain_percent" and old.split != new.split:
        return f"{before} and {after} were scored on different test splits ({old.split}, {new.split}): no gain"
    return ""


def _different_sets(runs: Protocols, metrics: tuple[str, ...]) -> str:
    for metric in metrics:
        sizes = {protocol: run.cell(metric).scored for protocol, run in runs.items() if run.scores}
        if len(set(sizes.values())) > 1:
            listed = ", ".join(f"{protocol} {size}" for protocol, size in sizes.items())
            return f"{metric} rests on different numbers of images ({listed}): no gap or gain"
    return ""
