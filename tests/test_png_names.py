"""What is written as PNG is called so: every option that says it writes a PNG refuses other names before any work."""

import click
import pytest

from benchmark.cli.main import benchmark
from degrade.cli.main import degrade
from ispl_model.cli.main import ispl


def _options(command: click.Command) -> list[click.Option]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        found = (command.get_command(context, name) for name in command.list_commands(context))
        return [option for inner in found if inner for option in _options(inner)]
    return [option for option in command.params if isinstance(option, click.Option) and _writes_png(option)]


def _writes_png(option: click.Option) -> bool:
    help_ = f"{option.help}"
    return getattr(option.type, "file_okay", True) and ("PNG to write" in help_ or ".png" in help_)


OPTIONS = [option for group in (degrade, ispl, benchmark) for option in _options(group)]


@pytest.mark.parametrize("option", OPTIONS, ids=str)
def test_another_name_is_refused_before_any_work(option):
    assert len(OPTIONS) >= 4, "preview, explain, sheet and breakdown at least"
    for name in ("face.jpg", "face", "face.png.txt"):
        with pytest.raises(click.BadParameter, match="expected a name ending in .png"):
            option.type.convert(name, option, None)
    assert option.type.convert("face.PNG", option, None).name == "face.PNG"
