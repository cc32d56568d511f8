"""Tables 1-3 from score lines: measured beside printed, as Markdown, CSV and LaTeX. Needs neither data nor weights."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmark.cells import MEASURED, NOT_RUN, Cell, Run, Runs
from benchmark.gap_table import Change, GapTable, gap_table
from benchmark.layout import to_csv, to_latex, to_markdown
from benchmark.page import page
from benchmark.protocol import Profile, TableSpec, load_profile, load_table
from benchmark.published import Printed
from benchmark.record import read_scores
from benchmark.sections import Section, metric_note, number_of, sections_of, shown
from benchmark.statistics import Interval
from benchmark.titles import TABLES
from degrade.files import write_bytes

COLUMNS = (
    *("table", "task", "protocol", "method", "metric"),
    *("measured", "low", "high", "n", "failures", "published", "comparable", "note"),
)


def render(profile_name: str, results: Path) -> list[Path]:
    """Write results/<profile>/table{1,2,3}.{md,csv,tex} from the score lines there; the same lines give equal bytes.

    Raises InputError for an unknown profile, a broken score line or a folder that cannot be written to.
    """
    profile = load_profile(profile_name)
    runs = Runs(read_scores(results, profile.name))
    folder = Path(results) / profile.name
    return [path for name in TABLES for path in _render_table(load_table(name), profile, runs, folder)]


def _render_table(spec: TableSpec, profile: Profile, runs: Runs, folder: Path) -> list[Path]:
    sections = sections_of(spec, runs)
    gaps = _gaps(spec, runs)
    text = page(spec, profile, sections, gaps)
    files = {
        folder / f"{spec.name}.md": to_markdown(text),
        folder / f"{spec.name}.csv": _csv(spec, profile, sections, gaps),
        folder / f"{spec.name}.tex": to_latex(text, f"{profile.name}-{spec.name}"),
    }
    for path, content in files.items():
        write_bytes(path, content.encode())
    return list(files)


def _gaps(spec: TableSpec, runs: Runs) -> GapTable | None:
    """Gap and gain, of the table that holds all three protocols."""
    if set(spec.protocols) != {"S2S", "S2R", "R2R"}:
        return None
    (row,) = spec.rows
    return gap_table({method: runs.under(spec.protocols, row.task, method) for method in row.methods}, row.task)


def _csv(spec: TableSpec, profile: Profile, sections: Sequence[Section], gaps: GapTable | None) -> str:
    """One line a cell. measured is a number, `inf` or empty; note then begins with not run, unavailable or n/a.

    low and high are the ends of its 95 % interval, empty where there is none.
    """
    number = number_of(spec)
    rows = [COLUMNS, *((number, *row) for row in _cell_rows(spec, profile, sections))]
    if gaps:
        rows += ((number, spec.rows[0].task, *_change_row(change, gaps)) for change in gaps.changes)
    return to_csv(rows)


def _cell_rows(spec: TableSpec, profile: Profile, sections: Sequence[Section]) -> Iterator[tuple[object, ...]]:
    for section in sections:
        for line in section.lines:
            for metric in shown(spec, sections):
                cell = line.cells[metric]
                note = _note(cell, line.run, metric_note(metric, profile.size, sections))
                count = cell.scored if cell.state != NOT_RUN else ""
                tried = cell.failed if cell.state != NOT_RUN else ""
                key = (section.task, section.protocol, line.method, metric)
                value = (_number(cell.value), *_ends(cell.interval))
                yield (*key, *value, count, tried, *_published(line.printed.get(metric)), note)


def _change_row(change: Change, gaps: GapTable) -> tuple[object, ...]:
    """From the protocol on. The metric is `gap` or `gain_percent` for the mean, `gap:<metric>` for one half."""
    metric = f"{change.kind}:{change.metric}" if change.metric else change.kind
    over = change.metric or " and ".join(gaps.pair.counted(gaps.images))
    count = gaps.images if change.value is not None else ""
    notes = ["" if change.value is None else f"over {over}", change.note]
    value = (_number(change.value), *_ends(change.interval))
    note = "; ".join(filter(None, notes)) or NOT_RUN
    return (change.protocol, change.method, metric, *value, count, "", *_published(change.printed), note)


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
