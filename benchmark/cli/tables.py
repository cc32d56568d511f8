"""`benchmark tables`."""

from pathlib import Path

import click

from benchmark.cli.shared.question import profile_option, results_option
from benchmark.specs.evaluation import is_evaluation
from degrade.cli.console import FILE, Command, echo


@click.command(cls=Command)
@profile_option
@results_option
@click.option("--table", "files", multiple=True, type=FILE, help="FILE.toml with a table of your own; repeatable.")
def tables(profile: str, results: Path, files: tuple[Path, ...]) -> None:
    """Render the paper's tables, your own, or an evaluation's.

    It needs score lines alone, neither data nor weights. Tables 1 to 3 stand beside the paper's figures.

    \b
    Example: benchmark tables --profile lite
    """
    from benchmark.reports.evaluation.write import write_tables
    from benchmark.reports.tables.render import render

    own = [str(file) for file in files]
    for path in write_tables(results) if is_evaluation(results) else render(profile, results, own):
        echo(f"written: {path}")
