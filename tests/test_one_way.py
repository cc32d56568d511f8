"""One way to do what must be right everywhere: to list a folder, to take a path from the user, to print a name.

And no file so long that one has to search in it.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from benchmark.cli.main import benchmark
from benchmark.records.words import NOT_COMPUTED, NOT_RESTORED, UNAVAILABLE
from degrade.cli.console import SEED
from degrade.cli.facerenov import degrade_facerenov
from degrade.cli.main import degrade
from degrade.cli.run import degrade_ffhq
from ispl_model.cli.main import ispl

ROOT = Path(__file__).parent.parent
FILES = sorted(path for package in ("degrade", "ispl_model", "benchmark") for path in (ROOT / package).rglob("*.py"))

LONGEST = 300  # lines of a file of Python


def test_no_file_is_long() -> None:
    files = [*FILES, *(ROOT / "tests").rglob("*.py"), *(ROOT / "examples").rglob("*.py")]
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    long = {path.relative_to(ROOT).as_posix(): count for path, count in lines.items() if count >= LONGEST}
    assert not long, f"split by subject what has {LONGEST} lines and more: {long}"


def _calls(name: str) -> Iterator[tuple[str, ast.Call]]:
    """(file, call) of every call of NAME or something.NAME in the three packages."""
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            function = getattr(node, "func", None)
            called = getattr(function, "attr", None) or getattr(function, "id", None)
            if isinstance(node, ast.Call) and called == name:
                yield path.relative_to(ROOT).as_posix(), node


def _of(call: ast.Call) -> str:
    return ast.unparse(call.func)


@pytest.mark.parametrize("name", ["walk", "rglob", "listdir", "scandir"])
def test_folders_are_listed_by_one_function(name: str) -> None:
    found = {file for file, call in _calls(name) if _of(call) != "ast.walk"}
    assert found <= {"degrade/core/storage/listing.py"}


def test_progress_is_shown_by_one_function() -> None:
    assert {file for file, _ in _calls("tqdm")} == {"degrade/core/progress.py"}


def test_paths_of_users_have_one_type() -> None:
    assert {file for file, call in _calls("Path") if _of(call) == "click.Path"} == set()


def test_numbers_of_users_are_finite() -> None:
    """click's own types take "nan", which passes every limit, and "inf"."""
    words = [(file, word) for file, call in _calls("option") for word in call.keywords]
    assert {file for file, word in words if word.arg == "type" and ast.unparse(word.value) == "float"} == set()
    assert {file for file, call in _calls("FloatRange")} == set()


def _options(command: click.Command) -> Iterator[click.Parameter]:
    yield from command.params
    for one in getattr(command, "commands", {}).values():
        yield from _options(one)


@pytest.mark.parametrize("command", [degrade, degrade_ffhq, degrade_facerenov, ispl, benchmark])
def test_seeds_have_one_type_and_ranges_a_limit(command: click.Command) -> None:
    """A seed above 64 bits is a sentence, and no --help names None as a limit."""
    options = list(_options(command))
    assert {one.type for one in options if one.name == "seed"} == {SEED}
    ranges = [one.type for one in options if isinstance(one.type, click.FloatRange | click.IntRange)]
    assert all((one.min, one.max) != (None, None) for one in ranges)


def test_the_home_folder_is_found_where_there_is_none() -> None:
    """Path.expanduser raises RuntimeError there; os.path.expanduser does not."""
    assert {file for file, call in _calls("expanduser") if _of(call) != "os.path.expanduser"} == set()


def test_links_are_followed_where_one_leads_to_itself() -> None:
    """Path.resolve raises RuntimeError there; degrade.core.storage.paths.real_path does not."""
    assert {file for file, _ in _calls("resolve")} == set()


def test_the_terminal_gets_lines_by_one_function() -> None:
    raw = {file for file, call in _calls("echo") if _of(call) == "click.echo"}
    assert raw == {"degrade/cli/console.py"}
    for file, call in _calls("print"):
        literal = isinstance(call.args[0], ast.Constant) or _is_shown(call.args[0])
        assert literal, f"{file}, line {call.lineno}: print(shown(...)), as a name may be in it"


@pytest.mark.parametrize("prefix", [UNAVAILABLE, NOT_RESTORED, NOT_COMPUTED])
def test_the_words_of_score_lines_have_one_home(prefix: str) -> None:
    def spells(node: ast.AST) -> bool:
        value = getattr(node, "value", None)
        return isinstance(value, str) and (value == prefix or (value.startswith(prefix) and prefix.endswith(": ")))

    homes = {
        path.relative_to(ROOT).as_posix()
        for path in FILES
        if path.is_relative_to(ROOT / "benchmark")
        if any(spells(node) for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    }
    assert homes == {"benchmark/records/words.py"}


def _is_shown(argument: ast.expr) -> bool:
    return isinstance(argument, ast.Call) and _of(argument) == "shown"
