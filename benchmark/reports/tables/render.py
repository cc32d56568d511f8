"""Tables 1-3 from score lines: measured beside printed, as Markdown, CSV and LaTeX. Needs neither data nor weights."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from itertools import product
from pathlib import Path

from benchmark.analysis.cells import MEASURED, NOT_RUN, Cell
from benchmark.analysis.gap_table import Change, GapTable, gap_table
from benchmark.analysis.runs import Run, Runs
from benchmark.analysis.statistics import Interval
from benchmark.analysis.transfer import Transfer, transfers
from benchmark.records.run_file import definitions
from benchmark.records.scores import Score, read_scores
from benchmark.reports.markup import forms, write_form
from benchmark.reports.tables.gap_block import transfer_rows
from benchmark.reports.tables.rows import Rows, measures, metric_note, printed_cells, rows_of, shown
from benchmark.reports.tables.text import page
from benchmark.specs.protocols import Profile, load_profile, load_protocol
from benchmark.specs.published import Printed
from benchmark.specs.tables import TableSpec, load_table
from benchmark.specs.test_sets import load_sets
from benchmark.specs.titles import COMPANIONS, TABLES

COLUMNS = (
    *("table", "task", "protocol", "method", "metric"),
    *("measured", "plain", "low", "high", "n", "failures", "published", "comparable", "note"),
)


def render(profile_name: str, results: Path) -> list[Path]:
    """Write results/<profile>/table{1,2,3}.{md,csv,tex} from the score lines there; the same lines give equal bytes.

    The tables beside them (table3_true, ...) only where there are scores on their test sets.
    Raises InputError for an unknown profile, a broken score line or a folder that cannot be written to.
    """
    profile = load_profile(profile_name)
    runs = Runs(read_scores(results, profile.name), definitions(results, profile.name))
    folder = Path(results) / profile.name
    companions = [spec for spec in map(load_table, COMPANIONS) if _is_begun(spec, runs)]
    specs = [*map(load_table, TABLES), *companions]
    return [path for spec in specs for path in _render_table(spec, profile, runs, folder)]


def _is_begun(spec: TableSpec, runs: Runs) -> bool:
    """Whether there are scores of the table on a set of protocols/sets.toml."""
    on_sets = [name for name in spec.protocols if load_protocol(name).test_domain in load_sets()]
    rows = product(on_sets, ((row.task, method) for row in spec.rows for method in row.methods))
    return any(runs.find(protocol, *row).scores for protocol, row in rows)


def _render_table(spec: TableSpec, profile: Profile, runs: Runs, folder: Path) -> list[Path]:
    rows, gaps, transferred = rows_of(spec, runs), _gaps(spec, runs), transfers(spec, runs)
    notes = {metric: metric_note(metric, profile.size, rows) for metric in shown(spec, rows)}
    lines = [*_csv_rows(spec, notes, rows, gaps), *_transfer_rows(spec, transferred)]
    written = forms(page(spec, profile, rows, notes, gaps, transferred), lines, f"{profile.name}-{spec.name}")
    paths = [folder / f"{spec.name}{ending}" for ending in written]
    for path in paths:
        write_form(path, written)
    return paths


def _gaps(spec: TableSpec, runs: Runs) -> GapTable | None:
    """Gap and gain, of the table that holds all three protocols."""
    if set(spec.protocols) != {"S2S", "S2R", "R2R"}:
        return None
    (row,) = spec.rows
    return gap_table({method: runs.under(spec.protocols, row.task, method) for method in row.methods}, row.task)


def score_rows(scores: Iterable[Score]) -> Iterator[tuple[object, ...]]:
    """Score lines as lines of a CSV file, the names of their fields first; replicates are parted by blanks."""
    names = [field.name for field in fields(Score)]
    yield tuple(names)
    for score in scores:
        values = asdict(score) | {"replicates": " ".join(map(repr, score.replicates or ()))}
        yield tuple(values[name] for name in names)


def _csv_rows(
    spec: TableSpec, notes: Mapping[str, str], rows: Rows, gaps: GapTable | None
) -> Iterator[tuple[object, ...]]:
    """One line a cell. measured is a number, `inf` or empty; note then begins with not run, unavailable or n/a.

    plain is a Frechet distance before it was reduced in bias, empty for all else; low and high are the ends of the
    95 % interval, empty where there is none.
    """
    number = spec.name.removeprefix("table")
    yield COLUMNS
    yield from ((number, *row) for row in _cell_rows(spec, notes, rows))
    if gaps:
        yield from ((number, spec.rows[0].task, *_change_row(change, gaps)) for change in gaps.changes)


def _cell_rows(spec: TableSpec, notes: Mapping[str, str], rows: Rows) -> Iterator[tuple[object, ...]]:
    for section, methods in rows.items():
        protocol, task = section
        for method, run in methods.items():
            printed = printed_cells(spec, section, method)
            for metric in (metric for metric in notes if measures(section, metric)):
                cell = run.cell(metric)
                counts = (cell.scored, cell.failed) if cell.state != NOT_RUN else ("", "")
                value = (_number(cell.value), _number(cell.plain), *_ends(cell.interval))
                note = _note(cell, run, notes[metric])
                yield (task, protocol, method, metric, *value, *counts, *_published(printed.get(metric)), note)


def _change_row(change: Change, gaps: GapTable) -> tuple[object, ...]:
    """From the protocol on. The metric is `gap` or `gain_percent` for the mean, `gap:<metric>` for one half."""
    metric = f"{change.kind}:{change.metric}" if change.metric else change.kind
    over = change.metric or " and ".join(gaps.metrics.counted)
    count = gaps.images if change.value is not None else ""
    notes = ["" if change.value is None else f"over {over}", change.note]
    value = (_number(change.value), "", *_ends(change.interval))
    note = "; ".join(filter(None, notes)) or NOT_RUN
    return (change.protocol, change.method, metric, *value, count, "", *_published(change.printed), note)


def _transfer_rows(spec: TableSpec, transferred: Sequence[Transfer]) -> Iterator[tuple[object, ...]]:
    """Lines as those of the gain, each under the protocol that was trained on the real domain."""
    for one, metric in transfer_rows(transferred):
        key = (spec.name.removeprefix("table"), spec.rows[0].task, one.twins[1], one.method, metric)
        yield (*key, _number(one.value), "", *_ends(one.interval), "", "", "", "", one.note)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.9g}"


def _ends(interval: Interval | None) -> tuple[str, str]:
    """The columns low and high."""
    return (_number(interval.low), _number(interval.high)) if interval else ("", "")


def _published(printed: Printed | None) -> tuple[str, str]:
    """The columns published and comparable."""
    return (printed.text, "yes" if printed.comparable else "no") if printed else ("", "")


def _note(cell: Cell, run: Run, of_metric: str) -> str:
    """What must be said of the cell; without a value its state comes first."""
    if cell.state == MEASURED:
        return "; ".join(filter(None, (*cell.notes, of_metric)))
    reasons = (note.removeprefix(f"{cell.state}: ") for note in (*run.notes, *cell.notes))
    return "; ".join((cell.state, *reasons))
