"""The rows of a table before they are text: for each protocol and task the run of every method, which has its cells."""

from collections.abc import Iterator, Mapping

from benchmark.analysis.cells import MEASURED, NOT_RUN
from benchmark.analysis.runs import Run, Runs
from benchmark.metrics.registry import find_metric
from benchmark.specs.protocols import load_protocol
from benchmark.specs.published import Printed, printed_beside
from benchmark.specs.tables import TableSpec

Section = tuple[str, str]  # protocol and task, within which the best is bold
Rows = Mapping[Section, Mapping[str, Run]]  # by method; in the order of the table's file, those of a task together

LIMIT = "reference"  # the row FFHQ GT: what a method is measured against, never the best of them


def rows_of(spec: TableSpec, runs: Runs) -> Rows:
    """The rows of a table."""
    return {
        (protocol, row.task): {method: runs.find(protocol, row.task, method) for method in row.methods}
        for row in spec.rows
        for protocol in spec.protocols
    }


def all_runs(rows: Rows) -> list[Run]:
    """The run of every row in order."""
    return [run for methods in rows.values() for run in methods.values()]


def measures(section: Section, metric_id: str) -> bool:
    """Whether the section's protocol measures it: of faces without references little can be."""
    return metric_id in load_protocol(section[0]).metrics


def best(methods: Mapping[str, Run], metric_id: str) -> tuple[str, ...]:
    """The methods with the best measured value, among at least two scored alike on equally many images."""
    rising = find_metric(metric_id).higher_is_better
    cells = {method: run.cell(metric_id) for method, run in methods.items() if method != LIMIT}
    cells = {method: cell for method, cell in cells.items() if cell.alike}
    most = max((cell.scored for cell in cells.values()), default=0)
    values = {method: cell.number for method, cell in cells.items() if cell.state == MEASURED and cell.scored == most}
    if rising is None or len(values) < 2:
        return ()
    top = max(values.values()) if rising else min(values.values())
    return tuple(method for method, value in values.items() if value == top)


def number_of(spec: TableSpec) -> int:
    """1, 2 or 3: how published.csv calls the table, or the one that a table like table3_true stands beside."""
    return int(spec.name.removeprefix("table").partition("_")[0])


def printed_cells(spec: TableSpec, section: Section, method: str) -> dict[str, Printed]:
    """Metric -> what the paper prints in a row, of the table's columns."""
    protocol, task = section
    key = (number_of(spec), task, protocol, method)
    facts = map(find_metric, spec.columns)
    printed = {one.id: printed_beside(*key, one.printed_column, one.as_published) for one in facts}
    return {metric: found for metric, found in printed.items() if found}


def printed_rows(spec: TableSpec, rows: Rows) -> Iterator[dict[str, Printed]]:
    """As printed_cells, of every row in order."""
    for section, methods in rows.items():
        yield from (printed_cells(spec, section, method) for method in methods)


def shown(spec: TableSpec, rows: Rows) -> tuple[str, ...]:
    """The columns of a table in which anything is measured, tried or printed."""
    printed = {metric for own in printed_rows(spec, rows) for metric in own}
    tried = {metric for run in all_runs(rows) for metric in spec.columns if run.cell(metric).state != NOT_RUN}
    return tuple(metric for metric in spec.columns if metric in printed | tried)


def metric_note(metric_id: str, size: int, rows: Rows) -> str:
    """What a reader must know of our values of a metric at this side in px; empty when nothing, or no values."""
    metric = find_metric(metric_id)
    runs = [run for run in all_runs(rows) if run.cell(metric_id).state == MEASURED]
    images = max((run.images for run in runs), default=0)
    return f"{metric.header}: {metric.note}" if runs and metric.note_holds(size, images) else ""
