"""The precision that a network restores in depends on the processor: it is recorded, never mixed, and tables say it."""

import json
from pathlib import Path

import pytest

from benchmark.records.run_folder import run_folder
from benchmark.runs.evaluation.run_evaluation import run_evaluation, settings_of
from benchmark.specs.evaluation import Evaluation
from degrade import make_split
from ispl_model.runtime import device


@pytest.fixture
def asked(tmp_path):
    """Evaluates some methods on one split, on a processor with or without fast bfloat16."""
    split = make_split(tmp_path / "faces", None, "jpeg", size=64, limit=2).path

    def evaluated(monkeypatch, fast, *methods, metrics=("psnr.rgb",)):
        monkeypatch.setattr(device, "_processor_has_fast_bf16", lambda: fast)
        evaluation = Evaluation(methods, (str(split),), metrics)
        return run_evaluation(evaluation, settings_of(tmp_path / "out", tmp_path / "runs", "cpu", 1))

    evaluated.out = tmp_path / "out"
    return evaluated


def test_a_network_of_ours_says_its_precision_and_what_has_none_says_nothing(asked, monkeypatch):
    summary = asked(monkeypatch, False, "ispl-lite", "bicubic")
    first, second = (json.loads(path.with_suffix(".json").read_text()) for path in summary.done.places)
    assert first["precision"] == "fp32" and "precision" not in second
    assert run_folder(Path(), "restored", first) != run_folder(Path(), "restored", {**first, "precision": "bf16"})
    older = {key: value for key, value in first.items() if key != "precision"}
    assert run_folder(Path(), "restored", older) == run_folder(Path(), "restored", {**first, "precision": "bf16"})


def test_images_of_two_precisions_are_not_mixed_in_one_run(asked, monkeypatch):
    assert not asked(monkeypatch, True, "ispl-lite").refused
    assert not asked(monkeypatch, False, "ispl-lite").refused, "nothing is to be restored"
    refused = asked(monkeypatch, False, "ispl-lite", metrics=("psnr.rgb", "gmsd")).refused
    assert "restored in bf16, this machine restores them in fp32; --anew" in refused[0][2]


def test_a_table_of_two_precisions_says_so(asked, monkeypatch):
    from benchmark.reports.evaluation.write import write_tables
    from ispl_model.restoration.restorer import shipped_checkpoint

    same = f"Again=ispl:{shipped_checkpoint()}"
    asked(monkeypatch, True, "ispl-lite", "bicubic")
    asked(monkeypatch, True, "ispl-lite", same, "bicubic")
    write_tables(asked.out)
    assert "one precision" not in (asked.out / "table.md").read_text()
    for path in (asked.out / "scores").glob("*.json"):
        facts = json.loads(path.read_text())
        if facts["method"].startswith("ispl:"):
            path.write_text(json.dumps({**facts, "precision": "fp32"}))
    write_tables(asked.out)
    said = "not restored in one precision, which moves a network's images by up to about 0.1 dB (bf16: ISPL-lite"
    assert said in (asked.out / "table.md").read_text() and "fp32: Again)" in (asked.out / "table.md").read_text()
