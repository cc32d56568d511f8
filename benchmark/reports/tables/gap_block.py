"""The blocks of gaps and gains under Table 3, and of the transfer to true faces."""

from collections.abc import Iterator, Sequence

from benchmark.analysis.generalisation.gap_table import CHANGES, Change, GapTable
from benchmark.analysis.generalisation.transfer import Transfer
from benchmark.methods.registry import method_title
from benchmark.metrics.facts import facts_of
from benchmark.reports.markup import Grid, TableCell

CARRIED = "Gain by training on the real domain, % (100 x (S - R) / S; above 0: better than its synthetic twin)"


def transfer_block(found: Sequence[Transfer]) -> Grid:
    """One row a method, one column a set and metric."""
    columns = dict.fromkeys(one.column for one in found)
    cells = {(one.method, one.column): _entry(one) for one in found}
    rows = [
        (TableCell(method_title(method)), *(cells.get((method, column), TableCell()) for column in columns))
        for method in dict.fromkeys(one.method for one in found)
    ]
    return ((TableCell("Method"), *map(TableCell, columns)), *rows)


def transfer_rows(found: Sequence[Transfer]) -> Iterator[tuple[Transfer, str]]:
    """Each gain that has a value, with the metric's name in a CSV file: `gain_percent:<metric>`."""
    yield from ((one, f"gain_percent:{one.metric}") for one in found if one.value is not None)


def _entry(one: Transfer) -> TableCell:
    spread = f"±{one.interval.half:.1f}" if one.interval else ""
    text = f"{one.value:.1f}" if one.value is not None else "n/a" if one.note else ""
    return TableCell(text, notes=(one.note,) if one.note else (), spread=spread)


def gap_block(table: GapTable) -> Grid:
    """The changes as a block: one row a method; one column a metric, the mean, and what the paper prints there."""
    has_printed = any(change.printed for change in table.changes)
    methods = dict.fromkeys(change.method for change in table.changes)
    rows = []
    for method in methods:
        entries = [TableCell(method_title(method))]
        for change in (change for change in table.changes if change.method == method):
            entries += _entries(change, has_printed)
        rows.append(tuple(entries))
    columns = [TableCell("Method")]
    for _, _, title in CHANGES.values():
        columns += [TableCell(f"{title}, {facts_of(metric).header}") for metric in table.metrics.shown]
        columns.append(TableCell(f"{title}, mean"))
        columns += [TableCell(f"{title}, paper (FID, LPIPS)")] if has_printed else []
    return (tuple(columns), *rows)


def _entries(change: Change, has_printed: bool) -> list[TableCell]:
    decimals = 1 if change.metric is None else 2
    text = "n/a" if change.note else ""
    if change.value is not None:
        text = f"{change.value:.{decimals}f}"
    spread = f"±{change.interval.half:.{decimals}f}" if change.interval else ""
    entry = TableCell(text, notes=(change.note,) if change.note else (), spread=spread)
    if change.metric is not None or not has_printed:
        return [entry]
    return [entry, TableCell(change.printed.text if change.printed else "")]
