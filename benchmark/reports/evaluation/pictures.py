"""Figures of an evaluation: a sheet of faces for each test set, and the perception-distortion plane."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmark.analysis.runs import Run, scored_split
from benchmark.records.run_file import run_facts
from benchmark.records.run_folder import run_folder
from benchmark.records.words import EVALUATION, NOT_RESTORED
from benchmark.reports.evaluation.results import Results
from benchmark.reports.figures.colours import colours
from benchmark.reports.figures.made import Figures
from benchmark.reports.figures.method_sheet import ENDS
from benchmark.reports.figures.plane import places, plane
from benchmark.reports.figures.sheets import Column, SheetSize, failed_face, heading, sheet
from benchmark.specs.tables import Row, TableSpec
from degrade.core.errors import InputError
from degrade.core.image import Image, read, write
from degrade.core.packages import MissingPackage
from degrade.core.storage.listing import folder_name
from degrade.splits.sources import check_apart
from degrade.splits.split import Split


def draw(
    results: Results,
    splits: Mapping[str, Split],
    work: Path,
    size: SheetSize = SheetSize(),  # noqa: B008 - frozen
    folder: Path | None = None,
) -> Figures:
    """Write sheet-<test set>.png and plane.png from restored images below `work`; what came of it.

    folder: DIR/figures where none is named. No sheet of faces that may not be shown (benchmark.reports.shown), and none
    where no restored image was kept, so that an earlier one stays.
    """
    folder, made = folder or results.folder / "figures", Figures()
    for place, found in enumerate(results.test_sets):
        split = splits.get(found.name)
        if split is None or results.why_hidden(place, split):
            continue
        if scored := {label: run for label, run in found.runs.items() if run.names}:
            _Sheet(results, found.name, split, work, made).write(scored, size, folder / f"sheet-{found.name}.png")
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
) -> Figures:
    """Write a sheet of the first faces with a column for each of some methods (all where none is named).

    path: DIR/figures/sheet-<test set>.png where none is named. What came of it, as of `draw`. Raises InputError for a
    method without scores and for faces that may not be shown.
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
    made = Figures()
    path = path or results.folder / "figures" / f"sheet-{test_set}.png"
    _Sheet(results, test_set, split, work, made).write(runs, size, path)
    return made


@dataclass(frozen=True)
class _Sheet:
    """The sheet of one test set, from the images kept below `work`; `made` takes in the file and what is left out."""

    results: Results
    test_set: str
    split: Split
    work: Path
    made: Figures

    def write(self, runs: Mapping[str, Run], size: SheetSize, path: Path) -> None:
        """Degraded, what each method made, reference; these two once, if they are methods as well.

        A method of which no image was kept has no column; where no other has images, nothing is written.
        """
        scored = {name for run in runs.values() for name in run.names}
        names = [name for name in self.split.names if name in scored]
        shown = names[: size.faces]
        methods = [label for label in runs if self.results.methods.get(label, label) not in ENDS]
        folders = {label: self._folder(runs[label]) for label in methods}
        for folder in (*self.split.folders, *folders.values()):
            check_apart(folder, path)
        kept = [label for label in methods if any((folders[label] / f"{name}.png").is_file() for name in shown)]
        if lost := [label for label in methods if label not in kept and not _failed(runs[label]).issuperset(shown)]:
            none = f"no restored images of {self.test_set} lie below {self.work}/restored"
            self.made.left_out.append(f"{', '.join(lost)}: {none}; name their folder with --work")
            if not kept:
                return
        columns: list[Column] = [("Degraded input", self._images(self.split.degraded, shown))]
        drawn = [label for label in methods if label not in lost]
        columns += [(self.results.names[label], self._restored(runs[label], shown, folders[label])) for label in drawn]
        if self.split.has_reference:
            columns.append(("Reference", self._images(self.split.reference, shown)))
        where = f"evaluation {folder_name(self.results.folder)}"
        write(path, sheet(columns, size, heading(self.test_set, where, self.split.path.name, len(shown), len(names))))
        self.made.files.append(path)

    def _folder(self, run: Run) -> Path:
        return run_folder(self.work, "restored", run_facts(self.results.folder, EVALUATION, run.scores[0].run))

    def _restored(self, run: Run, names: Sequence[str], folder: Path) -> list[Image]:
        failed, side = _failed(run), self.split.info["size"]

        def image(name: str) -> Image:
            file = folder / f"{name}.png"
            return failed_face(side) if name in failed and not file.exists() else read(file)

        return self._images(image, names)

    def _images(self, image: Callable[[str], Image], names: Sequence[str]) -> list[Image]:
        """Those of the names; one that cannot be read is among what is left out, and its place says so."""
        found = []
        for name in names:
            try:
                found.append(image(name))
            except InputError as error:
                self.made.left_out.append(str(error))
                found.append(failed_face(self.split.info["size"], "no picture"))
        return found


def _failed(run: Run) -> set[str | None]:
    """The images that the method could not restore."""
    return {score.image for score in run.scores if score.error.startswith(NOT_RESTORED)}


def _plane(results: Results) -> Image | None:
    """PSNR against LPIPS; None where no method has a value of both."""
    spec = TableSpec(EVALUATION, 1, (EVALUATION.upper(),), _rows(results), ())
    perception, found = places(results.runs, spec, EVALUATION.upper())
    if not found:
        return None
    labels = {name: label for label, name in results.methods.items()}
    named = {task: [replace(one, method=labels[one.method]) for one in own] for task, own in found.items()}
    title = f"Evaluation {folder_name(results.folder)}: better to the left and below; bars: 95 % intervals"
    return plane(named, perception, title, results.names, colours(results.methods))


def _rows(results: Results) -> tuple[Row, ...]:
    return tuple(Row(found.name, tuple(results.methods.values())) for found in results.test_sets)
