"""Options that several commands share, and the values made from them."""

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benchmark.specs.evaluation import is_evaluation
from benchmark.specs.protocols import load_profile, profile_names
from degrade.cli.console import COUNT, DEVICE, FOLDER, PLACE, Name, Stopped, echo, options
from degrade.core.errors import InputError

if TYPE_CHECKING:
    from benchmark.runs.settings import Settings

shared_options = options(
    click.option(
        "--profile",
        type=Name("profile", profile_names, or_file=True),
        default="quick",
        show_default=True,
        help="How large the experiment is: quick (minutes), lite, paper or FILE.toml.",
    ),
    click.option(
        "--ffhq", type=FOLDER, help="Folder of clean faces; without it all profiles but quick and paper take FACES_HQ."
    ),
    click.option("--facerenov", type=FOLDER, help="Folder with the splits train and test of real degraded faces."),
    click.option("--list", "names", type=PLACE, help="File naming the test faces in --ffhq, one a line."),
    click.option("--work", type=FOLDER, default="runs", show_default=True, help="Folder for splits and checkpoints."),
    click.option(
        "--results", type=FOLDER, default="results", show_default=True, help="Folder for score lines and tables."
    ),
    click.option("--device", type=DEVICE, default="auto", show_default=True, help="Where to train and restore."),
    click.option(
        "--workers",
        type=COUNT,
        default=1,
        show_default=True,
        help="Processes that degrade and score; each holds the metrics in memory.",
    ),
    click.option("--limit", type=COUNT, help="Score at most so many test images."),
)
scoring_options = options(
    click.option(
        "--keep", is_flag=True, help="Keep the restored images in WORK/restored, and use those that are there."
    ),
    click.option(
        "--max-failures", type=click.IntRange(0), help="Stop when more images than this fail.  [default: go on]"
    ),
)
sheet_options = options(
    click.option(
        "--faces", type=COUNT, default=4, show_default=True, help="How many faces a sheet shows, from the first on."
    ),
    click.option(
        "--columns",
        type=COUNT,
        default=6,
        show_default=True,
        help="How many columns stand side by side; more go below.",
    ),
)


def resumed(command: Callable) -> Callable:
    """The option that says whether scores that are there count; where they do not, a stop says how to go on."""

    @click.option(
        "--resume/--anew",
        default=True,
        show_default=True,
        help="Add what is missing, or restore and score everything again.",
    )
    @functools.wraps(command)
    def decorated(*arguments: Any, resume: bool, **options: Any) -> Any:
        try:
            return command(*arguments, resume=resume, **options)
        except KeyboardInterrupt as stop:
            if resume or str(stop):  # a training that was stopped says itself how it goes on
                raise
            raise Stopped("stopped; the same command begins again, without --anew it adds what is missing") from stop

    return decorated


def metric_ids(text: str | None) -> tuple[str, ...]:
    """The ids between the commas of an option, each once; none where it is not given. InputError where it has none."""
    ids = tuple(dict.fromkeys(filter(None, map(str.strip, (text or "").split(",")))))
    if text is not None and not ids:
        raise InputError(f"--metrics: expected ids with commas between, got '{text}'; leave it out for the default")
    return ids


def make_settings(
    profile: str,
    faces: tuple[Path | None, Path | None, Path | None],
    places: tuple[Path, Path],
    device: str,
    workers: int,
    limit: int | None,
) -> "Settings":
    from benchmark.runs.settings import DataFolders, Settings

    if is_evaluation(places[1]):
        raise InputError(f"{places[1]}: is the folder of an evaluation, which no profile may write to; name another")
    return Settings(
        load_profile(profile).limited(limit),
        DataFolders(*faces),
        *places,
        device,
        workers,
        ("benchmark", *sys.argv[1:]),
    )


def say(lines: list[str]) -> None:
    echo(*lines)
