"""Figures of an evaluation: a sheet of faces for each test set, and the perception-distortion plane."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmark.analysis.runs import Run, scored_split
from benchmark.records.run_file import run_facts
from benchmark.records.run_folder import run_folder
from benchmark.records.words import EVALUATION
from benchmark.reports.evaluation.results import Results
from benchmark.reports.figures.colours import colours
from benchmark.reports.figures.made import Figures
from benchmark.reports.figures.method_sheet import ENDS
from benchmark.reports.figures.plane import places, plane
from benchmark.reports.figures.sheets import Column, SheetSize, heading, sheet
from benchmark.specs.tables import Row, TableSpec
from degrade.core.errors import InputError
from degrade.core.image import Image, read, write
from degrade.core.packages import MissingPackage
from degrade.splits.split import Split


def draw(
    results: Results,
    splits: Mapping[str, Split],
    work: Path,
    size: SheetSize = SheetSize(),  # noqa: B008 - frozen
    folder: Path | None = None,
) -> Figures:
    """Write sheet-<test set>.png and plane.png from restored images below `work`; what came of it.

    folder: DIR/figures where none is named. No sheet of faces that may not be shown (benchmark.reports.shown).
    """
    folder, made = folder or results.folder / "figures", Figures()
    for place, found in enumerate(results.test_sets):
        split = splits.get(found.name)
        if split is None or results.why_hidden(place, split):
            continue
        if scored := {label: run for label, run in found.runs.items() if run.names}:
            made.files.append(folder / f"sheet-{found.name}.png")
            write(made.files[-1], _sheet(results, found.name, scored, split, work, size))
    try:
        picture = _plane(results)
    except MissingPackage as error:
        made.left_out.append(str(error))
        return made
    if picture is not None:
        made.files.append(folder / "plane.png")
        write(made.files[-1], picture)
    return made


def scored_splits(results: Results, work: Path) -> dict[str, Split]:
    """The test sets that have scores, by name. Raises InputError for one whose images are gone or others."""
    runs = {found.name: next((run for run in found.runs.values() if run.scores), None) for found in results.test_sets}
    return {name: scored_split(results.folder, EVALUATION, run, work) for name, run in runs.items() if run}


def draw_sheet(
    results: Results, test_set: str, labels: Sequence[str], size: SheetSize, work: Path, path: Path | None = None
) -> Path:
    """Write a sheet of the first faces with a column for each of some methods (all where none is named).

    path: DIR/figures/sheet-<test set>.png where none is named. Raises InputError for a method without scores and for
    faces that may not be shown.
    """
    place, found = next((place, found) for place, found in enumerate(results.test_sets) if found.name == test_set)
    runs = {
        label: results.need(test_set, label) for label in labels or [*found.runs] if labels or found.runs[label].names
    }
    if not runs:
        raise InputError(
            f"{results.folder}: no method has scores of {test_set}; the same `benchmark evaluate` makes them"
        )
    split = scored_split(results.folder, EVALUATION, next(iter(runs.values())), work)
    if hidden := results.why_hidden(place, split):
        raise InputError(f"{test_set}: {hidden}")
    path = path or results.folder / "figures" / f"sheet-{test_set}.png"
    write(path, _sheet(results, test_set, runs, split, work, size))
    return path


def _sheet(
    results: Results, test_set: str, runs: Mapping[str, Run], split: Split, work: Path, size: SheetSize
) -> Image:
    """Degraded, what each method made, reference; these two once, if they are methods as well. What failed is grey."""
    scored = {name for run in runs.values() for name in run.names}
    names = [name for name in split.names if name in scored]
    shown = names[: size.faces]
    columns: list[Column] = [("Degraded input", [split.degraded(name) for name in shown])]
    for label, run in runs.items():
        if results.methods.get(label, label) in ENDS:
            continue
        folder = _restored_folder(results, run.scores[0].run, work)
        columns.append((results.names[label], [_read(folder / f"{name}.png", split.info["size"]) for name in shown]))
    if split.has_reference:
        columns.append(("Reference", [split.reference(name) for name in shown]))
    where = f"evaluation {results.folder.absolute().name}"
    return sheet(columns, size, heading(test_set, where, split.path.name, len(shown), len(names)))


def _restored_folder(results: Results, run: str, work: Path) -> Path:
    return run_folder(work, "restored", run_facts(results.folder, EVALUATION, run))


def _read(path: Path, size: int) -> Image:
    """A restored image; a grey one where it failed."""
    return read(path) if path.is_file() else np.full((size, size, 3), 0.8, np.float32)


def _plane(results: Results) -> Image | None:
    """PSNR against LPIPS; None where no method has a value of both."""
    spec = TableSpec(EVALUATION, 1, (EVALUATION.upper(),), _rows(results), ())
    perception, found = places(results.runs, spec, EVALUATION.upper())
    if not found:
        return None
    labels = {name: label for label, name in results.methods.items()}
    named = {task: [replace(one, method=labels[one.method]) for one in own] for task, own in found.items()}
    title = f"Evaluation {results.folder.absolute().name}: better to the left and below; bars: 95 % intervals"
    return plane(named, perception, title, results.names, colours(results.methods))


def _rows(results: Results) -> tuple[Row, ...]:
    return tuple(Row(found.name, tuple(results.methods.values())) for found in results.test_sets)
