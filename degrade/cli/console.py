"""What all command lines share: errors in one line, names with suggestions, types of options and groups of them."""

import errno
import functools
import math
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import click

from degrade import __version__
from degrade.core.choices import CROPS, LARGEST_SEED, SMALLEST_SIDE
from degrade.core.errors import Failed, InputError, out_of_memory, shown, unknown
from degrade.core.storage.paths import kind_of, user_path


class UserPath(click.Path):
    """A path of the user's: `~` is the home folder; a pipe or a device is refused, as reading one may never end."""

    def __init__(self, **options: Any) -> None:
        super().__init__(path_type=Path, **options)

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> Any:
        try:
            path = user_path(value)
        except InputError as error:
            self.fail(str(error), param, context)
        if (kind := kind_of(path)) in ("a pipe", "a socket", "a device"):
            self.fail(shown(f"'{path}': expected a file or a folder on disk, got {kind}."), param, context)
        return super().convert(path, param, context)


class PngPath(UserPath):
    """A picture to write, whose name says that it is PNG, before any work is done for it."""

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> Any:
        path = super().convert(value, param, context)
        if path.suffix.lower() != ".png":
            self.fail(shown(f"'{path}': expected a name ending in .png."), param, context)
        return path


class _OnlyFinite(click.ParamType):
    """A number that is one: neither NaN, which compares with no limit, nor infinite."""

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> Any:
        number = super().convert(value, param, context)
        return number if math.isfinite(number) else self.fail(f"'{value}': expected a finite number.", param, context)


class Finite(_OnlyFinite, click.FloatRange):
    """A finite number within a limit or two; without any click's own --help would name None as one, see FINITE."""


class _Unlimited(_OnlyFinite, click.types.FloatParamType):
    pass


FINITE = _Unlimited()
FOLDER = UserPath(file_okay=False)
FILE = UserPath(dir_okay=False)
PNG = PngPath(dir_okay=False)
PLACE = UserPath()  # a file or a folder
COUNT = click.IntRange(min=1)
SIDE = click.IntRange(SMALLEST_SIDE)
_NO_LIBGL = (
    "OpenCV is installed in its build for screens, which needs libGL, and this machine has none; run: "
    "pip uninstall -y opencv-python opencv-python-headless && pip install opencv-python-headless"
)
_BACKEND = "local: --workers processes here; dask: a cluster with a shared folder (docs/scale.md)."
_PAIR = "expected --backend dask together with --scheduler ADDRESS"
SEED = click.IntRange(0, LARGEST_SEED)
_FULL = (errno.ENOSPC, errno.EDQUOT)
_OPTIONS = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
_COMMANDS = re.compile(r"\b(?:degrade|ispl|benchmark) [a-z]+\b")

CROP = click.option(
    "--crop", default="none", show_default=True, type=click.Choice(CROPS),
    help="Images that are not square: refuse them, or crop them to the square in their middle.",
)  # fmt: skip
BACKGROUND = click.option(
    "--background", type=click.Choice(["white", "black"]), help="Colour to lay transparent images on."
)

FFHQ = click.option(
    "--ffhq", type=FOLDER, envvar="FACES_HQ", show_envvar=True,
    help="Folder of clean faces; without one they are painted.",
)  # fmt: skip
OVERWRITE = click.option("--overwrite", is_flag=True, help="Replace files that are there.")
WORKERS = click.option(
    "--workers", default=os.cpu_count() or 1, show_default="all cores", type=COUNT,
    help="Processes; a face keeps one core busy.",
)  # fmt: skip


def check_free(overwrite: bool, *paths: Path, inputs: Iterable[Path | None] = ()) -> None:
    """Raise InputError where a command would replace a file unasked, or, asked or not, one that it reads.

    For all that a command writes where it was told to, but tables, figures and pages of scores, which are made anew
    whenever scores are added.
    """
    read = {os.path.realpath(path) for path in inputs if path}
    for path in paths:
        if os.path.realpath(path) in read:
            raise InputError(f"{path}: would replace what is read; give another name")
    for path in filter(os.path.lexists, () if overwrite else paths):
        raise InputError(f"{path}: is there already; give another name, or --overwrite to replace it")


def options(*decorators: Callable) -> Callable:
    """One decorator out of those of several options and arguments, listed by --help in the order given."""

    def decorate(command: Callable) -> Callable:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return decorate


def spread_over(command: Callable) -> Callable:
    """The options that choose where the work on images is done; stands nearest to the function."""

    @click.option("--backend", default="local", show_default=True, type=click.Choice(["local", "dask"]), help=_BACKEND)
    @click.option("--scheduler", metavar="ADDRESS", help="Address of the dask scheduler, e.g. tcp://host:8786.")
    @functools.wraps(command)
    def decorated(*arguments: Any, backend: str, scheduler: str | None, **options: Any) -> Any:
        if (backend == "dask") != bool(scheduler):
            raise InputError(f"{_PAIR}, got --backend {backend} and {'a' if scheduler else 'no'} --scheduler")
        if not scheduler:
            return command(*arguments, **options)
        from degrade.core.cluster import on_cluster

        with on_cluster(scheduler):
            return command(*arguments, **options)

    return decorated


