"""Commands that read score lines only: compare methods, break a metric down, judge the paper's claims, export."""

from collections.abc import Callable
from pathlib import Path

import click

from benchmark.methods import EVERY_TASK
from benchmark.protocol import profile_names, protocol_names
from degrade.console import Command, Name

_FOLDER = click.Path(path_type=Path, file_okay=False)
_FILE = click.Path(path_type=Path, dir_okay=False)
_OUT = click.option("--out", type=_FILE, help="Also write the table here: .md, .csv or .tex.")
_PROFILE = click.option("--profile", type=Name("profile", profile_names), default="quick", show_default=True)
_RESULTS = click.option("--results", type=_FOLDER, default="results", show_default=True, help="Score lines.")
_ONE_TASK = (
    _PROFILE,
    click.option("--protocol", type=Name("protocol", protocol_names), default="S2S", show_default=True),
    click.option("--task", type=Name("task", lambda: EVERY_TASK), required=True),
    _RESULTS,
)


def _of_one_task(command: Callable) -> Callable:
    for option in reversed(_ONE_TASK):
        command = option(command)
    return command


@click.command(cls=Command)
@click.argument("method_names", metavar="METHOD METHOD...", nargs=-1, required=True)
@_of_one_task
@click.option("--metric", "metrics", multiple=True, help="May be repeated; default: every metric of images.")
@_OUT
def compare(
    method_names: tuple[str, ...], profile: str, protocol: str, task: str, results: Path,
    metrics: tuple[str, ...], out: Path | None,
) -> None:  # fmt: skip
    """Compare methods on the same images: difference with its interval, Wilcoxon's test, Holm's correction.

    Example: benchmark compare ispl edsr --profile lite --task sr4
    """
    from benchmark import compare as comparing
    from benchmark.cells import Runs
    from benchmark.layout import to_markdown, write_page
    from benchmark.record import read_scores

    there = Runs(read_scores(results, profile))
    runs = {name: there.need(protocol, task, name) for name in dict.fromkeys(method_names)}
    pairs = comparing.compare(runs, metrics)
    comparing.check_comparable(results, profile, runs, [pair.metric for pair in pairs])
    split = next(iter(runs.values())).split
    table = comparing.page(pairs, f"Profile {profile}, {task} under {protocol}, test split {split}")
    click.echo(to_markdown(table), nl=False)
    if out:
        write_page(out, table, comparing.rows(pairs))
        click.echo(f"written: {out}")
