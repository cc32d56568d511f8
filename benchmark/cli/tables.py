"""`benchmark tables`."""

from pathlib import Path

import click

from benchmark.specs.protocols import profile_names
from degrade.cli.console import FOLDER, Command, Name


@click.command(cls=Command)
@click.option("--profile", type=Name("profile", profile_names), default="quick", show_default=True)
@click.option("--results", type=FOLDER, default="results", show_default=True)
def tables(profile: str, results: Path) -> None:
    """Render Tables 1 to 3 from the existing score lines; needs no data and no weights."""
    from benchmark.reports.tables.render import render

    for path in render(profile, results):
        click.echo(f"written: {path}")
