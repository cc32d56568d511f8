"""The command `benchmark`: compare restorers, score folders, run the paper's protocols, list what there is."""

import click

from benchmark.assets import offline, trust
from benchmark.cli import statistics
from benchmark.cli.catalogue import list_methods, list_metrics, weights_group
from benchmark.cli.evaluate import evaluate
from benchmark.cli.experiments import throughput, tradeoff
from benchmark.cli.report import report
from benchmark.cli.run import figures, reproduce, run, sheet
from benchmark.cli.score import score
from benchmark.cli.tables import tables
from benchmark.cli.votes import vote, votes
from degrade.cli.console import Group


@click.group(cls=Group)
@click.option(
    "--offline", "no_network", is_flag=True, help=f"Open no network connection; also set by {offline.VARIABLE}=1."
)
@click.option(
    "--trust",
    "trusted",
    is_flag=True,
    help=f"Let files of weights that are programs (TorchScript) run; also set by {trust.VARIABLE}=1.",
)
def benchmark(no_network: bool, trusted: bool) -> None:
    """Compare face restorers: on your own test sets (evaluate), or under the paper's protocols (run, tables)."""
    if trusted:
        trust.grant()
    offline.seal() if no_network else offline.obey()


for command in (
    *(evaluate, score, report, statistics.compare, statistics.breakdown, statistics.export, vote, votes),
    *(list_methods, list_metrics, weights_group),
    *(run, reproduce, tables, figures, sheet, statistics.claims, statistics.sanity, tradeoff, throughput),
):
    benchmark.add_command(command)
