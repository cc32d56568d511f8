"""The command `benchmark`: run one method, reproduce the tables, list what there is."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from benchmark import cli_statistics, methods, offline
from benchmark.cli_tradeoff import tradeoff
from benchmark.cli_weights import weights_group
from benchmark.protocol import load_profile, load_protocol, load_table, profile_names, protocol_names, table_names
from degrade.console import Group, Name

if TYPE_CHECKING:
    from benchmark.places import Settings

Made = TypeVar("Made")
_FOLDER = click.Path(path_type=Path, file_okay=False)
_SHARED = (
    click.option("--profile", type=Name("profile", profile_names), default="quick", show_default=True, help="Size."),
    click.option("--ffhq", type=_FOLDER, help="Folder of clean faces; lite also reads FACES_HQ."),
    click.option("--facerenov", type=_FOLDER, help="Folder with the splits train and test of real degraded faces."),
    click.option("--list", "names", type=click.Path(path_type=Path), help="File naming the test faces in --ffhq."),
    click.option("--work", type=_FOLDER, default="runs", show_default=True, help="Splits and checkpoints."),
    click.option("--results", type=_FOLDER, default="results", show_default=True, help="Score lines and tables."),
    click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True),
    click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Processes that degrade."),
    click.option("--limit", type=click.IntRange(1), help="Score at most so many test images."),
)


def _shared(command: Callable) -> Callable:
    for option in reversed(_SHARED):
        command = option(command)
    return command


@click.group(cls=Group)
@click.option("--offline", "no_network", is_flag=True, help=f"Open no connection at all; also by {offline.VARIABLE}=1.")
def benchmark(no_network: bool) -> None:
    """Hold restoration methods to the paper's protocols and render its tables."""
    offline.seal() if no_network else offline.obey()


benchmark.add_command(weights_group)
benchmark.add_command(cli_statistics.compare)
benchmark.add_command(cli_statistics.breakdown)
benchmark.add_command(cli_statistics.claims)
benchmark.add_command(cli_statistics.export)
benchmark.add_command(tradeoff)


@benchmark.command()
@click.option("--protocol", required=True, type=Name("protocol", protocol_names), help="S2S, S2R or R2R.")
@click.option("--method", required=True, help="One of `benchmark methods`.")
@click.option(
    "--task",
    "tasks",
    multiple=True,
    type=Name("task", lambda: methods.EVERY_TASK),
    help="May be repeated; default: those of the protocol that the method runs.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of training.")
@_shared
def run(
    protocol: str, method: str, tasks: tuple[str, ...], seed: int,
    profile: str, ffhq: Path | None, facerenov: Path | None, names: Path | None,
    work: Path, results: Path, device: str, workers: int, limit: int | None,
) -> None:  # fmt: skip
    """Score one method: makes splits and training that are missing, reuses what is there.

    Example: benchmark run --protocol S2S --method bicubic_x4 --task sr4
    """
    methods.find_method(method)
    from benchmark import run as runner
    from benchmark import summary as text

    settings = _settings(profile, (ffhq, facerenov, names), (work, results), device, workers, limit)
    request = runner.RunRequest(settings, load_protocol(protocol), method, tuple(dict.fromkeys(tasks)), seed)
    done = _stoppable(lambda: runner.run(request))
    _say([*text.means(done.scores), "", *text.closing(done)])


@benchmark.command()
@click.option("--table", "numbers", type=int, multiple=True, help="1, 2 or 3; may be repeated; default: all.")
@click.option("--dry-run", is_flag=True, help="Only list the runs and how many of their score lines are there.")
@_shared
def reproduce(
    numbers: tuple[int, ...], dry_run: bool,
    profile: str, ffhq: Path | None, facerenov: Path | None, names: Path | None,
    work: Path, results: Path, device: str, workers: int, limit: int | None,
) -> None:  # fmt: skip
    """Run whatever the tables of a profile still lack; `benchmark tables` then renders them."""
    tables = [load_table(name) for name in ([f"table{number}" for number in numbers] or table_names())]
    from benchmark import reproduce as whole
    from benchmark import summary as text

    settings = _settings(profile, (ffhq, facerenov, names), (work, results), device, workers, limit)
    if dry_run:
        _say(whole.listing(settings, tables))
        return
    done = _stoppable(lambda: whole.reproduce(settings, tables, lambda job, made: click.echo(whole.line(job, made))))
    absent = f"runs: {done.jobs}; rows not run, because their method is not there: {len(done.not_run)}"
    _say([absent, *text.closing(done.done)])


