"""`benchmark run`, `reproduce`, `sheet` and `figures`: what restores and scores."""

from dataclasses import replace
from pathlib import Path

import click

from benchmark.cli.options import make_settings, metric_ids, say, scoring_options, shared_options, stoppable
from benchmark.methods.registry import find_method
from benchmark.specs.protocols import load_protocol, protocol_names
from benchmark.specs.tables import load_table, table_names
from degrade.cli.console import COUNT, Command, Name
from degrade.recipes.tasks import TASKS


@click.command(cls=Command)
@click.option(
    "--protocol", required=True, type=Name("protocol", protocol_names), help="S2S, S2R, R2R; on test sets S2P, S2T, ..."
)
@click.option("--method", required=True, help="One of `benchmark methods`, or folder:DIR, cmd:..., ...")
@click.option(
    "--task",
    "tasks",
    multiple=True,
    type=Name("task", lambda: TASKS),
    help="May be repeated; default: those of the protocol that the method runs.",
)
@click.option("--metrics", help="Ids of `benchmark metrics`, with commas between; default: the protocol's.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Training seed.")
@click.option("--resume/--anew", default=True, show_default=True, help="Add what is missing, or restore and score all.")
@scoring_options
@shared_options
def run(
    protocol: str, method: str, tasks: tuple[str, ...], metrics: str | None, seed: int, resume: bool,
    keep: bool, max_failures: int | None,
    profile: str, ffhq: Path | None, facerenov: Path | None, names: Path | None,
    work: Path, results: Path, device: str, workers: int, limit: int | None,
) -> None:  # fmt: skip
    """Score one method: makes missing splits and trainings, reuses existing ones.

    Example: benchmark run --protocol S2S --method bicubic_x4 --task sr4
    """
    find_method(method)
    from benchmark.cli import summary as text
    from benchmark.runs import run as runner
    from benchmark.runs.request import RunRequest

    settings = make_settings(profile, (ffhq, facerenov, names), (work, results), device, workers, limit)
    settings = replace(settings, keep=keep, max_failures=max_failures)
    once = tuple(dict.fromkeys(tasks))
    request = RunRequest(settings, load_protocol(protocol), method, once, seed, metric_ids(metrics), anew=not resume)
    done = stoppable(lambda: runner.run(request))
    say([*text.means(done.scores), "", *text.closing(done)])


@click.command(cls=Command)
@click.option("--table", "numbers", multiple=True, help="1, 2, 3, 2_photographs, 3_true; repeatable; default: all.")
@click.option("--dry-run", is_flag=True, help="Only list the runs, what exists, and the time and disk needed.")
@scoring_options
@shared_options
def reproduce(
    numbers: tuple[str, ...], dry_run: bool, keep: bool, max_failures: int | None,
    profile: str, ffhq: Path | None, facerenov: Path | None, names: Path | None,
    work: Path, results: Path, device: str, workers: int, limit: int | None,
) -> None:  # fmt: skip
    """Run all that the tables of a profile still lack; `benchmark tables` then renders them."""
    tables = [load_table(name) for name in ([f"table{number}" for number in numbers] or table_names())]
    from benchmark.cli import summary as text
    from benchmark.runs.reproduction import reproduce as whole

    settings = make_settings(profile, (ffhq, facerenov, names), (work, results), device, workers, limit)
    settings = replace(settings, keep=keep, max_failures=max_failures)
    if dry_run:
        from benchmark.runs.reproduction import estimate

        say([*whole.listing(settings, tables), "", *estimate.lines(settings, whole.jobs_of(settings, tables)[0])])
        return
    done = stoppable(lambda: whole.reproduce(settings, tables, lambda job, made: click.echo(whole.line(job, made))))
    absent = f"runs: {done.jobs}; rows not run, because their method or test set is not there: {len(done.not_run)}"
    say([absent, *text.closing(done.done)])


@click.command(cls=Command)
@click.option("--task", type=Name("task", lambda: TASKS), required=True)
@click.option("--protocol", type=Name("protocol", protocol_names), default="S2S", show_default=True)
@click.option("--method", "names_of_methods", multiple=True, required=True, help="A column; may be repeated.")
@click.option("--faces", "count", type=COUNT, default=4, show_default=True, help="Rows.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Training seed.")
@shared_options
def sheet(
    task: str, protocol: str, names_of_methods: tuple[str, ...], count: int, seed: int,
    profile: str, ffhq: Path | None, facerenov: Path | None, names: Path | None,
    work: Path, results: Path, device: str, workers: int, limit: int | None,
) -> None:  # fmt: skip
    """Draw degraded, restored and reference faces side by side, one column for each method.

    Example: benchmark sheet --task dual_blind --method bicubic_x4 --method ispl
    """
    for name in names_of_methods:
        find_method(name)
    from benchmark.reports.figures.method_sheet import method_sheet
    from benchmark.runs.request import RunRequest

    settings = make_settings(profile, (ffhq, facerenov, names), (work, results), device, workers, limit)
    request = RunRequest(settings, load_protocol(protocol), names_of_methods[0], (task,), seed)
    say([f"written: {stoppable(lambda: method_sheet(request, names_of_methods, count))}"])


@click.command(cls=Command)
@click.option("--faces", "count", type=COUNT, default=3, show_default=True, help="Rows of each sheet.")
@shared_options
def figures(
    count: int, profile: str, ffhq: Path | None, facerenov: Path | None, names: Path | None,
    work: Path, results: Path, device: str, workers: int, limit: int | None,
) -> None:  # fmt: skip
    """Draw figures of a profile's scores, with the checkpoints under --work that were scored; trains nothing.

    Sheets and residual maps of each task, S2R beside R2R, inputs reduced 2 to 16 times, the perception-distortion
    plane, training curves. The faces are those of --list, or of show.txt in the folder of the faces.
    """
    from benchmark.reports.figures.gallery import Gallery

    settings = make_settings(profile, (ffhq, facerenov, names), (work, results), device, workers, limit)
    made = stoppable(Gallery(settings, count).draw)
    say([*(f"left out: {sentence}" for sentence in made.left_out), *(f"written: {path}" for path in made.files)])
