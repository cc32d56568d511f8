"""Comparisons of methods as a table and as rows."""

from collections.abc import Iterator, Mapping, Sequence

from benchmark.analysis.compare import Comparison
from benchmark.analysis.verdicts import FAMILY, LEVEL
from benchmark.metrics.facts import facts_of, value_text
from benchmark.reports.markup import TableCell, forms

COLUMNS = (
    *("metric", "first", "second", "images", "left_out", "mean_first", "mean_second"),
    *("difference", "low", "high", "p", "p_holm", "family", "better"),
)


def page(pairs: Sequence[Comparison], where: str, names: Mapping[str, str]) -> dict[str, str]:
    """The pairs as a table in every form. where: profile, protocol, task and split, for the header.

    names: how each method is printed.
    """
    head = ("Metric", "First", "Second", "images", "first", "second", "difference", "95 % interval", "p", "p Holm")
    columns = tuple(TableCell(name) for name in (*head, "better"))
    sizes = {pair.family for pair in pairs}
    sentences = (
        where,
        "Difference: first - second, mean over the images; its interval: bootstrap over the images",
        f"{FAMILY} ({' to '.join(dict.fromkeys(map(str, (min(sizes), max(sizes)))))} comparisons)",
        f"Better: p Holm below {LEVEL} and 0 outside the interval; empty where neither is shown to be",
    )
    blocks = {"Pairs": (columns, *(_entries(pair, names) for pair in pairs))}
    return forms("Comparison of methods", sentences, blocks, _rows(pairs), "compare")


def _rows(pairs: Sequence[Comparison]) -> Iterator[tuple[object, ...]]:
    """The pairs as lines of a CSV file, COLUMNS first."""
    yield COLUMNS
    for pair in pairs:
        ends = (pair.interval.low, pair.interval.high) if pair.interval else ("", "")
        numbers = (*pair.means, pair.difference, *ends, pair.p, pair.corrected)
        texts = [number if number == "" else f"{number:.6g}" for number in numbers]
        yield (pair.metric, *pair.methods, pair.images, pair.left_out, *texts, pair.family, pair.better)


def _entries(pair: Comparison, names: Mapping[str, str]) -> tuple[TableCell, ...]:
    def text(value: float) -> str:
        return value_text(pair.metric, value)

    ends = f"{text(pair.interval.low)} to {text(pair.interval.high)}" if pair.interval else ""
    images = f"{pair.images} ({pair.left_out} left out)" if pair.left_out else str(pair.images)
    first = (facts_of(pair.metric).header, *(names[method] for method in pair.methods))
    numbers = (text(pair.means[0]), text(pair.means[1]), text(pair.difference), ends)
    better = names[pair.better] if pair.better else ""
    return tuple(map(TableCell, (*first, images, *numbers, _chance(pair.p), _chance(pair.corrected), better)))


def _chance(p: float) -> str:
    return f"{p:.2g}" if p >= 1e-4 else "< 0.0001"
