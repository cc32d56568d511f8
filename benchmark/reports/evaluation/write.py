"""Writes the tables and figures of an evaluation into its folder."""

from collections.abc import Mapping
from pathlib import Path

from benchmark.reports.evaluation.results import Results
from benchmark.reports.evaluation.table import image_rows, page, rows
from benchmark.reports.figures.made import Figures
from benchmark.reports.markup import forms, to_csv, write_form
from degrade.splits.split import Split


def write_tables(folder: Path) -> list[Path]:
    """Write table.md, table.csv, table.tex and images.csv from the score lines in the folder; the files written.

    Raises InputError for a folder that is no evaluation, and one that cannot be written to.
    """
    results = Results(folder)
    written = {
        "table": forms(*page(results), rows(results), "evaluation"),
        "images": {".csv": to_csv(image_rows(results))},
    }
    paths = [Path(folder, f"{name}{ending}") for name, own in written.items() for ending in own]
    for path in paths:
        write_form(path, written[path.stem])
    return paths


def write_figures(folder: Path, splits: Mapping[str, Split], work: Path) -> Figures:
    """Write figures/sheet-<test set>.png and figures/plane.png from the restored images below `work`."""
    from benchmark.reports.evaluation.pictures import draw  # here, as tables need neither images nor matplotlib

    return draw(Results(folder), splits, work)
