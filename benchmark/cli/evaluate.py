"""`benchmark evaluate`: any test sets and methods, without a profile or a training."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benchmark.cli.shared.options import metric_ids, resumed, say
from benchmark.specs.evaluation import Evaluation, read_evaluation
from degrade.cli.console import COUNT, CROP, DEVICE, FOLDER, SIDE, Command, echo_text, spread_over
from degrade.core.errors import InputError

if TYPE_CHECKING:
    from benchmark.runs.evaluation.run_evaluation import EvaluationSummary


@click.command(cls=Command)
@click.argument("splits", metavar="[SPLIT...|FILE.toml]", nargs=-1)
@click.option(
    "--method",
    "methods",
    multiple=True,
    help="What restores: a name of `benchmark methods`, folder:DIR, cmd:..., or Label=any of these; repeatable.",
)
@click.option("--metrics", help="Ids of `benchmark metrics`, with commas between.  [default: those of Table 2]")
@click.option("--faces", help="Folder of clean faces, which each --recipe degrades.")
@click.option(
    "--recipe",
    "recipes",
    multiple=True,
    help="A name of `degrade presets`, FILE.toml or FILE.toml:SEVERITY; repeatable, a test set each.",
)
@click.option("--list", "list_file", default="", help="File naming the images to use, one a line.")
@click.option("--size", type=SIDE, help="Side of the images, px.  [default: 512 for --faces, else their own]")
@CROP
@click.option("--align", is_flag=True, help="Cut the faces to FFHQ's template first, by their landmarks.")
@click.option("--limit", type=COUNT, help="Only the first so many images of each test set.")
@click.option("--out", required=True, type=FOLDER, help="Folder for scores, tables and figures.")
@click.option("--work", type=FOLDER, default="runs", show_default=True, help="Folder for splits and restored images.")
@click.option("--device", type=DEVICE, default="auto", show_default=True, help="Where to restore.")
@click.option(
    "--workers",
    type=COUNT,
    default=1,
    show_default=True,
    help="Processes that degrade and score; each holds the metrics in memory.",
)
@resumed
@spread_over
def evaluate(
    splits: tuple[str, ...], methods: tuple[str, ...], metrics: str | None, faces: str | None,
    recipes: tuple[str, ...], list_file: str, size: int | None, crop: str, align: bool, limit: int | None,
    out: Path, work: Path, device: str, workers: int, resume: bool,
) -> None:  # fmt: skip
    """Compare restorers on your own images; nothing is trained.

    OUT gets tables, scores of each image and figures. A SPLIT is a folder made or imported by `degrade`, a folder
    with hq/ and lq/, or degraded images alone. FILE.toml asks the same as the options; OUT/evaluation.toml is one.
    The same command goes on where it stopped.

    \b
    Example: benchmark evaluate photos --method Ours=folder:outs --method bicubic --out compared
    """
    asked: dict[str, Any] = {
        "methods": methods, "splits": splits, "metrics": metric_ids(metrics), "faces": faces or "",
        "recipes": recipes, "list_file": list_file, "size": size or 0, "crop": crop, "align": align,
        "limit": limit or 0,
    }  # fmt: skip
    evaluation = _from_file(asked) if splits and splits[0].lower().endswith(".toml") else Evaluation(**asked)
    from benchmark.cli.shared.summary import exit_status
    from benchmark.reports.evaluation.write import write_figures, write_tables
    from benchmark.runs.evaluation.run_evaluation import run_evaluation, settings_of

    settings = settings_of(out, work, device, workers, ("benchmark", *sys.argv[1:]))
    summary = run_evaluation(evaluation, settings, anew=not resume)
    tables, figures = write_tables(out), write_figures(out, summary.splits, work)
    echo_text((out / "table.md").read_text(encoding="utf-8"))
    say([*_closing(summary), *(f"left out: {sentence}" for sentence in figures.left_out)])
    say([f"written: {path}" for path in (*tables, *figures.files)])
    is_short = summary.refused or summary.without or figures.left_out
    sys.exit(1 if is_short else exit_status(summary.done, evaluation.metrics))


def _from_file(asked: dict[str, Any]) -> Evaluation:
    """The evaluation of the one file among the SPLITs; InputError where the command asks for more than it does."""
    file, *others = asked["splits"]
    plain = Evaluation(("identity",), ("-",))  # what the options are when none is given
    more = [key for key, value in asked.items() if key not in ("methods", "splits") and value != getattr(plain, key)]
    if others or asked["methods"] or more:
        what = others[0] if others else "--method" if asked["methods"] else f"--{more[0]}"
        raise InputError(f"{file}: says all that is asked, but {what} was given as well; write it into the file")
    return read_evaluation(Path(file))


def _closing(summary: "EvaluationSummary") -> list[str]:
    from benchmark.cli.shared.summary import closing

    tasks: dict[tuple[str, str], list[str]] = {}
    for task, label, sentence in summary.refused:
        tasks.setdefault((label, sentence), []).append(task)
    lines = [f"left out: {label} on {', '.join(on)}: {sentence}" for (label, sentence), on in tasks.items()]
    return [*lines, *closing(summary.done)]
