"""The command `ispl`: train the reference network, restore faces with it, look into it."""

import click

from degrade.cli.console import Group
from ispl_model.cli_explain import explain
from ispl_model.cli_info import info
from ispl_model.cli_restore import restore
from ispl_model.cli_train import train


@click.group(cls=Group)
def ispl() -> None:
    """The reference face restoration network: train it on a split, restore faces with it, look into it."""


for command in (train, restore, explain, info):
    ispl.add_command(command)
