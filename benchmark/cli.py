"""The command `benchmark`: run one method, reproduce the tables, score folders, list what there is."""

import click

from benchmark import cli_statistics
from benchmark.assets import offline
from benchmark.cli_lists import list_methods, list_metrics
from benchmark.cli_run import figures, reproduce, run, sheet
from benchmark.cli_score import score
from benchmark.cli_tables import tables
from benchmark.cli_throughput import throughput
from benchmark.cli_tradeoff import tradeoff
from benchmark.cli_weights import weights_group
from degrade.cli.console import Group


@click.group(cls=Group)
@click.option("--offline", "no_network", is_flag=True, help=f"Open no connection at all; also by {offline.VARIABLE}=1.")
def benchmark(no_network: bool) -> None:
    """Hold restoration methods to the paper's protocols and render its tables."""
    offline.seal() if no_network else offline.obey()


for command in (
    *(run, reproduce, tables, sheet, figures, score, list_methods, list_metrics, weights_group, tradeoff, throughput),
    *(
        cli_statistics.compare,
        cli_statistics.breakdown,
        cli_statistics.claims,
        cli_statistics.sanity,
        cli_statistics.export,
    ),
):
    benchmark.add_command(command)
