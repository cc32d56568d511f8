"""Expected orderings as a table and as rows."""

from collections.abc import Iterator, Sequence

from benchmark.analysis.judgements.expectations import Ordering
from benchmark.analysis.verdicts import CHANCE, FAILS, FAMILY, HOLDS, LEVEL, UNDECIDED
from benchmark.metrics.facts import facts_of, value_text
from benchmark.reports.markup import TableCell, forms

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
    "p_holm",
    "family",
    "verdict",
    "why",
)


def page(found: Sequence[Ordering], profile: str) -> dict[str, str]:
    """The orderings as a table in every form."""
    sentences = (
        f"Score lines of profile {profile}; expected: the first is better than the second on the same images",
        "On its own task a trained network beats the degraded input and bicubic_x4; trained on the real domain it "
        "beats, there, its twin trained on the synthetic one. PSNR is expected of networks with a pixel loss alone",
        f"{CHANCE}: p Holm is at least {LEVEL}, or the 95 % interval of the difference holds 0",
        FAMILY,
    )
    columns = tuple(
        map(TableCell, ("Task", "expected", "metric", "images", "first", "second", "difference", "verdict"))
    )
    blocks = {"Orderings": (columns, *map(_row, found))}
    return forms("Expected orderings", sentences, blocks, _rows(found), "sanity")


def _rows(found: Sequence[Ordering]) -> Iterator[tuple[object, ...]]:
    """The orderings as lines of a CSV file, COLUMNS first."""
    yield COLUMNS
    for one in found:
        numbers: tuple[object, ...] = ("",) * 9
        if pair := one.pair:
            ends = (pair.interval.low, pair.interval.high) if pair.interval else ("", "")
            values = (*pair.means, pair.difference, *ends, pair.p, pair.corrected)
            texts = (value if value == "" else f"{value:.6g}" for value in values)
            numbers = (pair.images, *texts, pair.family)
        yield (one.task, one.expected, one.metric, *numbers, one.verdict, one.why)


def closing(found: Sequence[Ordering]) -> str:
    """How many orderings came out how."""
    counts = {verdict: sum(one.verdict == verdict for one in found) for verdict in (HOLDS, FAILS, CHANCE, UNDECIDED)}
    return f"{len(found)} expected orderings: " + ", ".join(f"{verdict} {count}" for verdict, count in counts.items())


def _row(one: Ordering) -> tuple[TableCell, ...]:
    names = (one.task, one.expected, facts_of(one.metric).header)
    if one.pair is None:
        return tuple(map(TableCell, (*names, "", "", "", "", f"{one.verdict}: {one.why}")))
    values = [value_text(one.metric, value) for value in (*one.pair.means, one.pair.difference)]
    half = f"±{value_text(one.metric, one.pair.interval.half)}" if one.pair.interval else ""
    cells = (*names, str(one.pair.images), *values[:2])
    return (
        *map(TableCell, cells),
        TableCell(values[2], spread=half),
        TableCell(one.verdict, bold=one.verdict == FAILS),
    )
