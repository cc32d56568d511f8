"""The command line: names, one-line errors, speed, and a run from beginning to end."""

import csv
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from benchmark.cli.main import benchmark
from benchmark.methods.table import ADAPTERS, METHODS
from benchmark.metrics.table import METRICS
from benchmark.records.scores import Score, ScoreFile, read_scores, scores_folder


def call(*arguments):
    return CliRunner().invoke(benchmark, [str(argument) for argument in arguments])


def test_listing_methods_and_metrics_names_every_one():
    shown = [line for line in call("methods").output.splitlines() if not line.startswith(" ")]
    assert [line.split()[0] for line in shown] == [*METHODS, *(f"{kind}:" for kind in ADAPTERS)]
    assert [line.split()[0] for line in call("metrics").output.splitlines()] == list(METRICS)


@pytest.mark.parametrize("arguments", [["--help"], ["methods"], ["run", "--help"], ["compare", "--help"]])
def test_answers_that_compute_nothing_do_not_load_torch(arguments):
    code = f"""
import sys
from click.testing import CliRunner
from benchmark.cli.main import benchmark
assert CliRunner().invoke(benchmark, {arguments!r}).exit_code == 0
sys.exit('torch' in sys.modules)
"""
    start = time.perf_counter()
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert time.perf_counter() - start < 5  # a second on a quiet machine; this one may be shared


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (["run", "--protocol", "S2", "--method", "edsr"], "unknown protocol 'S2'; did you mean"),
        (["run", "--protocol", "s2s", "--method", "edrs"], "unknown method 'edrs'; did you mean 'edsr'?"),
        (["run", "--protocol", "s2s", "--method", "edsr", "--task", "denose"], "did you mean 'denoise'?"),
        (["run", "--protocol", "s2s", "--method", "edsr", "--profile", "quik"], "did you mean 'quick'?"),
        (["run", "--protocol", "s2s", "--method", "edsr", "--list", "x"], "add --ffhq DIR"),
        (["reproduce", "--table", "9"], "unknown table 'table9'"),
        (["reprodce"], "did you mean 'reproduce'?"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(arguments, sentence):
    result = call(*arguments)
    assert result.exit_code != 0 and sentence in result.output
    assert "Traceback" not in result.output and isinstance(result.exception, SystemExit)


@pytest.mark.slow
def test_a_run_prints_means_with_counts_and_what_it_made_and_reused(tmp_path):
    places = ["--work", tmp_path / "work", "--results", tmp_path / "results", "--limit", 1]
    command = ["run", "--protocol", "s2s", "--method", "bicubic", "--task", "sr4", *places]
    first, second = call(*command), call(*command)
    assert first.exit_code == second.exit_code == 0, first.output
    scores = read_scores(tmp_path / "results", "quick")
    psnr = next(score.value for score in scores if score.metric == "psnr.rgb")
    assert f"{psnr:.4g} (n=1)" in first.output
    assert f"scores: {len(scores)} made, 0 reused" in first.output
    assert f"scores: 0 made, {len(scores)} reused" in second.output
    assert str(tmp_path / "results" / "quick" / "scores") in first.output
    assert {score.protocol for score in scores} == {"S2S"}


def test_exported_scores_are_the_score_lines_the_newest_of_each(tmp_path):
    score = Score(
        1, "r1", "quick", "S2S", "sr4", "split", "bicubic", None, None, None, "ffd.dlib", 0.125, "1", 0.5, "", 2,
        (0.1, 0.30000000000000004),
    )  # fmt: skip
    failed = replace(score, image="face, 1", metric="psnr.rgb", value=None, error="no value", n=None, replicates=None)
    with ScoreFile(scores_folder(tmp_path, "quick") / "r1.jsonl") as file:
        for line in (replace(score, value=9.0), score, failed):
            file.append(line)
    out = tmp_path / "scores.csv"
    shown = call("export", "--results", tmp_path, "--out", out)
    assert shown.exit_code == 0 and shown.output == f"written: {out} (2 scores)\n"
    first, second = csv.DictReader(out.read_text().splitlines())
    assert list(first) == list(Score.__struct_fields__)
    assert (first["value"], first["image"], first["n"], first["seed"]) == ("0.125", "", "2", "")
    assert tuple(map(float, first["replicates"].split())) == score.replicates
    assert (second["image"], second["value"], second["error"]) == ("face, 1", "", "no value")
    assert call("export", "--results", tmp_path, "--out", tmp_path / "scores.json").exit_code == 2


@pytest.mark.slow
def test_a_dry_run_makes_nothing(tmp_path):
    result = call("reproduce", "--dry-run", "--work", tmp_path / "work", "--results", tmp_path / "results")
    assert result.exit_code == 0 and "S2S sr4 edsr seed 0: 0 score lines there" in result.output
    assert "S2S mosaic16 ispl:ep_map seed 0: 0 score lines there" in result.output
    assert list(tmp_path.iterdir()) == []
