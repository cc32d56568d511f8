"""`benchmark methods` and `benchmark metrics`: what there is, without loading any of it."""

import click

from benchmark.methods import registry as methods
from benchmark.methods.table import EVERY_TASK, METHODS, OUTSIDE, TRAINED, TUNED
from degrade.cli.console import Command

_MADE = {TRAINED: "trained first", TUNED: "tuned first"}


@click.command("methods", cls=Command)
def list_methods() -> None:
    """List the methods: scale, whether they can run here and on what weights, tasks, licence, source, deviations."""
    outside = {f"{kind}:": row for kind, row in OUTSIDE.items()}
    for name, row in (METHODS | outside).items():
        obstacle = methods.obstacle(row)
        weights = _MADE.get(row.kind) or ("weights" if row.weights else "no weights")
        runs = "not here" if obstacle else f"runs, {weights}"
        tasks = "every task" if row.tasks == EVERY_TASK else ", ".join(row.tasks) or "any task"
        scale = "-" if name in outside else f"x{row.scale}"
        why = f"; not here: {obstacle}" if obstacle else ""
        click.echo(f"{name:<18} {scale:<2}  {runs:<19}  {tasks:<10}  {row.licence:<10}  {row.source}{why}")
        if row.deviation:
            click.echo(f"{'':<23}{row.deviation}")


@click.command("metrics", cls=Command)
def list_metrics() -> None:
    """List the metrics: unit, direction, and what they compute.

    Besides them: pyiqa:NAME for any of pyiqa's, and fid.inception@NAME.npz (see `benchmark weights statistics`).
    """
    from benchmark.metrics.table import METRICS

    for metric in METRICS.values():
        better = {True: "higher", False: "lower", None: "neither"}[metric.higher_is_better]
        click.echo(f"{metric.id:<18} {metric.unit:<10} {better:<7} {metric.per:<5}  {metric.meaning}")
