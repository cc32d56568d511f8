"""What the bench says of itself: suites that break, and data that can be read again."""

import json
import sys
from importlib import import_module

import numpy as np
import pytest

from tests.bench import __main__ as bench
from tests.bench import disk, records, starting
from tests.bench.page import page
from tests.bench.timing import reached


def run(monkeypatch, *words: object) -> None:
    monkeypatch.setattr(sys, "argv", ["bench", *map(str, words)])
    bench.main()


def breaks():
    yield "a line before"
    raise SystemExit("expected 40 faces, got 3")


def test_a_suite_that_breaks_is_named_and_the_others_are_kept(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(disk, "lines", breaks)
    monkeypatch.setattr(starting, "lines", lambda: iter([reached("a figure", 2, 1, at_most=True)]))
    with pytest.raises(SystemExit) as ended:
        run(monkeypatch, "disk", "starting", "--json", tmp_path / "run.json", "--page", tmp_path / "run.md")
    assert ended.value.code == "broken: disk"  # which Python prints, and ends with status 1
    assert "0 of 1 reached" in capsys.readouterr().out
    kept = json.loads((tmp_path / "run.json").read_text())
    assert kept["suites"]["disk"] == ["a line before", "BROKEN: SystemExit('expected 40 faces, got 3')"]
    assert kept["suites"]["starting"] == [{"name": "a figure", "value": 2, "asked": "at most 1.00", "reached": False}]
    assert "| a figure | 2.00 | at most 1.00 | **no** |" in (tmp_path / "run.md").read_text()


@pytest.mark.parametrize(
    ("value", "shown"),
    [(1.304, "1.304 | at most 1.30 | **no**"), (1.30002, "1.30002 |"), (1.296, "1.30 |"), (2, "2.00 |")],
)
def test_a_missed_target_is_not_printed_as_a_reached_one(value, shown):
    run = {"machine": {}, "suites": {"starting": [reached("a figure", value, 1.3, at_most=True).facts]}}
    assert f"| a figure | {shown}" in page(run)


@pytest.mark.parametrize("name", bench.SUITES)
def test_every_suite_finds_what_it_measures(name):
    """What it names is imported at its top, so that what was moved is noticed here and not after an hour."""
    assert callable(import_module(f"tests.bench.{name}").lines)


@pytest.mark.slow
def test_the_commands_that_read_scores_find_what_they_are_asked_of(tmp_path):
    """The lines are made after results/lite, which changes."""
    records.write_scores(tmp_path / "results", 20 * records.RUNS * records.METRICS)
    costs = records.costs_of_commands(tmp_path / "results")
    assert costs.keys() == records.COMMANDS.keys() and all(cost.seconds > 0 for cost in costs.values())


def test_a_figure_that_is_not_reached_is_no_failure(monkeypatch):
    monkeypatch.setattr(starting, "lines", lambda: iter([reached("a figure", 2, 1, at_most=True)]))
    run(monkeypatch, "starting")


def test_an_unknown_suite_is_refused_before_any_work(monkeypatch, capsys):
    with pytest.raises(SystemExit) as ended:
        run(monkeypatch, "dsik")
    assert ended.value.code == 2 and "unknown suite dsik" in capsys.readouterr().err


def test_a_figure_that_numpy_gave_is_plain_data():
    """A mean of an array, as that of restored images, must not lose the whole run when it is kept as JSON."""
    assert json.loads(json.dumps(reached("a", np.float64(0.5), 1, at_most=True).facts))["reached"] is True
