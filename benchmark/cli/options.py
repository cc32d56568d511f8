"""Options that several commands share, and the values made from them."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from benchmark.specs.protocols import load_profile, profile_names
from degrade.cli.console import Name

if TYPE_CHECKING:
    from benchmark.runs.settings import Settings

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
    click.option(
        "--workers", type=click.IntRange(1), default=1, show_default=True, help="Processes that degrade and score."
    ),
    click.option("--limit", type=click.IntRange(1), help="Score at most so many test images."),
)
_SCORING = (
    click.option("--keep", is_flag=True, help="Leave the restored images in WORK/restored, and use those there."),
    click.option("--max-failures", type=click.IntRange(0), help="Stop when more images fail; default: go on."),
)


def shared_options(command: Callable) -> Callable:
    return _with(_SHARED, command)


def scoring_options(command: Callable) -> Callable:
    return _with(_SCORING, command)


def _with(options: Sequence[Callable], command: Callable) -> Callable:
    for option in reversed(options):
        command = option(command)
    return command


def metric_ids(text: str | None) -> tuple[str, ...]:
    """The ids between the commas of an option, each once."""
    return tuple(dict.fromkeys(filter(None, map(str.strip, (text or "").split(",")))))


def make_settings(
    profile: str,
    faces: tuple[Path | None, Path | None, Path | None],
    places: tuple[Path, Path],
    device: str,
    workers: int,
    limit: int | None,
) -> "Settings":
    from benchmark.runs.settings import Faces, Settings

    chosen = load_profile(profile)
    if limit is not None:
        chosen = replace(chosen, test=min(limit, chosen.test or limit))
    return Settings(chosen, Faces(*faces), *places, device, workers, ("benchmark", *sys.argv[1:]))


def stoppable(work: Callable[[], Made]) -> Made:
    """`work()`; Ctrl-C becomes one line, since everything computed so far is on disk."""
    try:
        return work()
    except KeyboardInterrupt as stop:
        raise click.ClickException(str(stop) or "stopped; the same command continues from there") from stop


def say(lines: list[str]) -> None:
    for line in lines:
        click.echo(line)
