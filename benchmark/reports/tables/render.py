"""Tables 1-3 from score lines: measured beside printed, as Markdown, CSV and LaTeX. Needs neither data nor weights."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, product
from pathlib import Path

from benchmark.analysis.cells import MEASURED, NOT_RUN, Cell
from benchmark.analysis.generalisation.gap_table import Change, GapTable, gap_table
from benchmark.analysis.generalisation.transfer import Transfer, transfers
from benchmark.analysis.runs import Run, Runs
from benchmark.analysis.statistics import Interval
from benchmark.records.run_file import read_run_files
from benchmark.records.scores import need_scores
from benchmark.reports.markup import Blocks, forms, write_form
from benchmark.reports.tables.gap_block import CARRIED, gap_block, transfer_block, transfer_rows
from benchmark.reports.tables.rows import PaperNumbers, Rows, measures, metric_note, rows_of, shown
from benchmark.reports.tables.text import blocks_of, sentences_of
from benchmark.specs.protocols import Profile, load_profile, load_protocol
from benchmark.specs.published import Printed
from benchmark.specs.tables import TableSpec, load_table
from benchmark.specs.test_sets import load_sets
from benchmark.specs.titles import COMPANIONS, TABLES

COLUMNS = (
    *("table", "task", "protocol", "method", "metric", "measured", "plain", "low", "high", "n", "failures"),
    *("seeds", "seeds_low", "seeds_high", "published", "comparable", "note"),
)
_NO_SEEDS = ("", "", "")  # of a line that is no cell


def render(profile_name: str, results: Path, own: Sequence[str] = ()) -> list[Path]:
    """Write results/<profile>/table{1,2,3}.{md,csv,tex} from the score lines there; the same lines give equal bytes.

    The tables beside them (table3_true, ...) only where there are scores on their test sets. own: files of tables of
    the user's, which are then the only ones.
    Raises InputError for an unknown profile, one without scores, a broken score line or a folder that cannot be
    written to.
    """
    profile = load_profile(profile_name)
    runs = Runs(need_scores(results, profile.name), read_run_files(results, profile.name))
    folder = Path(results) / profile.name
    return [path for spec in table_specs(runs, own) for path in _render_table(spec, profile, runs, folder)]


def table_specs(runs: Runs, own: Sequence[str] = ()) -> list[TableSpec]:
    """The tables that a profile has with these scores, in order; see render."""
    companions = [spec for spec in map(load_table, COMPANIONS) if _is_begun(spec, runs)]
    return [*map(load_table, own)] or [*map(load_table, TABLES), *companions]


def _is_begun(spec: TableSpec, runs: Runs) -> bool:
    """Whether there are scores of the table on a set of protocols/sets.toml."""
    on_sets = [name for name in spec.protocols if load_protocol(name).test_domain in load_sets()]
    rows = product(on_sets, ((row.task, method) for row in spec.rows for method in row.methods))
    return any(runs.find(protocol, *row).scores for protocol, row in rows)


@dataclass(frozen=True)
class TablePage:
    """One table as text. rows: the runs behind its first blocks, a section a block; lines: those of its CSV file."""

    title: str
    sentences: tuple[str, ...]
    blocks: Blocks
    rows: Rows
    lines: Iterable[tuple[object, ...]]


def table_page(spec: TableSpec, profile: Profile, runs: Runs) -> TablePage:
    """A table of a profile: its sections, and behind them the blocks of gap, gain and transfer where it has any."""
    rows, transferred = rows_of(spec, runs), transfers(spec, runs)
    paper = PaperNumbers(spec, rows)
    gaps = _gaps(spec, runs, paper)
    notes = {metric: metric_note(metric, profile.size, rows) for metric in shown(spec, rows, paper)}
    lines = chain(_csv_rows(paper, notes, rows, gaps), _transfer_rows(spec, transferred))
    sentences, blocks = sentences_of(paper, profile, rows), blocks_of(paper, profile, rows, notes)
    if gaps:
        sentences, blocks["Gap and gain"] = (*sentences, *gaps.sentences), gap_block(gaps)
    if transferred:
        blocks[CARRIED] = transfer_block(transferred)
    title = f"{(TABLES | COMPANIONS).get(spec.name, spec.name)} (profile {profile.name})"
    return TablePage(title, sentences, blocks, rows, lines)


def _render_table(spec: TableSpec, profile: Profile, runs: Runs, folder: Path) -> list[Path]:
    page = table_page(spec, profile, runs)
    written = forms(page.title, page.sentences, page.blocks, page.lines, f"{profile.name}-{spec.name}")
    paths = [folder / f"{spec.name}{ending}" for ending in written]
    for path in paths:
        write_form(path, written)
    return paths


def _gaps(spec: TableSpec, runs: Runs, paper: PaperNumbers) -> GapTable | None:
    """Gap and gain, of a table that holds all three protocols and one task; what the paper prints beside its faces."""
    if set(spec.protocols) != {"S2S", "S2R", "R2R"} or len(spec.rows) != 1:
        return None
    (row,) = spec.rows
    made = gap_table({method: runs.under(spec.protocols, row.task, method) for method in row.methods}, row.task)
    if {"synthetic", "real"} <= paper.domains:
        return made
    return replace(made, changes=tuple(replace(change, printed=None) for change in made.changes))


def _csv_rows(
    paper: PaperNumbers, notes: Mapping[str, str], rows: Rows, gaps: GapTable | None
) -> Iterator[tuple[object, ...]]:
    """One line a cell. measured is a number, `inf` or empty; note then begins with not run, unavailable or n/a.

    plain is a Frechet distance before it was reduced in bias, empty for all else; low and high are the ends of the
    95 % interval, empty where there is none. seeds is how many trainings are behind the value, empty where nothing is
    trained; seeds_low and seeds_high are the ends of the interval over them, which three and more have.
    """
    number = paper.spec.name.removeprefix("table")
    yield COLUMNS
    yield from ((number, *row) for row in _cell_rows(paper, notes, rows))
    if gaps:
        yield from ((number, paper.spec.rows[0].task, *_change_row(change, gaps)) for change in gaps.changes)


def _cell_rows(paper: PaperNumbers, notes: Mapping[str, str], rows: Rows) -> Iterator[tuple[object, ...]]:
    for section, methods in rows.items():
        protocol, task = section
        for method, run in methods.items():
            printed = paper.of(section, method)
            for metric in (metric for metric in notes if measures(section, metric)):
                cell = run.cell(metric)
                counts = (cell.scored, cell.failed) if cell.state != NOT_RUN else ("", "")
                value = (_number(cell.value), _number(cell.plain), *_ends(cell.interval))
                note = _note(cell, run, notes[metric])
                seeds = (cell.seeds or "", *_ends(cell.over_seeds))
                yield (task, protocol, method, metric, *value, *counts, *seeds, *_published(printed.get(metric)), note)


def _change_row(change: Change, gaps: GapTable) -> tuple[object, ...]:
    """From the protocol on. The metric is `gap` or `gain_percent` for the mean, `gap:<metric>` for one half."""
    metric = f"{change.kind}:{change.metric}" if change.metric else change.kind
    over = change.metric or " and ".join(gaps.metrics.counted)
    count = gaps.images if change.value is not None else ""
    notes = ["" if change.value is None else f"over {over}", change.note]
    value = (_number(change.value), "", *_ends(change.interval))
    note = "; ".join(filter(None, notes)) or NOT_RUN
    return (change.protocol, change.method, metric, *value, count, "", *_NO_SEEDS, *_published(change.printed), note)


def _transfer_rows(spec: TableSpec, transferred: Sequence[Transfer]) -> Iterator[tuple[object, ...]]:
    """Lines as those of the gain, each under the protocol that was trained on the real domain."""
    for one, metric in transfer_rows(transferred):
        key = (spec.name.removeprefix("table"), spec.rows[0].task, one.twins[1], one.method, metric)
        yield (*key, _number(one.value), "", *_ends(one.interval), "", "", *_NO_SEEDS, "", "", one.note)


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