def echo(*lines: str) -> None:
    """Print lines in which file names and sentences stand, with what would move the cursor or end a line escaped."""
    for line in lines:
        click.echo(shown(line))


def echo_text(text: str) -> None:
    """As echo, of a text that has lines."""
    echo(*text.removesuffix("\n").split("\n"))


def fitting(sentence: str) -> str:
    """A sentence without the advice in it that names an option which the running command lacks.

    What is shared by many commands gives its advice after a semicolon; advice that quotes a command is of that one.
    """
    context = click.get_current_context(silent=True)
    known: set[str] = set()
    while context is not None:
        known.update(option for one in context.command.params for option in (*one.opts, *one.secondary_opts))
        context = context.parent
    first, *advice = sentence.split("; ")
    foreign = (part for part in advice if known and not known.issuperset(_OPTIONS.findall(part)))
    left_out = {part for part in foreign if not _COMMANDS.search(part)}
    return "; ".join([first, *(part for part in advice if part not in left_out)])


class _Shared(click.Command):
    """What every command has: the option --version, and one exit status for each way to end without success.

    1 where some of the work failed, 2 where the request was refused (InputError), 130 where it was interrupted, each
    with `Error: sentence`. Everything else keeps its traceback.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        option = click.Option(
            ["--version"], is_flag=True, is_eager=True, expose_value=False, callback=_show_version,
            help="Show the version and exit.",
        )  # fmt: skip
        self.params.append(option)

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        try:
            with _full_disk_refused():
                return super().parse_args(context, args)
        except click.MissingParameter:
            raise
        except click.UsageError as error:  # a shell's * may have put a stranger's file name into it
            raise click.UsageError(shown(error.format_message()), context) from error

    def invoke(self, context: click.Context) -> Any:
        try:
            with _full_disk_refused():
                return super().invoke(context)
        except Failed as error:
            raise click.ClickException(fitting(str(error))) from error
        except InputError as error:
            raise Refused(fitting(str(error))) from error
        except ImportError as error:
            if "libGL" not in str(error):
                raise
            raise Refused(_NO_LIBGL) from error
        except RuntimeError as error:
            if (sentence := out_of_memory(error)) is None:
                raise
            raise Refused(fitting(f"{sentence}; or a smaller --batch with more --accumulate")) from error
        except KeyboardInterrupt as stop:
            raise Stopped(str(stop) or "stopped; the same command goes on from there") from stop


@contextmanager
def _full_disk_refused() -> Iterator[None]:
    """One sentence for a disk that is full, whatever was written to it, the command's own output too."""
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        with suppress(OSError, ValueError):  # where the output is no file
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python at its end prints it again
        raise Refused(f"{error.filename or 'output'}: cannot be written ({error.strerror}); make room") from error


def _show_version(context: click.Context, _: click.Parameter, asked: bool) -> None:
    if asked and not context.resilient_parsing:
        click.echo(f"{context.find_root().info_name} {__version__}")
        context.exit()


class Command(_Shared):
    """A click command with one-line errors."""


class Group(_Shared, click.Group):
    """A click group with one-line errors that suggests the nearest subcommand."""

    command_class = Command

    def list_commands(self, context: click.Context) -> list[str]:
        """In the order in which they were added, which is that of use."""
        return list(self.commands)

    def resolve_command(self, context: click.Context, args: list[str]) -> Any:
        if args and not args[0].startswith("-") and self.get_command(context, args[0]) is None:
            raise click.UsageError(str(unknown("command", args[0], self.list_commands(context))), context)
        return super().resolve_command(context, args)


class Refused(click.ClickException):
    """A sentence for a request that cannot be met as it is."""

    exit_code = 2


class Stopped(click.ClickException):
    """A sentence for what a signal interrupted; ends with the exit code of one that a user stopped."""

    exit_code = 130


class Device(click.ParamType):
    """Where to compute: a word of torch's, with the number of one of several graphics cards."""

    name = "device"

    # click gives the context from 8.2 on.
    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        return "[auto|cpu|cuda|cuda:N|mps]"

    def convert(self, value: str, param: click.Parameter | None, context: click.Context | None) -> str:
        if not re.fullmatch(r"auto|cpu|cuda(:[0-9]{1,3})?|mps", value):
            self.fail(shown(f"'{value}': expected auto, cpu, cuda, cuda:N or mps."), param, context)
        return value


DEVICE = Device()


class Name(click.ParamType):
    """A name out of a registry; an unknown one is answered with the nearest known. or_file: FILE.toml is one too."""

    def __init__(self, kind: str, names: Callable[[], Iterable[str]], or_file: bool = False) -> None:
        self.name = kind
        self._names = names
        self._or_file = or_file

    def convert(self, value: str, param: click.Parameter | None, context: click.Context | None) -> str:
        if self._or_file and value.lower().endswith(".toml"):
            return value
        names = list(self._names())
        folded = {name.lower(): name for name in names}
        if value.lower() not in folded:
            self.fail(str(unknown(self.name, value, names)), param, context)
        return folded[value.lower()]
