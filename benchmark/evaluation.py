"""An evaluation asked for from Python."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.methods.registry import labelled
from benchmark.records.load_scores import score_table
from benchmark.reports.evaluation.write import write_figures, write_tables
from benchmark.runs.evaluation.run_evaluation import run_evaluation, settings_of
from benchmark.specs.evaluation import Evaluation
from degrade.core.names import as_names

if TYPE_CHECKING:
    import pandas


def evaluate(  # noqa: PLR0913 - one argument for each option of `benchmark evaluate`
    splits: Sequence[Path | str] | Path | str,
    methods: Sequence[str] | str,
    out: Path | str,
    *,
    metrics: Sequence[str] | str = (),
    faces: Path | str | None = None,
    recipes: Sequence[Path | str] | Path | str = (),
    list_file: Path | str | None = None,
    size: int | None = None,
    crop: str = "none",
    align: bool = False,
    limit: int | None = None,
    work: Path | str = "runs",
    device: str = "auto",
    workers: int = 1,
) -> "pandas.DataFrame":
    """Restore test sets of your own by several methods, and give the scores as a table.

    Its columns are those of load_scores and `label`, what a method is called here. As `benchmark evaluate`, which says
    what a split is; splits may be empty where `faces` and `recipes` make the test sets. methods: as spelled on the
    command line, such as "Ours=folder:outs" or "python:module:function". Where several may be given, one alone is as
    good. out: the folder that then holds score lines, table.md, table.csv, table.tex, images.csv and figures/; what is
    there already is not computed again. A method that cannot run has no rows; a number that cannot be computed is NaN,
    and `error` says why. Raises InputError for what concerns all: no method, no test set, two labels alike, an unknown
    metric.

    >>> import tempfile
    >>> from degrade import make_split
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = make_split(f"{folder}/faces", None, "sr4", size=64, limit=2)
    ...     asked = {"metrics": ["psnr.rgb"], "out": f"{folder}/out", "work": folder}
    ...     scores = evaluate(made.path, ["bicubic", "bicubic_x4"], **asked)
    >>> scores["method"].tolist()
    ['bicubic', 'bicubic', 'bicubic_x4', 'bicubic_x4']
    """
    evaluation = Evaluation(
        as_names(methods), as_names(splits), as_names(metrics), str(faces or ""), as_names(recipes),
        str(list_file or ""), size or 0, crop, align, limit or 0,
    )  # fmt: skip
    settings = settings_of(Path(out), Path(work), device, workers, ("benchmark.evaluate",))
    summary = run_evaluation(evaluation, settings)
    write_tables(settings.results)
    write_figures(settings.results, summary.splits, settings.work)
    labels = {name: label for label, name in labelled(evaluation.shown_methods).items()}
    return score_table(summary.done.scores, labels)
