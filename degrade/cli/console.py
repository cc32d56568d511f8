"""What all command lines share: errors in one line, names with suggestions, types of options and groups of them."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from degrade import __version__
from degrade.core.errors import InputError, unknown

FOLDER = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(dir_okay=False, path_type=Path)
PLACE = click.Path(path_type=Path)  # a file or a folder
COUNT = click.IntRange(min=1)
SEED = click.IntRange(0, 2**63 - 1)
DEVICE = click.Choice(["auto", "cpu", "cuda"])

CROP = click.option(
    "--crop", default="none", type=click.Choice(["none", "center"]), help="Crop images that are not square."
)
BACKGROUND = click.option(
    "--background", type=click.Choice(["white", "black"]), help="Background for transparent images."
)


def options(*decorators: Callable) -> Callable:
    """One decorator out of those of several options and arguments, listed by --help in the order given."""

    def decorate(command: Callable) -> Callable:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return decorate


class _Shared(click.Command):
    """What every command has: the option --version, and InputError as `Error: sentence` and exit 1.

    Everything else keeps its traceback.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        option = click.Option(
            ["--version"], is_flag=True, is_eager=True, expose_value=False, callback=_show_version,
            help="Show the version and exit.",
        )  # fmt: skip
        self.params.append(option)

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except InputError as error:
            raise click.ClickException(str(error)) from error


def _show_version(context: click.Context, _: click.Parameter, asked: bool) -> None:
    if asked and not context.resilient_parsing:
        click.echo(f"{context.find_root().info_name} {__version__}")
        context.exit()


class Command(_Shared):
    """A click command with one-line errors."""


class Group(_Shared, click.Group):
    """A click group with one-line errors that suggests the nearest subcommand."""

    command_class = Command

    def resolve_command(self, context: click.Context, args: list[str]) -> Any:
        if args and not args[0].startswith("-") and self.get_command(context, args[0]) is None:
            raise click.UsageError(str(unknown("command", args[0], self.list_commands(context))), context)
        return super().resolve_command(context, args)


class Stopped(click.ClickException):
    """A sentence for what a signal interrupted; ends with the exit code of one that a user stopped."""

    exit_code = 130


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
