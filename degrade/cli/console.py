"""What all command lines share: errors in one line, names with suggestions."""

from collections.abc import Callable, Iterable
from typing import Any

import click

from degrade.core.errors import InputError, unknown


class _OneLineErrors:
    """Prints InputError as `Error: sentence` and exits with 1; other exceptions keep their traceback."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except InputError as error:
            raise click.ClickException(str(error)) from error


class Command(_OneLineErrors, click.Command):
    """A click command with one-line errors."""


class Group(_OneLineErrors, click.Group):
    """A click group with one-line errors that suggests the nearest subcommand."""

    command_class = Command

    def resolve_command(self, context: click.Context, args: list[str]) -> Any:
        if args and not args[0].startswith("-") and self.get_command(context, args[0]) is None:
            raise click.UsageError(str(unknown("command", args[0], self.list_commands(context))), context)
        return super().resolve_command(context, args)


class Name(click.ParamType):
    """A name out of a registry; an unknown one is answered with the nearest known."""

    def __init__(self, kind: str, names: Callable[[], Iterable[str]]) -> None:
        self.name = kind
        self._names = names

    def convert(self, value: str, param: click.Parameter | None, context: click.Context | None) -> str:
        names = list(self._names())
        folded = {name.lower(): name for name in names}
        if value.lower() not in folded:
            self.fail(str(unknown(self.name, value, names)), param, context)
        return folded[value.lower()]
