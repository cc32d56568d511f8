"""The command `ispl`: train the reference network, restore faces with it, inspect it."""

import click

from degrade.cli.console import Group
from ispl_model.cli.calibrate import calibrate
from ispl_model.cli.explain import explain
from ispl_model.cli.export import export
from ispl_model.cli.info import info
from ispl_model.cli.restore import restore
from ispl_model.cli.train import train


@click.group(cls=Group)
def ispl() -> None:
    """Restore faces and photographs, with any model; train and inspect the paper's network."""


for command in (restore, calibrate, train, info, explain, export):
    ispl.add_command(command)
