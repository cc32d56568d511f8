"""The words in which `compare`, `sanity` and `claims` judge, and the one family of comparisons they correct p for.

The family of two runs is every metric of images with a better end that both have values of, whatever is shown of it: a
verdict does not depend on what else was asked for. Several pairs of methods are several families: of twenty pairs
without any difference about one shows one.
"""

from benchmark.analysis.runs import Run
from benchmark.analysis.statistics import Interval, holm, jackknife_interval, signed_rank
from benchmark.metrics.facts import facts_of

HOLDS, FAILS, CHANCE, UNDECIDED, UNKNOWN = "holds", "does not hold", "within chance", "cannot be told", "not measured"
LEVEL = 0.05  # of the corrected p value, below which one method is called better
FAMILY = (
    "p Holm: p of Wilcoxon's signed-rank test over the images, corrected (Holm) for one family: every metric of images "
    "with a better end that both of the two have values of, shown or not; each pair is a family of its own"
)


def differences(first: Run, second: Run, metric: str) -> list[float]:
    """First - second for each image with a finite value of both, in name order."""
    values, others = first.by_image(metric), second.by_image(metric)
    return [values[name] - others[name] for name in sorted(values.keys() & others.keys())]


def is_judged(metric_id: str) -> bool:
    """Whether two methods are compared by it: a metric of images of which one end is better."""
    metric = facts_of(metric_id)
    return metric.per == "image" and metric.higher_is_better is not None


def family(first: Run, second: Run) -> dict[str, tuple[float, float]]:
    """Metric -> p of Wilcoxon's signed-rank test and the same corrected for the family of the two runs (Holm)."""
    shared = [metric for metric in first.metrics if metric in second.metrics and is_judged(metric)]
    found = {metric: differences(first, second, metric) for metric in shared}
    p = {metric: signed_rank(values) for metric, values in found.items() if values}
    return {metric: (p[metric], corrected) for metric, corrected in zip(p, holm(list(p.values())), strict=True)}


def reach(value: float, replicates: tuple[float, ...]) -> Interval | None:
    """95 % interval of a number by its values without each group of images; a point where these are all equal.

    None below two replicates.
    """
    return None if len(replicates) < 2 else jackknife_interval(value, replicates) or Interval(value, value)


def of_interval(interval: Interval | None, low: float, high: float, decimals: int | None = None) -> str:
    """Whether a number lies within low..high: HOLDS or FAILS with its whole interval, to a number of decimals.

    >>> of_interval(Interval(0.1, 0.3), 0.2, 0.5)
    'within chance'
    """
    if interval is None:
        return UNDECIDED
    ends = [end if decimals is None else float(f"{end:.{decimals}f}") for end in (interval.low, interval.high)]
    if low <= ends[0] and ends[1] <= high:
        return HOLDS
    return FAILS if ends[1] < low or ends[0] > high else CHANCE
