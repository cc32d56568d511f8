"""The command line: names, one-line errors, speed, and a run from beginning to end."""

import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from benchmark import methods
from benchmark.cli import benchmark
from benchmark.metrics import METRICS
from benchmark.record import read_scores


def call(*arguments):
    return CliRunner().invoke(benchmark, [str(argument) for argument in arguments])


def test_listing_methods_and_metrics_names_every_one():
    shown = call("methods").output.splitlines()
    assert [line.split()[0] for line in shown] == list(methods.METHODS)
    assert [line.split()[0] for line in call("metrics").output.splitlines()] == list(METRICS)


@pytest.mark.parametrize("arguments", [["--help"], ["methods"], ["run", "--help"]])
def test_answers_that_compute_nothing_do_not_load_torch(arguments):
    code = f"""
import sys
from click.testing import CliRunner
from benchmark.cli import benchmark
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
        (["run", "--protocol", "s2s", "--method", "srgan"], "not there yet"),
        (["run", "--protocol", "s2s", "--method", "edsr", "--task", "denose"], "did you mean 'denoise'?"),
        (["run", "--protocol", "s2s", "--method", "edsr", "--profile", "quik"], "did you mean 'quick'?"),
        (["run", "--protocol", "s2s", "--method", "edsr", "--ffhq", "x"], "uses the embedded portraits"),
        (["reproduce", "--table", "9"], "unknown table 'table9'"),
        (["reprodce"], "did you mean 'reproduce'?"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(arguments, sentence):
    result = call(*arguments)
    assert result.exit_code != 0 and sentence in result.output
    assert "Traceback" not in result.output and isinstance(result.exception, SystemExit)


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


def test_a_dry_run_makes_nothing(tmp_path):
    result = call("reproduce", "--dry-run", "--work", tmp_path / "work", "--results", tmp_path / "results")
    assert result.exit_code == 0 and "S2S sr4 edsr seed 0: 0 score lines there" in result.output
    assert "S2S sr4 srgan: not run" in result.output
    assert list(tmp_path.iterdir()) == []
