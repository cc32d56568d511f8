"""Options that several commands share, and the values made from them."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from benchmark.specs.protocols import load_profile, profile_names
from degrade.cli.console import COUNT, DEVICE, FOLDER, PLACE, Name, options

if TYPE_CHECKING:
    from benchmark.runs.settings import Settings

Made = TypeVar("Made")
shared_options = options(
    click.option("--profile", type=Name("profile", profile_names), default="quick", show_default=True, help="Size."),
    click.option("--ffhq", type=FOLDER, help="Folder of clean faces; lite also reads FACES_HQ."),
    click.option("--facerenov", type=FOLDER, help="Folder with the splits train and test of real degraded faces."),
    click.option("--list", "names", type=PLACE, help="File naming the test faces in --ffhq."),
    click.option("--work", type=FOLDER, default="runs", show_default=True, help="Splits and checkpoints."),
    click.option("--results", type=FOLDER, default="results", show_default=True, help="Score lines and tables."),
    click.option("--device", type=DEVICE, default="auto", show_default=True),
    click.option("--workers", type=COUNT, default=1, show_default=True, help="Processes that degrade and score."),
    click.option("--limit", type=COUNT, help="Score at most so many test images."),
)
scoring_options = options(
    click.option("--keep", is_flag=True, help="Leave the restored images in WORK/restored, and use those there."),
    click.option("--max-failures", type=click.IntRange(0), help="Stop when more images fail; default: go on."),
)


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
    from benchmark.runs.settings import DataFolders, Settings

    return Settings(
        load_profile(profile).limited(limit),
        DataFolders(*faces),
        *places,
        device,
        workers,
        ("benchmark", *sys.argv[1:]),
    )


def stoppable(work: Callable[[], Made]) -> Made:
    """`work()`; Ctrl-C becomes one line, since everything computed so far is on disk."""
    try:
        return work()
    except KeyboardInterrupt as stop:
        raise click.ClickException(str(stop) or "stopped; the same command continues from there") from stop


def say(lines: list[str]) -> None:
    for line in lines:
        click.echo(line)
