"""Pairwise comparison of methods on the same images: difference, interval and significance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from benchmark.analysis.runs import Run
from benchmark.analysis.statistics import Interval, mean, mean_interval
from benchmark.analysis.verdicts import CHANCE, FAILS, HOLDS, LEVEL, differences, family, is_judged
from benchmark.metrics.facts import check_known, facts_of
from degrade.core.errors import InputError


@dataclass(frozen=True)
class Comparison:
    """Two methods and one metric over the images for which both have a finite value.

    means: of first and second; difference: first - second with its interval, of resampled images;
    p: Wilcoxon's signed-rank test over the images; corrected: for the family of the two (benchmark.analysis.verdicts),
    which has `family` comparisons.
    left_out: images for which one of them has no finite value.
    """

    metric: str
    methods: tuple[str, str]
    images: int
    left_out: int
    means: tuple[float, float]
    difference: float
    interval: Interval | None
    p: float
    corrected: float
    family: int

    @property
    def better(self) -> str:
        """The method that is better beyond chance: corrected p below 5 % and 0 outside the interval; else empty."""
        rising = facts_of(self.metric).higher_is_better
        clear = self.interval is None or self.interval.low > 0 or self.interval.high < 0
        if rising is None or not clear or self.corrected >= LEVEL:
            return ""
        return self.methods[0] if (self.difference > 0) == rising else self.methods[1]

    @property
    def verdict(self) -> str:
        """Whether the first is better: HOLDS and FAILS beyond chance, else CHANCE."""
        return {"": CHANCE, self.methods[0]: HOLDS}.get(self.better, FAILS)


def compare(runs: Mapping[str, Run], metrics: Sequence[str] = ()) -> list[Comparison]:
    """Every pair of methods for every metric; by default those judged (is_judged) that all have values of.

    Raises InputError for fewer than two methods, a metric of sets or without a better end, one that a method has no
    values of, and where no metric is left.
    """
    if len(runs) < 2:
        raise InputError(f"compare: expected at least two methods, got {len(runs)}; name another")
    chosen = metrics or [
        metric
        for metric in next(iter(runs.values())).metrics
        if is_judged(metric) and all(run.by_image(metric) for run in runs.values())
    ]
    if not chosen:
        raise InputError(f"compare: {' and '.join(runs)} share no image with a value; score them, or leave one out")
    families = {two: family(*(runs[method] for method in two)) for two in combinations(runs, 2)}
    return [
        _pair(metric, {method: runs[method] for method in two}, families[two]) for metric in chosen for two in families
    ]


def _pair(metric: str, sides: Mapping[str, Run], found: Mapping[str, tuple[float, float]]) -> Comparison:
    """found: the family of the two sides."""
    check_known(metric, {name for run in sides.values() for name in run.metrics})
    if facts_of(metric).per == "set":
        raise InputError(f"{metric}: is a number of a whole set; compare needs a metric of images")
    if not is_judged(metric):
        raise InputError(f"{metric}: neither end is better, so it judges no method; name another metric")
    if metric not in found:
        raise InputError(f"{metric}: {' and '.join(sides)} have no image with values of both; score it first")
    (one, run), (two, other) = sides.items()
    first, second = run.by_image(metric), other.by_image(metric)
    both = sorted(first.keys() & second.keys())
    means = (mean([first[name] for name in both]), mean([second[name] for name in both]))
    apart = differences(run, other, metric)
    interval = mean_interval([[difference] for difference in apart])
    left_out = len(first.keys() | second.keys()) - len(both)
    return Comparison(
        metric, (one, two), len(both), left_out, means, mean(apart), interval, *found[metric], family=len(found)
    )
