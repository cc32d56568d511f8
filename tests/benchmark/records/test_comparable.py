"""Runs that differ in split, metrics or weights are refused, and the sentence names the difference."""

import json
import re
from pathlib import Path

import pytest

from benchmark.records.compatibility import comparable
from degrade.core.errors import InputError

COMMITTED = sorted((Path(__file__).parents[3] / "results" / "lite" / "scores").glob("*.json"))


def run(**changes):
    facts = {"run": "r1", "split": "sr4-64-test-0", "split_sha256": "5" * 64, "method": "edsr", "seed": 0}
    facts |= {"checkpoint": "c" * 64, "metrics": {"psnr.rgb": "1" * 64, "gmsd": "2" * 64}}
    facts["sessions"] = [{"packages": {"numpy": "2.4.6", "torch": "2.14.1"}}]
    return facts | changes


def test_equal_runs_and_runs_of_different_methods_are_comparable():
    comparable(run(), run(run="r2"))
    comparable(run(), run(run="r2", method="bicubic", seed=None, checkpoint=None))
    comparable(run(), run(run="r2", seed=1, checkpoint="d" * 64))


def test_a_metric_that_only_one_run_has_does_not_matter():
    comparable(run(), run(metrics={"psnr.rgb": "1" * 64, "niqe.y": "9" * 64}))


@pytest.mark.parametrize(
    "changes, sentence",
    [
        ({"split": "sr4-64-test-1"}, r"different splits \(sr4-64-test-0, sr4-64-test-1\)"),
        ({"split_sha256": "6" * 64}, "sr4-64-test-0 was made anew between them .*55555555, 66666666"),
        ({"metrics": {"gmsd": "3" * 64}}, "gmsd is not computed alike .22222222, 33333333; its text"),
        (
            {"metrics": {"gmsd": "3" * 64}, "sessions": [{"packages": {"numpy": "2.5.0", "torch": "2.14.1"}}]},
            r"gmsd .* packages: numpy 2\.4\.6 and 2\.5\.0\)",
        ),
        ({"checkpoint": "d" * 64}, "edsr was used with different weights .cccccccc, dddddddd"),
        ({"checkpoint": None}, "edsr was used with different weights .cccccccc, none"),
    ],
)
def test_a_difference_is_named(changes, sentence):
    with pytest.raises(InputError, match=f"runs r1 and r2: .*{sentence}"):
        comparable(run(), run(run="r2", **changes))


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_every_committed_run_file_holds_what_is_compared(path):
    facts = json.loads(path.read_text())
    assert {"run", "split", "split_sha256", "method", "seed", "checkpoint", "metrics", "sessions"} <= facts.keys()
    assert re.fullmatch("[0-9a-f]{64}", facts["split_sha256"])
    assert facts["metrics"] and all(re.fullmatch("[0-9a-f]{64}", digest) for digest in facts["metrics"].values())
    assert facts["sessions"] and all(session["packages"] for session in facts["sessions"])
    assert facts["checkpoint"] is None or re.fullmatch("[0-9a-f]{64}", facts["checkpoint"])
