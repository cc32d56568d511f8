"""The rows of a table before they are text: for each protocol and task the run of every method, which has its cells."""

import re
from collections.abc import Iterable, Mapping

from benchmark.analysis.cells import MEASURED, NOT_RUN
from benchmark.analysis.runs import Run, Runs
from benchmark.metrics.facts import facts_of
from benchmark.specs.protocols import load_protocol
from benchmark.specs.published import Printed, printed_beside
from benchmark.specs.tables import TableSpec

Section = tuple[str, str]  # protocol and task, within which the best is bold
Rows = Mapping[Section, Mapping[str, Run]]  # by method; in the order of the table's file, those of a task together

_PAPERS_FACES = {"synthetic": "ffhq", "real": "facerenov"}  # test domain -> what the folder's name holds, in any case
STATES = "'n/a' = every try failed; the column 'failed' counts scores without a value"  # in the legend of every table
LIMIT = "reference"  # the row FFHQ GT: what a method is measured against, never the best of them


def rows_of(spec: TableSpec, runs: Runs) -> Rows:
    """The rows of a table."""
    return {
        (protocol, row.task): {method: runs.find(protocol, row.task, method) for method in row.methods}
        for row in spec.rows
        for protocol in spec.protocols_of(row)
    }


def all_runs(rows: Rows) -> list[Run]:
    """The run of every row in order."""
    return [run for methods in rows.values() for run in methods.values()]


def measures(section: Section, metric_id: str) -> bool:
    """Whether the section's protocol measures it: of faces without references little can be."""
    return metric_id in load_protocol(section[0]).metrics


def failed(run: Run, metrics: Iterable[str]) -> int:
    """What the column `failed` of every table counts: scores without a value, of images and sets, of some metrics."""
    return sum(run.cell(metric).failed for metric in metrics)


def best(methods: Mapping[str, Run], metric_id: str, place: int = 0) -> tuple[str, ...]:
    """The methods with the best measured value, place 1 for those with the second best, ...; see ranks."""
    return tuple(method for method, rank in ranks(methods, metric_id).items() if rank == place + 1)


def ranks(methods: Mapping[str, Run], metric_id: str) -> dict[str, int]:
    """The rank of each method, equal values alike: among at least two scored alike on equally many images, else empty.

    1 is the best. The reference, and those scored on fewer images than others, have no rank.
    """
    rising = facts_of(metric_id).higher_is_better
    cells = {method: run.cell(metric_id) for method, run in methods.items() if method != LIMIT}
    cells = {method: cell for method, cell in cells.items() if cell.alike}
    most = max((cell.scored for cell in cells.values()), default=0)
    values = {method: cell.number for method, cell in cells.items() if cell.state == MEASURED and cell.scored == most}
    if rising is None or len(values) < 2:
        return {}
    ordered = sorted(set(values.values()), reverse=rising)
    return {method: 1 + ordered.index(value) for method, value in values.items()}


def number_of(spec: TableSpec) -> int:
    """1, 2 or 3: how published.csv calls the table, or the one that a table like table3_true stands beside; else 0."""
    found = re.match(r"table(\d)(_|$)", spec.name)
    return int(found[1]) if found else 0


def is_printed(spec: TableSpec, section: Section, method: str) -> bool:
    """Whether the paper prints the row."""
    return bool(_printed(spec, section, method))


def _printed(spec: TableSpec, section: Section, method: str) -> dict[str, Printed]:
    protocol, task = section
    key = (number_of(spec), task, protocol, method)
    facts = map(facts_of, spec.columns)
    printed = {one.id: printed_beside(*key, one.printed_column, one.as_published) for one in facts}
    return {metric: found for metric, found in printed.items() if found}


def is_facerenov(faces: str) -> bool:
    """Whether test faces are the paper's real ones, by the name of their folder (Run.faces)."""
    return _PAPERS_FACES["real"] in faces.lower()


class PaperNumbers:
    """The numbers that the paper prints of a table, for the faces that it prints them of: FFHQ's and FaceRenov's.

    domains: those of a table whose test faces are the paper's, by the name of their folder in the run files.
    """

    def __init__(self, spec: TableSpec, rows: Rows) -> None:
        self.spec = spec
        faces: dict[str, set[str]] = {domain: set() for domain in _PAPERS_FACES}
        for (protocol, _), methods in rows.items():
            if (domain := load_protocol(protocol).test_domain) in faces:
                faces[domain].update(place for run in methods.values() if run.scores for place in run.faces or [""])
        named = {domain: [_PAPERS_FACES[domain] in place.lower() for place in found] for domain, found in faces.items()}
        self.domains = frozenset(domain for domain, papers in named.items() if papers and all(papers))

    def of(self, section: Section, method: str) -> dict[str, Printed]:
        """Metric -> what the paper prints in a row, of the table's columns; nothing beside other faces."""
        is_papers = load_protocol(section[0]).test_domain in self.domains
        return _printed(self.spec, section, method) if is_papers else {}


def shown(spec: TableSpec, rows: Rows, paper: PaperNumbers) -> tuple[str, ...]:
    """The columns of a table in which anything is measured, tried or printed."""
    printed = {
        metric for section, methods in rows.items() for method in methods for metric in paper.of(section, method)
    }
    tried = {metric for run in all_runs(rows) for metric in spec.columns if run.cell(metric).state != NOT_RUN}
    return tuple(metric for metric in spec.columns if metric in printed | tried)


def metric_note(metric_id: str, size: int, rows: Rows) -> str:
    """What a reader must know of our values of a metric at this side in px; empty when nothing, or no values."""
    metric = facts_of(metric_id)
    runs = [run for run in all_runs(rows) if run.cell(metric_id).state == MEASURED]
    images = max((run.images for run in runs), default=0)
    return f"{metric.header}: {metric.note}" if runs and metric.note_holds(size, images) else ""
