"""Files are read once: the score lines of a run by the run, everything by the tables."""

import json
import subprocess
import sys

from benchmark.records import scores
from benchmark.runs.request import RunRequest
from benchmark.runs.run import run
from benchmark.runs.settings import Settings
from benchmark.specs.protocols import Profile, load_protocol

TABLES = """
import collections, json, sys
from pathlib import Path

KINDS = (".toml", ".csv", ".json", ".jsonl")
root, opened = Path(sys.argv[1]), collections.Counter()

def note(event, arguments):
    if event == "open" and str(arguments[0]).endswith(KINDS) and arguments[1] in ("r", "rb"):
        opened[str(arguments[0])] += 1

sys.addaudithook(note)
from benchmark.reports.tables.render import render
render("quick", root)
print(json.dumps(opened))
"""


def asked(root, *metrics):
    profile = Profile("quick", 64, 2, 1, 4, 4, 1, 2, "none", (0,))
    settings = Settings(profile, work=root / "work", results=root / "results", device="cpu")
    return RunRequest(settings, load_protocol("S2S"), "bicubic_x4", ("sr4",), metrics=metrics)


def test_a_run_parses_its_score_lines_once_and_the_tables_open_each_file_once(tmp_path, monkeypatch):
    run(asked(tmp_path, "psnr.rgb"))
    parsed, parse = [], scores._parse
    monkeypatch.setattr(scores, "_parse", lambda *line: parsed.append(line) or parse(*line))
    added = run(asked(tmp_path, "psnr.rgb", "ssim.gauss11.rgb"))
    assert (added.scores_made, added.scores_reused, len(parsed)) == (4, 4, 4)
    told = subprocess.run(
        [sys.executable, "-c", TABLES, str(tmp_path / "results")], capture_output=True, text=True, check=True
    )
    opened = json.loads(told.stdout)
    (path,) = added.places
    assert opened[str(path)] == 1 and opened.pop(str(path.with_suffix(".json"))) == 2  # its order; all its facts
    assert any(name.endswith("runs/s2s.toml") for name in opened)
    assert {name: count for name, count in opened.items() if count > 1} == {}
