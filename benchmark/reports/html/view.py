"""The tables of a page as the templates print them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from benchmark.analysis.statistics import mean
from benchmark.metrics.facts import facts_of
from benchmark.reports.html.content import Chapter, TestSet
from benchmark.reports.markup import Grid, TableCell, numbered_notes
from benchmark.reports.tables.rows import ranks

_COUNTS = ("images", "failed")  # columns that say nothing where every row has the same


@dataclass(frozen=True)
class CellView:
    """A cell. sort: the number it is sorted by, empty for none; place: 1 for the best, 0 for none.

    rising: of the head of a metric's column, 1 where higher is better, -1 where lower is.
    """

    text: str
    spread: str = ""
    printed: str = ""
    marks: tuple[int, ...] = ()
    sort: str = ""
    metric: str = ""
    place: int = 0
    rising: int = 0


@dataclass(frozen=True)
class RowView:
    """A row: its key, colour and name, its mean rank over the metrics, and its cells after the first."""

    key: str
    colour: str
    name: CellView
    rank: str
    cells: tuple[CellView, ...]


@dataclass(frozen=True)
class TableView:
    """A table of the page. index: of its test set on the page, None where there are no images behind it."""

    heading: str
    index: int | None
    columns: tuple[CellView, ...]
    rows: tuple[RowView, ...]
    counts: str = ""
    hidden: str = ""

    @property
    def ranked(self) -> bool:
        """Whether some row has a mean rank."""
        return any(row.rank for row in self.rows)


def tables(chapter: Chapter, first: int, colours: Mapping[str, str]) -> tuple[TableView, ...]:
    """The tables of a chapter whose first test set is number `first` of the page."""
    numbers = numbered_notes(chapter.blocks)
    own = [_of_set(found, first + place, numbers, colours) for place, found in enumerate(chapter.sets)]
    more = [TableView(heading, None, *_body(grid, {}, numbers, {})) for heading, grid in chapter.more.items()]
    return (*own, *more)


def _of_set(found: TestSet, index: int, numbers: Mapping[str, int], colours: Mapping[str, str]) -> TableView:
    ranked = {metric: ranks(found.runs, metric) for metric in found.metrics}
    grid, counts = _without_counts(found.grid)
    counts = "" if counts == f"{len(found.images)} images" and counts in found.heading else counts
    return TableView(found.heading, index, *_body(grid, ranked, numbers, colours), counts, found.hidden)


def _body(
    grid: Grid, ranked: Mapping[str, Mapping[str, int]], numbers: Mapping[str, int], colours: Mapping[str, str]
) -> tuple[tuple[CellView, ...], tuple[RowView, ...]]:
    head, *body = grid
    columns = tuple(replace(_cell(cell, numbers, cell.key), rising=_rising(cell.key)) for cell in head)
    rows = []
    for name, *cells in body:
        shown = (
            _cell(cell, numbers, column.metric, ranked.get(column.metric, {}).get(name.key, 0))
            for cell, column in zip(cells, columns[1:], strict=True)
        )
        colour, rank = colours.get(name.key, ""), _mean_rank(name.key, ranked)
        rows.append(RowView(name.key, colour, _cell(name, numbers), rank, tuple(shown)))
    return columns, tuple(rows)


def _rising(metric: str) -> int:
    return {True: 1, False: -1, None: 0}[facts_of(metric).higher_is_better] if metric else 0


def _cell(cell: TableCell, numbers: Mapping[str, int], metric: str = "", place: int = 0) -> CellView:
    marks = tuple(sorted(numbers[note] for note in cell.notes))
    return CellView(cell.text, cell.spread, cell.printed, marks, _sort(cell.text), metric, place)


def _sort(text: str) -> str:
    """What a cell is sorted by: a number as JavaScript reads it."""
    try:
        number = float(text.replace(",", ""))
    except ValueError:
        return ""
    return "Infinity" if number == float("inf") else repr(number)


def _mean_rank(key: str, ranked: Mapping[str, Mapping[str, int]]) -> str:
    """Over every metric that ranks any method; empty for a method that one of them does not rank."""
    own = [places.get(key) for places in ranked.values() if places]
    known = [float(place) for place in own if place is not None]
    return f"{mean(known):.1f}" if known and len(known) == len(own) else ""


def _without_counts(grid: Grid) -> tuple[Grid, str]:
    """The table without the columns `images` and `failed`, and a sentence in their place, where all rows are alike."""
    head, *body = grid
    places = [place for place, cell in enumerate(head) if cell.text in _COUNTS and not cell.key]
    scored = [row for row in body if row[places[0]].text.isdigit()] if places else []
    found = {tuple(row[place].text for place in places) for row in scored}
    if len(found) != 1 or len(scored) != len(body):
        return grid, ""
    images, failed = next(iter(found))
    counts = f"{images} images" + ("" if failed == "0" else f", {failed} failed")
    return tuple(_less(row, places) for row in grid), counts


def _less(row: Sequence[TableCell], places: Sequence[int]) -> tuple[TableCell, ...]:
    return tuple(cell for place, cell in enumerate(row) if place not in places)
