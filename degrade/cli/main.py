"""The command `degrade` and its subcommands."""

import click

from degrade.cli.console import Group
from degrade.cli.importing import import_
from degrade.cli.recipes import operators, presets, preview
from degrade.cli.reduce import reduce
from degrade.cli.run import run
from degrade.cli.splits import merge, replay, verify


@click.group(cls=Group)
def degrade() -> None:
    """Turn clean faces into pairs of reference and degraded images that anyone can repeat."""


for command in (run, presets, preview, operators, verify, replay, merge, import_, reduce):
    degrade.add_command(command)
