"""The table of an evaluation: methods by metrics, a block for each test set."""

from collections.abc import Iterator, Sequence

from benchmark.analysis.cells import MEASURED, MISSING, NOT_RUN, Cell
from benchmark.analysis.costs import RestoringCost
from benchmark.analysis.precision import precision_note
from benchmark.analysis.runs import Run
from benchmark.metrics.facts import facts_of, value_text
from benchmark.records.words import UNAVAILABLE
from benchmark.reports.evaluation.results import Results, TestSetResults
from benchmark.reports.markup import Blocks, Grid, TableCell
from benchmark.reports.tables.rows import STATES, best, failed

COLUMNS = ("test_set", "method", "name", "metric", "value", "plain", "low", "high", "n", "failures", "note")
_COSTS = (("s/image", "seconds"), ("parameters", "parameters"), ("memory MiB", "peak_mib"))
LEGEND = (
    "Bold: the best value of a test set among rows scored on equally many images; underlined: the second best",
    f"'not run' = left out, with the reason; {STATES}",
    "±: half of the 95 % interval over the choice of images; its ends are in table.csv",
    "s/image, memory: of restoring one image on the machine that the run files name, without loading the method; "
    "memory is working memory without weights, on a GPU the GPU's with weights. '-': restored elsewhere, or not known",
)


def page(results: Results) -> tuple[str, tuple[str, ...], Blocks]:
    """The whole table: its title, the sentences above it, its blocks."""
    blocks = {_heading(found): _grid(results, found) for found in results.test_sets}
    return "Evaluation", (*sentences(results), *LEGEND), blocks


def rows(results: Results) -> Iterator[tuple[object, ...]]:
    """One line for each test set, method and metric, then one for each thing that restoring cost; COLUMNS first."""
    yield COLUMNS
    for found in results.test_sets:
        for label, run in found.runs.items():
            key = (found.name, label, results.methods[label])
            if not run.scores:
                yield (*key, *[""] * 7, f"{NOT_RUN}: {results.why_not_run(found.name, label)}")
            yield from ((*key, metric, *_numbers(run.cell(metric))) for metric in found.metrics)
            cost = results.cost(run)
            measured = ((field, getattr(cost, field)) for _, field in _COSTS)
            note = "; ".join(_measured_before(results.names[label], cost))
            yield from (
                (*key, field, _number(value), *[""] * 5, note) for field, value in measured if value is not None
            )


def image_rows(results: Results) -> Iterator[tuple[object, ...]]:
    """One line for each image, method and metric of images, the names of the columns first."""
    yield ("test_set", "image", "method", "metric", "value", "error")
    for found in results.test_sets:
        for label, run in found.runs.items():
            for score in run.scores:
                if score.image is not None:
                    yield (found.name, score.image, label, score.metric, _number(score.value), score.error)


def _heading(found: TestSetResults) -> str:
    images = max((run.images for run in found.runs.values()), default=0)
    return f"{found.name}: {images} image{'s' * (images != 1)}, {found.size} px" if images else f"{found.name}: not run"


def _grid(results: Results, found: TestSetResults) -> Grid:
    metrics = [metric for metric in found.metrics if not _is_unavailable(found, metric)]
    ranked = {metric: (best(found.runs, metric), best(found.runs, metric, 1)) for metric in metrics}
    names = ("Method", "images", "failed")
    header = (*map(TableCell, names), *(_header(metric, found) for metric in metrics))
    grid = [(*header, *(TableCell(name) for name, _ in _COSTS))]
    for label, run in found.runs.items():
        name = TableCell(results.names[label], key=label)
        if not run.scores:
            why = f"{label}: {results.why_not_run(found.name, label)}"
            grid.append((name, TableCell(NOT_RUN, notes=(why,)), *[TableCell("-")] * (len(grid[0]) - 2)))
            continue
        cells = (_cell(metric, run, label, ranked[metric]) for metric in metrics)
        counts = (TableCell(str(run.images)), TableCell(str(failed(run, metrics))))
        grid.append((name, *counts, *cells, *_cost_cells(results.names[label], results.cost(run))))
    return tuple(grid)


