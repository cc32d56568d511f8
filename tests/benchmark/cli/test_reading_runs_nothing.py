"""What only reads scores imports nothing that they name, and shows what the run files say of it."""

import json
import sys
from pathlib import Path

import pytest

from benchmark.metrics import facts, registry
from tests.benchmark.cli.calling import call, table

LEVEL = """
from pathlib import Path
Path("imported").touch()
def of(restored, reference):
    return float(restored.mean())
of.higher_is_better = True
of.unit = "levels"
"""
METRIC = "python:marking:of"
READING = (
    ("tables", "--results", "out"),
    ("compare", "bicubic", "identity", "--results", "out"),
    ("compare", "bicubic", "identity", "--results", "out", "--metric", METRIC),
    ("report", "out"),
    ("export", "--results", "out", "--out", "out.csv"),
)


@pytest.fixture
def scored(made, elsewhere, monkeypatch):
    """An evaluation with a metric of the user's, whose module leaves a mark and then is gone."""
    monkeypatch.syspath_prepend(str(elsewhere))
    (elsewhere / "marking.py").write_text(LEVEL)
    methods = ("--method", "bicubic", "--method", "identity")
    result = call("evaluate", made, *methods, "--metrics", f"psnr.rgb,{METRIC}", "--out", "out")
    assert result.exit_code == 0 and Path("imported").exists()
    yield
    forget()


def forget():
    """As another process, which has seen neither the module nor a run file."""
    sys.modules.pop("marking", None)
    registry.load.cache_clear()
    facts._RECORDED.clear()


@pytest.mark.parametrize("there", [True, False])
def test_reading_scores_imports_no_module_that_they_name(scored, there):
    Path("imported").unlink()
    if not there:
        Path("marking.py").unlink()
    for words in READING:
        forget()
        assert call(*words).exit_code == 0, words
    assert not Path("imported").exists()
    assert "of ↑" in Path("out/table.md").read_text()


def test_run_files_that_say_nothing_of_a_metric_leave_what_score_lines_say(scored):
    for path in Path("out/scores").glob("*.json"):
        known = json.loads(path.read_text())
        assert known.pop("metric_facts")[METRIC]["unit"] == "levels"
        path.write_text(json.dumps(known))
    forget()
    assert call("tables", "--results", "out").exit_code == 0
    assert f"| {METRIC} |" in Path("out/table.md").read_text().replace("\\", "") and table(Path("out"))
    assert facts.facts_of(METRIC).unit == "levels" and facts.facts_of(METRIC).higher_is_better is None
    refused = call("compare", "bicubic", "identity", "--results", "out", "--metric", METRIC)
    assert refused.exit_code == 2 and "neither end is better" in refused.output
