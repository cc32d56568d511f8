"""`benchmark report`: a page that people look at."""

import sys
from pathlib import Path

import click

from benchmark.cli.shared.options import say
from benchmark.specs.protocols import profile_names
from degrade.cli.console import FILE, FOLDER, Command, Name, echo
from degrade.core.errors import InputError

_SAID = 3  # test sets without pictures, which a command names


@click.command(cls=Command)
@click.argument("evaluated", metavar="[DIR]", type=FOLDER, required=False)
@click.option(
    "--profile",
    type=Name("profile", profile_names, or_file=True),
    help="A page of the tables of this profile, instead of DIR.",
)
@click.option("--table", "files", multiple=True, type=FILE, help="With --profile: FILE.toml of your own; repeatable.")
@click.option(
    "--results", type=FOLDER, default="results", show_default=True, help="Folder with the profile's score lines."
)
@click.option("--work", type=FOLDER, default="runs", show_default=True, help="Folder with splits and restored images.")
@click.option("--out", type=FOLDER, help="Folder for the page.  [default: report/ in DIR, or in RESULTS/PROFILE]")
@click.option("--single-file", is_flag=True, help="One file with every picture in it, to send around.")
def report(
    evaluated: Path | None, profile: str | None, files: tuple[Path, ...], results: Path, work: Path,
    out: Path | None, single_file: bool,
) -> None:  # fmt: skip
    """Make a page: tables, charts, and images under a slider.

    DIR is the --out of `benchmark evaluate`. The folder holds index.html, which any browser opens from any disk without
    a server or a network, and images/. Pictures are those below --work; without them the page has the numbers alone.

    \b
    Example: benchmark report compared --out page
    """
    if (evaluated is None) == (profile is None):
        got = "neither" if profile is None else "both"
        raise InputError(f"report: expected the folder of an evaluation or --profile, got {got}; name one")
    from benchmark.reports.html.sources import of_evaluation, of_profile
    from benchmark.reports.html.write import write

    own = [str(file) for file in files]
    content = of_evaluation(evaluated, work) if evaluated else of_profile(profile or "", results, work, own)
    beside = evaluated or results / content.title
    made = write(content, out or beside / "report", single_file)
    more = len(made.without) - _SAID
    say([*made.without[:_SAID], *([f"... and {more} more; the page says why under each table"] if more > 0 else [])])
    say([f"left out: {sentence}" for sentence in made.unread])
    echo(f"written: {made.page} ({made.pictures} pictures, {made.size / 1e6:.1f} MB in all)")
    sys.exit(1 if made.unread else 0)
