"""What the files of an evaluation say of failures, of small images and of Frechet distances."""

import csv
from pathlib import Path

import numpy as np
import pytest

from benchmark.methods.fixed import bicubic
from benchmark.methods.method import Method
from benchmark.metrics.facts import facts_of
from benchmark.reports.figures.sheets import failed_face
from tests.benchmark.cli.calling import call

pytestmark = pytest.mark.usefixtures("elsewhere")


@pytest.fixture
def failing(monkeypatch):
    """`bicubic` raises words that move a terminal's cursor."""

    def restore(_images):
        raise ValueError("\x1b[2Jtorn")

    monkeypatch.setattr(bicubic, "load", lambda *_: Method("bicubic", restore, 1))


def test_what_a_method_says_when_it_fails_moves_no_cursor_in_a_file(made, failing):
    result = call(
        "evaluate", made, "--method", "bicubic", "--method", "identity", "--metrics", "psnr.rgb", "--out", "out"
    )
    assert result.exit_code == 1
    for path in (*Path("out").glob("*.*"), *Path("out/scores").iterdir()):
        assert b"\x1b" not in path.read_bytes(), path
    assert "\\x1b[2Jtorn" in Path("out/images.csv").read_text()
    rows = [line.split("|")[1:4] for line in Path("out/table.md").read_text().splitlines() if line.startswith("| ")]
    assert [cell.strip() for cell in rows[2]] == ["Bicubic", "4", "4"], "failed: scores without a value"


def test_a_reason_is_said_once_in_the_table_and_places_are_no_part_of_a_caption(made, monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    metrics = "psnr.rgb,ffd.dlib,lpips.alex"
    call("evaluate", made, "--method", "identity", "--method", "bicubic", "--metrics", metrics, "--out", "out")
    lines = csv.DictReader(Path("out/table.csv").read_text().splitlines())
    notes = [line["note"] for line in lines if line["metric"] == "lpips.alex"]
    assert notes and all(note.count("unavailable") == 1 for note in notes)
    latex = Path("out/table.tex").read_text()
    caption = next(line for line in latex.splitlines() if line.startswith(r"\caption"))
    assert str(made) in latex and str(made) not in caption and "lpips" not in caption.lower()
    assert "Reduced in bias: FFD" in Path("out/table.md").read_text()


def test_a_method_that_must_be_trained_is_sent_to_a_checkpoint_only_where_there_is_one(made):
    for method, has_checkpoint in (("edsr", False), ("wiener", False), ("ispl", True)):
        refused = call("evaluate", made, "--method", method, "--metrics", "psnr.rgb", "--out", f"out-{method}")
        assert refused.exit_code == 1
        assert ("ispl:FILE.safetensors" in refused.output) == has_checkpoint, refused.output


def test_a_note_about_a_side_stands_under_images_of_it():
    niqe = facts_of("niqe.y")
    assert [niqe.note_holds(size, 4) for size in (64, 128, 256, 512)] == [False, False, True, False]


def test_a_face_that_failed_says_so():
    cell = failed_face(96)
    assert cell.shape == (96, 96, 3) and np.ptp(cell) > 0.5
