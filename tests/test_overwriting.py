"""What is there is replaced only where the user says so, by every command that writes a file."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmark.cli.main import benchmark
from degrade.cli.facerenov import degrade_facerenov
from degrade.cli.main import degrade
from degrade.core.image import write
from degrade.portraits.paint import paint
from ispl_model.cli.main import ispl
from tests.command_trees import COMMANDS

ROOT = Path(__file__).parent.parent

# Commands that write and have no --overwrite, by why nothing is lost.
SCORES = "a table, a figure or a page of scores, made anew whenever scores are added"
GOES_ON = "goes on with what it made from the same request, and refuses all else that is there"
OTHERS = {
    **dict.fromkeys(
        (
            "benchmark breakdown", "benchmark claims", "benchmark compare", "benchmark figures",
            "benchmark report", "benchmark sanity", "benchmark vote", "benchmark votes",
        ),
        SCORES,
    ),
    **dict.fromkeys(
        (
            "benchmark evaluate", "degrade import meta-info", "degrade import pairs", "degrade import set",
            "degrade import stacked", "degrade merge", "degrade reduce", "degrade run", "degrade-facerenov import",
            "degrade-facerenov simulate", "degrade-ffhq", "ispl train",
        ),
        GOES_ON,
    ),
}  # fmt: skip


def test_every_command_that_writes_asks_before_it_replaces_or_loses_nothing() -> None:
    writing = {
        called: {option for param in command.params for option in param.opts}
        for called, command in COMMANDS.items()
        if any(param.name == "out" for param in command.params)
    }
    assert {called for called, options in writing.items() if "--overwrite" not in options} == OTHERS.keys()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A face, two folders with one of the same name, and files of others where results would go."""
    monkeypatch.chdir(tmp_path)
    for place in ("face.png", "a/face.png", "b/face.png"):
        write(tmp_path / place, paint(0, 64))
    for name in ("made.png", "made.onnx", "made.csv", "sheets-key.csv"):
        (tmp_path / name).write_text("mine")
    return tmp_path


CALLS = {
    "preview": (degrade, "preview face.png --recipe sr4 --seeds 0:1 --size 64 --out made.png", "made.png"),
    "explain": (ispl, "explain face.png --device cpu --out made.png", "made.png"),
    "score": (benchmark, "score a b --metrics psnr.rgb --out made.csv", "made.csv"),
    "sheet": (degrade_facerenov, "sheet --lq a --candidates a --candidates b --out sheets", "sheets-key.csv"),
    "page": (degrade_facerenov, "page --lq a --candidates a --candidates b --out sheets", "sheets-key.csv"),
    "scores": (benchmark, f"export --profile lite --results {ROOT / 'results'} --out made.csv", "made.csv"),
    "figure": (benchmark, "sheet --task jpeg --method identity --faces 1 --limit 1 --out made.png", "made.png"),
    "export": (ispl, "export --size 64 --out made.onnx", "made.onnx"),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_file_that_is_there_is_replaced_only_when_asked(name: str, folder: Path) -> None:
    if name == "export":
        pytest.importorskip("onnxscript", reason="needs onnx, onnxscript and onnxruntime, of the extra dev")
    command, words, file = CALLS[name]
    before = {path: path.read_bytes() for path in folder.rglob("*.*")}
    refused = CliRunner().invoke(command, words.split())
    assert refused.exit_code == 2
    assert f"{file}: is there already; give another name, or --overwrite to replace it" in refused.output
    assert {path: path.read_bytes() for path in folder.rglob("*.*")} == before
    done = CliRunner().invoke(command, [*words.split(), "--overwrite"])
    assert done.exit_code == 0, done.output
    assert (folder / file).read_bytes() != b"mine"
