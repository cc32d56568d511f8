"""The numbers on which claims are checked: as printed, recomputed from the paper's own figures, and ours."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from benchmark.analysis.generalisation.domain_gap import PAPER_PAIR
from benchmark.analysis.generalisation.gap_table import CHANGES, change_replicates, gap_table
from benchmark.analysis.runs import Run, Runs
from benchmark.analysis.statistics import Interval
from benchmark.analysis.verdicts import reach
from benchmark.metrics.facts import facts_of, value_text
from benchmark.metrics.table import with_stand_ins
from benchmark.specs.claims import Claim
from benchmark.specs.published import printed_beside
from benchmark.specs.tables import load_table

_REFERENCE_TASK = "dual_blind"  # the paper prints the row FFHQ GT once, below this block


@dataclass(frozen=True)
class Sampled:
    """What says how sure a number of ours is.

    replicates: the number without each group of images in turn; empty where it has no interval.
    run, metric: where it is a mean over images, so that it is compared image by image.
    """

    replicates: tuple[float, ...]
    run: Run | None = None
    metric: str = ""


@dataclass(frozen=True)
class Number:
    """One number a judgement rests on. alike: measured as the paper measured, so that its stated numbers apply.

    sampled: of ours; None where the number is exact, as a printed one is.
    """

    value: float
    text: str
    label: str
    alike: bool = True
    sampled: Sampled | None = None


Source = Callable[[Claim, str, str, str], Number | None]  # (claim, task, method, metric); None: not measured


def as_printed(claim: Claim, task: str, method: str, metric: str) -> Number | None:
    """The printed number, gap and gain from their own columns."""
    table, task = (2, _REFERENCE_TASK) if method == "reference" else (claim.table, task)
    column = metric if metric in CHANGES else facts_of(metric).printed_column
    printed = printed_beside(table, task, claim.protocol, method, column)
    return Number(float(printed.text), printed.text, header(metric)) if printed else None


def recomputed(claim: Claim, task: str, method: str, metric: str) -> Number | None:
    """As printed, but gap and gain from the FID and LPIPS of Tables 2 and 3."""
    if metric not in CHANGES:
        return as_printed(claim, task, method, metric)
    protocols, formula, _ = CHANGES[metric]
    found = [[printed_beside(3, task, name, method, half) for half in PAPER_PAIR] for name in protocols]
    sides = [[float(printed.text) for printed in side if printed] for side in found]
    if any(len(side) < len(PAPER_PAIR) for side in sides):
        return None
    value = formula(*sides)
    return Number(value, f"{value:.2f}", header(metric))


def ours(runs: Runs) -> Source:
    """Our scores; where FID and LPIPS were not measured those that stand in for them (Metric.stands_in_for)."""
    spec = load_table("table3")
    (row,) = spec.rows
    methods = {method: runs.under(spec.protocols, row.task, method) for method in row.methods}
    changes = gap_table(methods, row.task)
    over = changes.metrics.counted
    found = {(change.method, change.kind): change for change in changes.changes if change.metric is None}

    def number(claim: Claim, task: str, method: str, metric: str) -> Number | None:
        if metric not in CHANGES:
            return _measured(runs, claim, task, method, metric)
        change = found[method, metric]
        if change.value is None:
            return None
        label = f"{header(metric)} ({', '.join(map(header, over))})"
        text = _with_reach(change.value, change.interval, "{:.1f}".format)
        protocols, formula, _ = CHANGES[metric]
        before, after = (methods[method][protocol] for protocol in protocols)
        replicates = change_replicates(formula, before, after, over) if change.interval else ()
        return Number(change.value, text, label, over == PAPER_PAIR, Sampled(tuple(replicates)))

    return number


def combined(formula: Callable[[Sequence[float]], float], numbers: Sequence[Number]) -> Number:
    """A number made of several, such as a difference; of ours also without each group of images that they share."""
    value = formula([number.value for number in numbers])
    whole = replace(numbers[0], value=value, alike=all(number.alike for number in numbers))
    if whole.sampled is None:
        return whole
    replicates = [number.sampled.replicates if number.sampled else () for number in numbers]
    shared = len({len(own) for own in replicates}) == 1
    left = tuple(formula(values) for values in zip(*replicates, strict=True)) if shared else ()
    return replace(whole, sampled=Sampled(left))


def interval(number: Number) -> Interval | None:
    """95 % interval of a number of ours, a point for an exact one; None where there is none."""
    if number.sampled is None:
        return Interval(number.value, number.value)
    return reach(number.value, number.sampled.replicates)


def rising(metric: str) -> bool:
    """Whether the larger number comes first, as for gap and gain."""
    return metric in CHANGES or facts_of(metric).higher_is_better is True


def header(metric: str) -> str:
    return {"gap": "gap", "gain_percent": "gain %"}.get(metric) or facts_of(metric).header


def _measured(runs: Runs, claim: Claim, task: str, method: str, metric: str) -> Number | None:
    """Our value of the metric, or of the stand-in that the claim's own methods were measured with."""
    candidates = (
        candidate
        for candidate in with_stand_ins(metric)
        if any(_usable(runs.find(claim.protocol, task, own), candidate) for own in claim.methods)
    )
    chosen = next(candidates, metric)
    run = runs.find(claim.protocol, _REFERENCE_TASK if method == "reference" else task, method)
    if not _usable(run, chosen):
        return None
    cell = run.cell(chosen)
    alike = metric == chosen and facts_of(metric).as_published
    text = _with_reach(cell.number, cell.interval, partial(value_text, chosen))
    replicates = run.replicates(chosen) if cell.interval else ()
    sampled = Sampled(replicates, *((run, chosen) if facts_of(chosen).per == "image" else ()))
    return Number(cell.number, text, header(chosen), alike, sampled)


def _usable(run: Run, metric: str) -> bool:
    """Whether there is a value as the newest run computes it, over enough images.

    A Frechet distance of fewer says more about their number.
    """
    cell = run.cell(metric)
    return metric not in run.outdated and cell.value is not None and cell.scored >= facts_of(metric).judged_from


def _with_reach(value: float, interval: Interval | None, form: Callable[[float], str]) -> str:
    """`28.401 ±0.265`."""
    return f"{form(value)} ±{form(interval.half)}" if interval else form(value)
