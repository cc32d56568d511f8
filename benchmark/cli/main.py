"""The command `benchmark`: run one method, reproduce the tables, score folders, list what there is."""

import click

from benchmark.assets import offline
from benchmark.cli import statistics
from benchmark.cli.catalogue import list_methods, list_metrics, weights_group
from benchmark.cli.experiments import throughput, tradeoff
from benchmark.cli.run import figures, reproduce, run, sheet
from benchmark.cli.score import score
from benchmark.cli.tables import tables
from degrade.cli.console import Group


@click.group(cls=Group)
@click.option("--offline", "no_network", is_flag=True, help=f"Open no connection; also set by {offline.VARIABLE}=1.")
def benchmark(no_network: bool) -> None:
    """Evaluate restoration methods under the paper's protocols and render its tables."""
    offline.seal() if no_network else offline.obey()


for command in (
    *(run, reproduce, tables, sheet, figures, score, list_methods, list_metrics, weights_group, tradeoff, throughput),
    *(
        statistics.compare,
        statistics.breakdown,
        statistics.claims,
        statistics.sanity,
        statistics.export,
    ),
):
    benchmark.add_command(command)
