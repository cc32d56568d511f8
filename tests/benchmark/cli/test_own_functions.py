"""Functions of the user's as metrics and methods: edited, mended, failing, leaving the program."""

import sys
from pathlib import Path

import pytest

from benchmark.metrics import registry
from tests.benchmark.cli.calling import call, table

MEAN = "def of(restored, reference):\n    return float(restored.mean()) + {}\n"


@pytest.fixture
def write_module(elsewhere, monkeypatch):
    """Write the module `mine`, as an editor does between two commands."""
    monkeypatch.syspath_prepend(str(elsewhere))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def forget():
        sys.modules.pop("mine", None)
        registry.load.cache_clear()

    def write(code):
        forget()
        (elsewhere / "mine.py").write_text(code)

    yield write
    forget()


def shown(made, *words):
    result = call("evaluate", made, "--method", "bicubic", "--metrics", "python:mine:of", "--out", "out", *words)
    value = table(Path("out"))["blurred", "bicubic", "python:mine:of"]
    return float(value) if value else None, result


def test_an_edited_metric_is_scored_again_and_one_that_is_as_it_was_too(made, write_module):
    write_module(MEAN.format(0))
    first, _ = shown(made)
    again, result = shown(made)
    assert again == first and "0 made" in result.output
    write_module(MEAN.format(1))
    other, result = shown(made)
    assert other == pytest.approx(first + 1) and "4 made" in result.output
    write_module(MEAN.format(0))
    assert shown(made)[0] == first


def test_a_metric_that_fails_is_a_failed_score_and_tried_again(made, write_module):
    write_module("state = []\n" + MEAN.format("state[0]"))
    value, result = shown(made)
    assert value is None and result.exit_code == 1 and "fails (IndexError" in result.output
    sys.modules["mine"].state.append(0)  # as a network drive that is there again
    value, result = shown(made)
    assert value is not None and result.exit_code == 0 and "4 made" in result.output


def test_a_method_that_leaves_the_program_fails_and_the_others_go_on(made, write_module):
    write_module("import sys\ndef of(image):\n    sys.exit(0)\n")
    result = call(
        "evaluate", made, "--method", "Mine=python:mine:of", "--method", "bicubic", "--metrics", "psnr.rgb", "--out",
        "out",
    )  # fmt: skip
    assert result.exit_code == 1 and "SystemExit: 0" in result.output
    assert table(Path("out"))["blurred", "bicubic", "psnr.rgb"]
