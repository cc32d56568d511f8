"""The numbers that claims are held against: as printed, recomputed from the paper's own figures, and ours."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from benchmark.cells import Run, Runs
from benchmark.domain_gap import FRECHET, KERNEL, PAPER_PAIR, PERCEPTUAL
from benchmark.gap_table import CHANGES, gap_table
from benchmark.metrics import find_metric
from benchmark.page import value_text
from benchmark.protocol import Claim, load_table
from benchmark.published import MEASURED_OTHERWISE, printed_beside
from benchmark.statistics import Interval

_REFERENCE_TASK = "dual_blind"  # the paper prints the row FFHQ GT once, below this block
_FEWEST_FOR_FRECHET = 100  # images below which such a distance says more about their number than about the method
# Of our scores, where the first was not measured.
_STAND_INS = {FRECHET[0]: (*FRECHET, *KERNEL), PERCEPTUAL[0]: PERCEPTUAL[:2]}


@dataclass(frozen=True)
class Number:
    """One number a judgement rests on. alike: measured as the paper measured, so that its stated numbers apply."""

    value: float
    text: str
    label: str
    alike: bool = True


Source = Callable[[Claim, str, str, str], Number | None]  # (claim, task, method, metric); None: not measured


def as_printed(claim: Claim, task: str, method: str, metric: str) -> Number | None:
    """The printed number, gap and gain from their own columns."""
    table, task = (2, _REFERENCE_TASK) if method == "reference" else (claim.table, task)
    printed = printed_beside(table, task, claim.protocol, method, metric)
    return Number(float(printed.text), printed.text, header(metric)) if printed else None


def recomputed(claim: Claim, task: str, method: str, metric: str) -> Number | None:
    """As printed, but gap and gain from the FID and LPIPS of Tables 2 and 3."""
    if metric not in CHANGES:
        return as_printed(claim, task, method, metric)
    protocols, formula, _ = CHANGES[metric]
    sides = [[printed_beside(3, task, name, method, half) for half in PAPER_PAIR] for name in protocols]
    if not all(printed for side in sides for printed in side):
        return None
    value = formula(*([float(printed.text) for printed in side] for side in sides))
    return Number(value, f"{value:.2f}", header(metric))


def ours(runs: Runs) -> Source:
    """Our scores; FFD-dlib and LPIPS-squeeze stand in for FID and LPIPS where these were not measured."""
    spec = load_table("table3")
    (row,) = spec.rows
    changes = gap_table({method: runs.under(spec.protocols, row.task, method) for method in row.methods}, row.task)
    over = changes.halves.counted
    found = {(change.method, change.kind): change for change in changes.changes if change.metric is None}

    def number(claim: Claim, task: str, method: str, metric: str) -> Number | None:
        if metric in CHANGES:
            change = found[method, metric]
            label = f"{header(metric)} ({', '.join(map(header, over))})"
            if change.value is None:
                return None
            text = _with_reach(change.value, change.interval, "{:.1f}".format)
            return Number(change.value, text, label, over == PAPER_PAIR)
        return _measured(runs, claim, task, method, metric)

    return number


def rising(metric: str) -> bool:
    """Whether the larger number comes first, as of gap and gain."""
    return metric in CHANGES or find_metric(metric).higher_is_better is True


def header(metric: str) -> str:
    return {"gap": "gap", "gain_percent": "gain %"}.get(metric) or find_metric(metric).header


def _measured(runs: Runs, claim: Claim, task: str, method: str, metric: str) -> Number | None:
    """Our value of the metric, or of the stand-in that the claim's own methods were measured with."""
    candidates = (
        candidate
        for candidate in _STAND_INS.get(metric, (metric,))
        if any(_usable(runs.find(claim.protocol, task, own), candidate) for own in claim.methods)
    )
    chosen = next(candidates, metric)
    run = runs.find(claim.protocol, _REFERENCE_TASK if method == "reference" else task, method)
    if not _usable(run, chosen):
        return None
    cell = run.cell(chosen)
    alike = metric == chosen and metric not in MEASURED_OTHERWISE
    return Number(
        cell.value, _with_reach(cell.value, cell.interval, partial(value_text, chosen)), header(chosen), alike
    )


def _usable(run: Run, metric: str) -> bool:
    """Whether there is a value, of a Frechet distance over enough images."""
    cell = run.cell(metric)
    return cell.value is not None and (metric not in FRECHET or cell.scored >= _FEWEST_FOR_FRECHET)


def _with_reach(value: float, interval: Interval | None, form: Callable[[float], str]) -> str:
    """`28.401 ±0.265`."""
    return f"{form(value)} ±{form(interval.half)}" if interval else form(value)