@benchmark.command()
@click.option("--task", type=Name("task", lambda: methods.EVERY_TASK), required=True)
@click.option("--protocol", type=Name("protocol", protocol_names), default="S2S", show_default=True)
@click.option("--method", "names_of_methods", multiple=True, required=True, help="A column; may be repeated.")
@click.option("--faces", "count", type=click.IntRange(1), default=4, show_default=True, help="Rows.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of training.")
@_shared
def sheet(
    task: str, protocol: str, names_of_methods: tuple[str, ...], count: int, seed: int,
    profile: str, ffhq: Path | None, facerenov: Path | None, names: Path | None,
    work: Path, results: Path, device: str, workers: int, limit: int | None,
) -> None:  # fmt: skip
    """Draw degraded, restored and reference faces side by side, one column for each method.

    Example: benchmark sheet --task dual_blind --method bicubic_x4 --method ispl
    """
    for name in names_of_methods:
        methods.find_method(name)
    from benchmark.report import method_sheet
    from benchmark.run import RunRequest

    settings = _settings(profile, (ffhq, facerenov, names), (work, results), device, workers, limit)
    request = RunRequest(settings, load_protocol(protocol), names_of_methods[0], (task,), seed)
    _say([f"written: {_stoppable(lambda: method_sheet(request, names_of_methods, count))}"])


@benchmark.command()
@click.option("--profile", type=Name("profile", profile_names), default="quick", show_default=True)
@click.option("--results", type=_FOLDER, default="results", show_default=True)
def tables(profile: str, results: Path) -> None:
    """Render Tables 1 to 3 from the score lines that are there; needs no data and no weights."""
    from benchmark.tables import render

    _say([f"written: {path}" for path in render(profile, results)])


@benchmark.command("methods")
def list_methods() -> None:
    """List the methods: scale, tasks, whether they are trained, and source."""
    for name, row in methods.METHODS.items():
        kind = "trained" if row.trainable else "fixed"
        which = "every task" if row.tasks == methods.EVERY_TASK else ", ".join(row.tasks)
        click.echo(f"{name:<18} x{row.scale}  {kind:<7}  {which:<10}  {row.source}")


@benchmark.command("metrics")
def list_metrics() -> None:
    """List the metrics: unit, direction, and what they compute.

    Besides them: pyiqa:NAME for any of pyiqa's, and fid.inception@NAME.npz (see `benchmark weights statistics`).
    """
    from benchmark.metrics import METRICS

    for metric in METRICS.values():
        better = {True: "higher", False: "lower", None: "neither"}[metric.higher_is_better]
        click.echo(f"{metric.id:<18} {metric.unit:<10} {better:<7} {metric.per:<5}  {metric.meaning}")


def _settings(
    profile: str,
    faces: tuple[Path | None, Path | None, Path | None],
    places: tuple[Path, Path],
    device: str,
    workers: int,
    limit: int | None,
) -> "Settings":
    from benchmark.places import Faces, Settings

    chosen = load_profile(profile)
    if limit is not None:
        chosen = replace(chosen, test=min(limit, chosen.test or limit))
    return Settings(chosen, Faces(*faces), *places, device, workers, ("benchmark", *sys.argv[1:]))


def _stoppable(work: Callable[[], Made]) -> Made:
    """`work()`; Ctrl-C becomes one line, since everything computed so far is on disk."""
    try:
        return work()
    except KeyboardInterrupt as stop:
        raise click.ClickException(str(stop) or "stopped; the same command goes on from there") from stop


def _say(lines: list[str]) -> None:
    for line in lines:
        click.echo(line)