def _header(metric_id: str, found: TestSetResults) -> TableCell:
    metric = facts_of(metric_id)
    images = max(run.images for run in found.runs.values())
    note = f"{metric.header}: {metric.note}" if metric.note_holds(found.size, images) else ""
    return TableCell(metric.header + metric.arrow, notes=(note,) if note else (), key=metric_id)


def _cell(metric: str, run: Run, label: str, ranked: tuple[Sequence[str], Sequence[str]]) -> TableCell:
    cell = run.cell(metric)
    if cell.state != MEASURED:
        return TableCell(cell.state, notes=cell.notes)
    spread = f"±{value_text(metric, cell.interval.half)}" if cell.interval else ""
    text = value_text(metric, cell.number)
    return TableCell(text, label in ranked[0], cell.notes, spread=spread, second=label in ranked[1])


def _cost_cells(title: str, cost: RestoringCost) -> tuple[TableCell, ...]:
    seconds = "-" if cost.seconds is None else f"{cost.seconds:.3g}"
    parameters = "-" if cost.parameters is None else f"{cost.parameters:,}"
    memory = "-" if cost.peak_mib is None else f"{cost.peak_mib:.0f}"
    return TableCell(seconds, notes=_measured_before(title, cost)), TableCell(parameters), TableCell(memory)


def _measured_before(title: str, cost: RestoringCost) -> tuple[str, ...]:
    """Of a method whose images an earlier evaluation had restored."""
    if not cost.measured:
        return ()
    return (f"{title}: seconds and memory are those measured when its images were restored, {cost.measured}",)


def _is_unavailable(found: TestSetResults, metric: str) -> bool:
    """Whether no method has the metric because its weights or packages are not here."""
    states = {run.cell(metric).state for run in found.runs.values() if run.scores}
    return states == {MISSING}


def sentences(results: Results) -> Iterator[str]:
    """What the test sets are, and what the table leaves out."""
    evaluation = results.evaluation
    for found in results.test_sets[: len(evaluation.splits)]:
        split = f", split {found.split}" if found.split else ""
        yield f"{found.name}: the folder {evaluation.splits[results.test_sets.index(found)]}{split}"
    if evaluation.faces:
        of = f", those of {evaluation.list_file}" if evaluation.list_file else ""
        names = ", ".join(found.name for found in results.test_sets[len(evaluation.splits) :])
        yield f"{names}: the faces of {evaluation.faces}{of}, degraded by the recipe of that name"
    yield from dict.fromkeys(_left_out(results))


def _left_out(results: Results) -> Iterator[str]:
    """What the table leaves out and mixes, and why."""
    for found in results.test_sets:
        if note := precision_note({results.names[label]: run for label, run in found.runs.items()}):
            yield f"{found.name}: {note[0].lower()}{note[1:]}"
        if found.used < found.asked:
            unused, why = found.asked - found.used, "`benchmark evaluate` says why"
            yield f"Left out of {found.name}: {unused} of {found.asked} images, which could not be used ({why})"
        if without := [facts_of(metric).header for metric in found.without if facts_of(metric).needs_reference]:
            yield f"Left out of {found.name}, which has no references: {', '.join(without)}"
        for metric in found.metrics:
            if _is_unavailable(found, metric):
                first = next(run for run in found.runs.values() if run.scores)
                reason = "; ".join(first.cell(metric).notes).removeprefix(UNAVAILABLE)
                yield f"Left out, as it cannot be computed here: {facts_of(metric).header} ({reason})"


def _numbers(cell: Cell) -> tuple[object, ...]:
    """The columns from value on."""
    ends = (cell.interval.low, cell.interval.high) if cell.interval else (None, None)
    note = "; ".join(cell.notes if cell.state == MEASURED else (cell.state, *cell.notes))
    return (*map(_number, (cell.value, cell.plain, *ends)), cell.scored, cell.failed, note)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.9g}"
