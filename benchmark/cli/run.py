"""`benchmark run`, `reproduce`, `sheet` and `figures`: what restores and scores."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmark.cli.shared.options import (
    make_settings,
    metric_ids,
    resumed,
    say,
    scoring_options,
    shared_options,
    sheet_options,
)
from benchmark.cli.shared.question import chosen_test_set
from benchmark.methods.registry import find_method
from benchmark.specs.evaluation import is_evaluation
from benchmark.specs.protocols import load_protocol, protocol_names
from benchmark.specs.tables import load_table, table_names
from degrade.cli.console import FOLDER, OVERWRITE, PNG, SEED, Command, Name, check_free, echo, spread_over
from degrade.cli.recipes import RecipeName
from degrade.core.errors import InputError

if TYPE_CHECKING:
    from benchmark.reports.figures.made import Figures


@click.command(cls=Command)
@click.option(
    "--protocol",
    required=True,
    type=Name("protocol", protocol_names, or_file=True),
    help="Which domain to train and to test on: S2S, S2R, R2R; on other test sets S2P, S2T, ...; or FILE.toml.",
)
@click.option("--method", required=True, help="A name of `benchmark methods`, or folder:DIR, cmd:..., ...")
@click.option(
    "--task",
    "tasks",
    multiple=True,
    type=RecipeName(),
    help="One of the paper's six, any recipe, FILE.toml; repeatable.  [default: the protocol's that the method runs]",
)
@click.option("--metrics", help="Ids of `benchmark metrics`, with commas between.  [default: the protocol's]")
@click.option("--seed", type=SEED, default=0, show_default=True, help="Training seed.")
@resumed
@scoring_options
@shared_options
@spread_over
def run(
    protocol: str, method: str, tasks: tuple[str, ...], metrics: str | None, seed: int, resume: bool,
    keep: bool, max_failures: int | None,
    profile: str, ffhq: Path | None, facerenov: Path | None, names: Path | None,
    work: Path, results: Path, device: str, workers: int, limit: int | None,
) -> None:  # fmt: skip
    """Score one method under a protocol of the paper.

    Missing splits and trainings are made, those that are there are used.

    \b
    Example: benchmark run --protocol S2S --method bicubic_x4 --task sr4
    """
    find_method(method)
    from benchmark.cli.shared import summary as text
    from benchmark.runs import run as runner
    from benchmark.runs.request import RunRequest

    settings = make_settings(profile, (ffhq, facerenov, names), (work, results), device, workers, limit)
    settings = replace(settings, keep=keep, max_failures=max_failures)
    once = tuple(dict.fromkeys(tasks))
    request = RunRequest(settings, load_protocol(protocol), method, once, seed, metric_ids(metrics), anew=not resume)
    done = runner.run(request)
    if left_out := request.tasks_left_out():
        echo(f"not run: {', '.join(left_out)}, which {method} is not for; name one with --task to run it")
    say([*text.means(done.scores), "", *text.closing(done)])
    sys.exit(text.exit_status(done, request.metrics))


@click.command(cls=Command)
@click.option(
    "--table", "numbers", multiple=True, help="1, 2, 3, 3_true, table_pretrained; repeatable.  [default: all]"
)
@click.option("--dry-run", is_flag=True, help="Only list the runs, what is there, and the time and disk they need.")
@scoring_options
@shared_options
def reproduce(
    numbers: tuple[str, ...], dry_run: bool, keep: bool, max_failures: int | None,
    profile: str, ffhq: Path | None, facerenov: Path | None, names: Path | None,
    work: Path, results: Path, device: str, workers: int, limit: int | None,
) -> None:  # fmt: skip
    """Run all that the paper's tables still lack for a profile.

    `benchmark tables` then renders them.

    \b
    Example: benchmark reproduce --profile lite --ffhq faces --dry-run
    """
    tables = [
        load_table(name) for name in ([f"table{name.removeprefix('table')}" for name in numbers] or table_names())
    ]
    from benchmark.cli.shared import summary as text
    from benchmark.runs.reproduction import reproduce as whole

    settings = make_settings(profile, (ffhq, facerenov, names), (work, results), device, workers, limit)
    settings = replace(settings, keep=keep, max_failures=max_failures)
    if dry_run:
        from benchmark.runs.reproduction import estimate

        say([*whole.listing(settings, tables), "", *estimate.lines(settings, whole.jobs_of(settings, tables)[0])])
        return
    done = whole.reproduce(settings, tables, lambda job, made: echo(whole.line(job, made)))
    absent = f"runs: {done.jobs}; rows not run, because their method or test set is not there: {len(done.not_run)}"
    without = text.failures(done.done.scores)
    say([absent, *without, *text.closing(done.done)])
    sys.exit(text.exit_status(done.done))


@click.command(cls=Command)
@click.option("--task", type=RecipeName(), help="One of the paper's six, or a recipe; leave it out for an evaluation.")
@click.option(
    "--protocol", type=Name("protocol", protocol_names, or_file=True), default="S2S", show_default=True,
    help="Which domain methods were trained on and the faces are of.",
)  # fmt: skip
@click.option("--split", help="Which test set of an evaluation, where it has several.")
@click.option("--method", "methods", multiple=True, help="A column; repeatable.  [default: all of an evaluation]")
@click.option("--seed", type=SEED, default=0, show_default=True, help="Training seed.")
@click.option("--out", type=PNG, help="FILE.png.  [default: below figures/ of the profile or the evaluation]")
@OVERWRITE
@sheet_options
@shared_options
def sheet(
    task: str | None, protocol: str, split: str | None, methods: tuple[str, ...], seed: int, out: Path | None,
    overwrite: bool, faces: int, columns: int, profile: str, ffhq: Path | None, facerenov: Path | None,
    names: Path | None, work: Path, results: Path, device: str, workers: int, limit: int | None,
) -> None:  # fmt: skip
    """Draw degraded, restored, reference faces side by side.

    Each method has a column. Of an evaluation the kept images are drawn, and nothing is restored.

    \b
    Example: benchmark sheet --task dual_blind --method bicubic_x4 --method ispl
    """
    from benchmark.reports.figures.sheets import SheetSize

    check_free(overwrite, *filter(None, (out,)))
    size = SheetSize(faces, columns)
    if is_evaluation(results):
        from benchmark.reports.evaluation.pictures import draw_sheet
        from benchmark.reports.evaluation.results import Results

        found = Results(results)
        test_set = chosen_test_set([test_set.name for test_set in found.test_sets], split)
        sys.exit(_say_drawn(draw_sheet(found, test_set, methods, size, work, out)))
    if task is None or not methods:
        raise InputError(f"sheet: expected --task and --method, got no {'--method' if task else '--task'}; name it")
    for name in methods:
        find_method(name)
    from benchmark.reports.figures.method_sheet import method_sheet
    from benchmark.runs.request import RunRequest

    settings = make_settings(profile, (ffhq, facerenov, names), (work, results), device, workers, limit)
    request = RunRequest(settings, load_protocol(protocol), methods[0], (task,), seed)
    say([f"written: {method_sheet(request, methods, size, out)}"])


@click.command(cls=Command)
@click.option(
    "--out", type=FOLDER, help="Folder for the figures.  [default: figures/ of the profile or the evaluation]"
)
@sheet_options
@shared_options
def figures(
    out: Path | None, faces: int, columns: int, profile: str, ffhq: Path | None, facerenov: Path | None,
    names: Path | None, work: Path, results: Path, device: str, workers: int, limit: int | None,
) -> None:  # fmt: skip
    """Draw the figures of a profile or an evaluation.

    Of a profile, with the checkpoints under --work that were scored (nothing is trained): sheets and residual maps of
    each task, S2R beside R2R, inputs reduced 2 to 16 times, the perception-distortion plane, training curves. The
    faces are those of --list, or of show.txt in the folder of the faces. Of an evaluation (--results DIR): a sheet
    for each test set and the plane, from the kept images.

    \b
    Example: benchmark figures --profile lite
    """
    from benchmark.reports.figures.sheets import SheetSize

    size = SheetSize(faces, columns)
    if is_evaluation(results):
        from benchmark.reports.evaluation.pictures import draw, scored_splits
        from benchmark.reports.evaluation.results import Results

        found = Results(results)
        sys.exit(_say_drawn(draw(found, scored_splits(found, work), work, size, out)))
    from benchmark.reports.figures.gallery import Gallery

    settings = make_settings(profile, (ffhq, facerenov, names), (work, results), device, workers, limit)
    _say_drawn(Gallery(settings, size, out).draw())


def _say_drawn(made: "Figures") -> int:
    """Say it; the exit status of an evaluation, whose images can all be there."""
    say([*(f"left out: {sentence}" for sentence in made.left_out), *(f"written: {path}" for path in made.files)])
    return 1 if made.left_out else 0
