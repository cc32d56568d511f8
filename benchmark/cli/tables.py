"""`benchmark tables`."""

from pathlib import Path

import click

from benchmark.cli.shared.question import profile_option, results_option
from benchmark.specs.evaluation import is_evaluation
from degrade.cli.console import FILE, Command, echo


@click.command(cls=Command)
@profile_option
@results_option
@click.option("--table", "files", multiple=True, type=FILE, help="FILE.toml: a table of your own; repeatable.")
def tables(profile: str, results: Path, files: tuple[Path, ...]) -> None:
    """Render Tables 1 to 3, those of your own, or those of an evaluation; from score lines, without data or weights."""
    from benchmark.reports.evaluation.write import write_tables
    from benchmark.reports.tables.render import render

    own = [str(file) for file in files]
    for path in write_tables(results) if is_evaluation(results) else render(profile, results, own):
        echo(f"written: {path}")
