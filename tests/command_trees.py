"""All commands of the project, by how they are called."""

import shlex
from itertools import dropwhile

import click

from benchmark.cli.main import benchmark
from degrade.cli.facerenov import degrade_facerenov
from degrade.cli.main import degrade
from degrade.cli.run import degrade_ffhq
from ispl_model.cli.main import ispl

PROGRAMS: dict[str, click.Command] = {
    "degrade": degrade,
    "degrade-ffhq": degrade_ffhq,
    "degrade-facerenov": degrade_facerenov,
    "ispl": ispl,
    "benchmark": benchmark,
}


def below(command: click.Command, name: str) -> dict[str, click.Command]:
    """A command and every command and group below it, hidden ones too."""
    found = {name: command}
    for word, own in getattr(command, "commands", {}).items():
        found |= below(own, f"{name} {word}")
    return found


EVERY = {called: own for name, program in PROGRAMS.items() for called, own in below(program, name).items()}
COMMANDS = {called: own for called, own in EVERY.items() if not isinstance(own, click.Group)}
GROUPS = {called: own for called, own in EVERY.items() if isinstance(own, click.Group)}


def parse(line: str) -> str:
    """Parse a line as a shell and click do, without running it, and return which command it calls.

    A click.UsageError says what is wrong with it.
    """
    name, *words = shlex.split(line, comments=True)
    command = PROGRAMS[name]
    while isinstance(command, click.Group):
        words = list(dropwhile(lambda word: word.startswith("-"), words))  # a group has flags alone
        word, command, words = command.resolve_command(click.Context(command), words)
        name = f"{name} {word}"
    command.make_context(name, words)
    return name
