"""The rows of a table before they are text: for every method its run, its cells and what the paper prints."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from benchmark.analysis.cells import MEASURED, NOT_RUN, Cell
from benchmark.analysis.runs import Run, Runs
from benchmark.metrics.registry import find_metric
from benchmark.specs.protocols import load_protocol
from benchmark.specs.published import Printed, printed_beside
from benchmark.specs.tables import TableSpec

Definitions = Mapping[str, Mapping[str, str]]  # run -> metric -> digest of how it was computed

LIMIT = "reference"  # the row FFHQ GT: what a method is measured against, never the best of them

# When the note of a metric holds, by side in px and number of images; the notes of the others always do.
_NOTE_HOLDS = {
    "msssim.rgb": lambda size, images: size < 161,
    "niqe.y": lambda size, images: size <= 256,
    "fid.inception": lambda size, images: images < 2048,
    "ffd.dlib": lambda size, images: images <= 100,
}


@dataclass(frozen=True)
class Line:
    """One method under one protocol; cells for every column, printed numbers where there are any."""

    method: str
    run: Run
    cells: dict[str, Cell]
    printed: dict[str, Printed]


@dataclass(frozen=True)
class Section:
    """The lines of one protocol and task, within which the best is bold."""

    protocol: str
    task: str
    lines: tuple[Line, ...]

    def measures(self, metric_id: str) -> bool:
        """Whether the protocol measures it: of faces without references little can be."""
        return metric_id in load_protocol(self.protocol).metrics

    def best(self, metric_id: str) -> tuple[str, ...]:
        """The methods with the best measured value, among at least two scored alike on equally many images."""
        rising = find_metric(metric_id).higher_is_better
        rivals = [line for line in self.lines if line.method != LIMIT and line.cells[metric_id].alike]
        cells = {line.method: line.cells[metric_id] for line in rivals}
        most = max((cell.scored for cell in cells.values()), default=0)
        values = {
            method: cell.number for method, cell in cells.items() if cell.state == MEASURED and cell.scored == most
        }
        if rising is None or len(values) < 2:
            return ()
        best = max(values.values()) if rising else min(values.values())
        return tuple(method for method, value in values.items() if value == best)


def number_of(spec: TableSpec) -> int:
    """1, 2 or 3: how published.csv calls the table, or the one that a table like table3_true stands beside."""
    return int(spec.name.removeprefix("table").partition("_")[0])


def sections_of(spec: TableSpec, runs: Runs, definitions: Definitions) -> tuple[Section, ...]:
    """The sections of a table in the order of its file, those of one task beside each other.

    definitions: of all runs of the profile; a cell of another one than the newest is marked, and never the best.
    """
    return tuple(
        Section(
            protocol, row.task, tuple(_line(spec, runs, definitions, protocol, row.task, name) for name in row.methods)
        )
        for row in spec.rows
        for protocol in spec.protocols
    )


def shown(spec: TableSpec, sections: Sequence[Section]) -> tuple[str, ...]:
    """The columns of a table in which anything is measured, tried or printed."""
    lines = [line for section in sections for line in section.lines]
    return tuple(
        metric
        for metric in spec.columns
        if any(metric in line.printed or line.cells[metric].state != NOT_RUN for line in lines)
    )


def metric_note(metric_id: str, size: int, sections: Sequence[Section]) -> str:
    """What a reader must know of our values of a metric at this side in px; empty when nothing, or no values."""
    metric = find_metric(metric_id)
    lines = [line for section in sections for line in section.lines if line.cells[metric_id].state == MEASURED]
    images = max((line.run.images for line in lines), default=0)
    holds = _NOTE_HOLDS.get(metric_id, lambda size, images: True)
    return f"{metric.header}: {metric.note}" if lines and metric.note and holds(size, images) else ""


def _line(spec: TableSpec, runs: Runs, definitions: Definitions, protocol: str, task: str, method: str) -> Line:
    run = runs.find(protocol, task, method)
    printed = {metric: printed_beside(number_of(spec), task, protocol, method, metric) for metric in spec.columns}
    cells = {metric: _cell(run, metric, definitions) for metric in spec.columns}
    return Line(method, run, cells, {metric: found for metric, found in printed.items() if found})


def _cell(run: Run, metric: str, definitions: Definitions) -> Cell:
    cell = run.cell(metric)
    known = {name: digests[metric] for name, digests in definitions.items() if metric in digests}
    newest = known.get(max(known, default=""))  # a run's name begins with its UTC time
    if cell.state != MEASURED or {known.get(name, newest) for name in run.files} == {newest}:
        return cell
    note = f"{metric} was computed in another way, or by other versions of packages, than in the newest run"
    return replace(cell, alike=False, notes=(*cell.notes, f"{note}: not comparable, score it again"))
