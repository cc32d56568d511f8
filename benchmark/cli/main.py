"""The command `benchmark`: run one method, reproduce the tables, score folders, list what there is."""

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
@click.option("--offline", "no_network", is_flag=True, help=f"Open no connection; also set by {offline.VARIABLE}=1.")
@click.option("--trust", "trusted", is_flag=True, help=f"Run programs in files (TorchScript); also {trust.VARIABLE}=1.")
def benchmark(no_network: bool, trusted: bool) -> None:
    """Evaluate restoration methods under the paper's protocols and render its tables."""
    if trusted:
        trust.grant()
    offline.seal() if no_network else offline.obey()


for command in (
    *(evaluate, report, vote, votes, run, reproduce, tables, sheet, figures, score),
    *(list_methods, list_metrics, weights_group, tradeoff, throughput),
    *(
        statistics.compare,
        statistics.breakdown,
        statistics.claims,
        statistics.sanity,
        statistics.export,
    ),
):
    benchmark.add_command(command)
