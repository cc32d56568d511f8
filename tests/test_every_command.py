"""Laws of every command: its help has an example that can be run, its group says what it does, the pages name it."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from tests.command_trees import COMMANDS, GROUPS, PROGRAMS, parse

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PRINTED = ROOT / "docs" / "speed.md"  # what a program printed, which names commands and calls none
CALL = re.compile(rf"(?:{'|'.join(sorted(PROGRAMS, key=len, reverse=True))}) ")


def shown(command: click.Command, name: str) -> list[str]:
    """The lines of --help in a terminal of 80 columns."""
    result = CliRunner(env={"COLUMNS": "80"}).invoke(command, ["--help"], prog_name=name)
    assert result.exit_code == 0
    return result.output.splitlines()


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_has_one_example_which_parses(name: str) -> None:
    lines = [line for line in shown(COMMANDS[name], name) if "Example:" in line]
    assert len(lines) == 1, lines
    assert parse(lines[0].removeprefix("  Example: ")) == name


@pytest.mark.parametrize("name", COMMANDS)
def test_the_example_is_the_last_of_the_text(name: str) -> None:
    *_, last = inspect.cleandoc(COMMANDS[name].help or "").split("\n\n")
    assert re.fullmatch("\b\nExample: .{,100}", last), repr(last)


@pytest.mark.parametrize("name", GROUPS)
def test_the_list_of_a_group_cuts_no_sentence(name: str) -> None:
    lines = shown(GROUPS[name], name)
    listed = [line for line in lines[lines.index("Commands:") + 1 :] if line]
    assert len(listed) == sum(not own.hidden for own in GROUPS[name].commands.values())
    assert [line for line in listed if not line.endswith((".", "?"))] + [line for line in listed if "..." in line] == []


def test_the_page_of_commands_calls_each_of_them() -> None:
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert {parse(line) for line in calls(page)} == set(COMMANDS)


@pytest.mark.parametrize("page", [page for page in PAGES if page != PRINTED], ids=lambda page: page.name)
def test_what_a_page_calls_can_be_called(page: Path) -> None:
    for line in calls(page.read_text(encoding="utf-8")):
        try:
            parse(line)
        except click.ClickException as error:
            pytest.fail(f"{page.name}: {line}: {error.format_message()}")


def test_a_call_of_nothing_is_found() -> None:
    """Or the laws above would hold of anything."""
    for line in ("degrade rum a b", "degrade run a b --recipe sr4 --sise 4", "degrade run a", "degrade verify a --x"):
        with pytest.raises(click.UsageError):
            parse(line)


def calls(text: str) -> Iterator[str]:
    """The calls of our programs in blocks of a page that are no other language's; `\\` joins lines, `;` parts calls."""
    for block in re.findall(r"(?ms)^```\n(.*?)^```$", text):
        for line in block.replace("\\\n", " ").splitlines():
            for call in line.split(" #")[0].split("; "):
                if CALL.match(call):
                    yield call
