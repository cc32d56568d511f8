"""Methods on the same images, two by two: how far apart they are, and whether that could be chance."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from benchmark.analysis.runs import Run
from benchmark.analysis.statistics import Interval, mean, mean_interval
from benchmark.analysis.verdicts import CHANCE, FAILS, FAMILY, HOLDS, LEVEL, differences, family
from benchmark.metrics.registry import find_metric
from benchmark.metrics.table import value_text
from benchmark.reports.markup import Block, Entry, Page
from benchmark.specs.titles import method_title
from degrade.core.errors import InputError

COLUMNS = (
    *("metric", "first", "second", "images", "left_out", "mean_first", "mean_second"),
    *("difference", "low", "high", "p", "p_holm", "family", "better"),
)


@dataclass(frozen=True)
class Pair:
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
        rising = find_metric(self.metric).higher_is_better
        clear = self.interval is None or self.interval.low > 0 or self.interval.high < 0
        if rising is None or not clear or self.corrected >= LEVEL:
            return ""
        return self.methods[0] if (self.difference > 0) == rising else self.methods[1]

    @property
    def verdict(self) -> str:
        """Whether the first is better: HOLDS and FAILS beyond chance, else CHANCE."""
        return {"": CHANCE, self.methods[0]: HOLDS}.get(self.better, FAILS)


def compare(runs: Mapping[str, Run], metrics: Sequence[str] = ()) -> list[Pair]:
    """Every pair of methods for every metric; by default those metrics of images that all methods have values of.

    Raises InputError for fewer than two methods, a metric of sets, and one that a method has no values of.
    """
    if len(runs) < 2:
        raise InputError(f"compare: expected at least two methods, got {len(runs)}; name another")
    chosen = metrics or [
        metric
        for metric in next(iter(runs.values())).metrics
        if find_metric(metric).per == "image" and all(run.by_image(metric) for run in runs.values())
    ]
    families = {two: family(*(runs[method] for method in two)) for two in combinations(runs, 2)}
    return [
        _pair(metric, {method: runs[method] for method in two}, families[two]) for metric in chosen for two in families
    ]


def page(pairs: Sequence[Pair], where: str) -> Page:
    """The pairs as a table. where: profile, protocol, task and split, for the header."""
    names = ("Metric", "First", "Second", "images", "first", "second", "difference", "95 % interval", "p", "p Holm")
    columns = tuple(Entry(name) for name in (*names, "better"))
    sizes = {pair.family for pair in pairs}
    sentences = (
        where,
        "Difference: first - second, mean over the images; its interval: bootstrap over the images",
        f"{FAMILY} ({' to '.join(dict.fromkeys(map(str, (min(sizes), max(sizes)))))} comparisons)",
        f"Better: p Holm below {LEVEL} and 0 outside the interval; empty where neither is shown to be",
    )
    return Page("Comparison of methods", sentences, (Block("Pairs", columns, tuple(map(_entries, pairs))),), ())


def rows(pairs: Sequence[Pair]) -> Iterator[tuple[object, ...]]:
    """The pairs as lines of a CSV file, COLUMNS first."""
    yield COLUMNS
    for pair in pairs:
        ends = (pair.interval.low, pair.interval.high) if pair.interval else ("", "")
        numbers = (*pair.means, pair.difference, *ends, pair.p, pair.corrected)
        texts = [number if number == "" else f"{number:.6g}" for number in numbers]
        yield (pair.metric, *pair.methods, pair.images, pair.left_out, *texts, pair.family, pair.better)


def _pair(metric: str, sides: Mapping[str, Run], found: Mapping[str, tuple[float, float]]) -> Pair:
    """found: the family of the two sides."""
    if find_metric(metric).per == "set":
        raise InputError(f"{metric}: is a number of a whole set; compare needs a metric of images")
    if metric not in found:
        raise InputError(f"{metric}: {' and '.join(sides)} have no image with values of both; score it first")
    first, second = (run.by_image(metric) for run in sides.values())
    both = sorted(first.keys() & second.keys())
    means = (mean([first[name] for name in both]), mean([second[name] for name in both]))
    apart = differences(*sides.values(), metric)
    interval = mean_interval([[difference] for difference in apart])
    left_out = len(first.keys() | second.keys()) - len(both)
    return Pair(
        metric, tuple(sides), len(both), left_out, means, mean(apart), interval, *found[metric], family=len(found)
    )


def _entries(pair: Pair) -> tuple[Entry, ...]:
    def text(value: float) -> str:
        return value_text(pair.metric, value)

    ends = f"{text(pair.interval.low)} to {text(pair.interval.high)}" if pair.interval else ""
    images = f"{pair.images} ({pair.left_out} left out)" if pair.left_out else str(pair.images)
    names = (find_metric(pair.metric).header, *map(method_title, pair.methods))
    numbers = (text(pair.means[0]), text(pair.means[1]), text(pair.difference), ends)
    better = method_title(pair.better) if pair.better else ""
    return tuple(map(Entry, (*names, images, *numbers, _chance(pair.p), _chance(pair.corrected), better)))


def _chance(p: float) -> str:
    return f"{p:.2g}" if p >= 1e-4 else "< 0.0001"
