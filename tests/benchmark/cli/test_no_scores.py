"""A folder of results without scores, as after a slip of the pen: a sentence, exit 2, and nothing written."""

from pathlib import Path

import pytest

from tests.benchmark.cli.calling import call

pytestmark = pytest.mark.usefixtures("elsewhere")


@pytest.mark.parametrize(
    "command",
    [
        ("tables",),
        ("tables", "--profile", "paper"),
        ("compare", "bicubic", "bicubic_x4", "--task", "sr4"),
        ("breakdown", "--task", "sr4", "--method", "bicubic", "--metric", "psnr.rgb"),
        ("export", "--out", "scores.csv"),
        ("sanity",),
        ("figures",),
        ("report", "--profile", "lite"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("there", [False, True])
def test_a_folder_without_scores_is_a_sentence(tmp_path: Path, command: tuple[str, ...], there: bool) -> None:
    if there:
        (tmp_path / "nowhere" / "quick" / "scores").mkdir(parents=True)
        (tmp_path / "nowhere" / "quick" / "scores" / "20250101T000000Z-00000000.jsonl").touch()
    before = set(tmp_path.rglob("*"))
    result = call(*command, "--results", "nowhere")
    assert result.exit_code == 2 and "no scores" in result.output and "`benchmark run" in result.output
    assert set(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("command", [("report", "nowhere"), ("vote", "nowhere")], ids=" ".join)
def test_a_folder_that_is_no_evaluation_is_a_sentence(command: tuple[str, ...]) -> None:
    result = call(*command)
    assert result.exit_code == 2 and "nowhere: expected the --out of a `benchmark evaluate`" in result.output


def test_the_papers_claims_are_judged_and_ours_are_said_to_be_missing() -> None:
    result = call("claims", "--results", "nowhere")
    assert result.exit_code == 0 and "nowhere/quick/scores: holds no scores" in result.output
