"""The command `degrade` and its subcommands."""

import click

from degrade.cli.console import Group
from degrade.cli.importing import import_
from degrade.cli.recipes import presets, preview
from degrade.cli.reduce import reduce
from degrade.cli.run import run
from degrade.cli.splits import merge, replay, verify


@click.group(cls=Group)
def degrade() -> None:
    """Turn clean faces into pairs of reference and degraded images that anyone can repeat."""


degrade.add_command(presets)
degrade.add_command(preview)
degrade.add_command(replay)
degrade.add_command(verify)
degrade.add_command(merge)
degrade.add_command(import_)
degrade.add_command(reduce)


degrade.add_command(run)
