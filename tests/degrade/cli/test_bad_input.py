"""What the user gets wrong is answered with one clear sentence, a non-zero exit and no half-written file."""

import errno
import os
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image as Pillow

from degrade.cli.main import degrade
from degrade.cli.run import degrade_ffhq


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    (tmp_path / "faces").mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    for name in ("a.png", "b.png"):
        Pillow.fromarray(pixels).save(tmp_path / "faces" / name)
    return tmp_path / "faces"


def _run(*words: object, task: str = "sr4", size: int = 64) -> Result:
    options = [*map(str, words), "--task", task, "--size", str(size), "--workers", "1"]
    return CliRunner().invoke(degrade, ["run", *options])


def _ffhq(*words: object) -> Result:
    return CliRunner(env={"FACES_HQ": None}).invoke(degrade_ffhq, [*map(str, words), "--size", "32", "--limit", "1"])


def _refused(result: Result, sentence: str) -> None:
    assert result.exit_code in (1, 2), result.output
    assert isinstance(result.exception, SystemExit), result.exception
    last = result.stderr.strip().splitlines()[-1]
    assert last.startswith("Error: ") and sentence in last, result.output


def _bad_images(folder: Path) -> dict[str, str]:
    """One file of each kind that cannot be used, and what its sentence must hold."""
    good = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Pillow.fromarray(good).save(folder / "torn.png")
    whole = (folder / "torn.png").read_bytes()
    (folder / "torn.png").write_bytes(whole[: len(whole) // 2])
    (folder / "empty.png").write_bytes(b"")
    (folder / "words.jpg").write_text("these are words")
    Pillow.fromarray(good[:32, :32]).save(folder / "small.png")
    Pillow.fromarray(good[:, :48]).save(folder / "oblong.png")
    Pillow.fromarray(good).convert("CMYK").save(folder / "print.jpg")
    Pillow.fromarray(np.dstack([good, good[:, :, 0]])).save(folder / "clear.png")
    return {
        "torn": "not a readable",
        "empty": "not a readable",
        "words": "not a readable",
        "small": "expected at least 64 px to a side, got 32",
        "oblong": "expected a square image, got 48 x 64 px; --crop center",
        "print": "got CMYK",
        "clear": "has an alpha channel",
    }


def test_every_bad_image_is_listed_with_its_reason_and_in_is_out_and_errors(faces: Path, tmp_path: Path) -> None:
    expected = _bad_images(faces)
    result = _run(faces, tmp_path / "out")
    assert result.exit_code == 1
    assert "9 faces in, 2 pairs" in result.stdout and "7 failed" in result.stdout
    for name, sentence in expected.items():
        own = rf"  {name}: |  \d images: .*\b{name}\b"  # of one reason the names stand behind it
        lines = [line for line in result.stdout.splitlines() if re.match(own, line)]
        assert len(lines) == 1 and sentence in lines[0], result.stdout
    for side in ("hq", "lq"):
        assert sorted(path.name for path in (tmp_path / "out" / side).iterdir()) == ["a.png", "b.png"]


def test_options_say_how_oblong_and_transparent_images_are_used(faces: Path, tmp_path: Path) -> None:
    Pillow.new("RGBA", (64, 70), (9, 9, 9, 0)).save(faces / "clear.png")
    result = _run(faces, tmp_path / "out", "--crop", "center", "--background", "white")
    assert result.exit_code == 0, result.output
    assert np.asarray(Pillow.open(tmp_path / "out" / "hq" / "clear.png")).min() == 255


def test_an_empty_a_missing_and_a_wordy_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    _refused(_run(tmp_path / "empty", tmp_path / "out"), "holds no image; expected files ending in .png")
    _refused(_run(tmp_path / "missing", tmp_path / "out"), "expected a folder of images, got nothing there")
    (tmp_path / "empty" / "notes.txt").write_text("words")
    _refused(_run(tmp_path / "empty", tmp_path / "out"), "holds no image")
    assert not (tmp_path / "out").exists()


def test_an_unreadable_folder_is_refused(faces: Path, tmp_path: Path, monkeypatch) -> None:
    def refuse(path: str) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(os, "scandir", refuse)
    _refused(_run(faces, tmp_path / "out"), "cannot be listed (Permission denied)")


def test_an_unreadable_image_is_listed(faces: Path, tmp_path: Path) -> None:
    (faces / "gone.png").symlink_to(tmp_path / "nowhere.png")
    result = _run(faces, tmp_path / "out")
    assert result.exit_code == 1 and "gone.png: expected a file, got a broken link" in result.stdout


def test_two_sources_with_one_stem_are_refused(faces: Path, tmp_path: Path) -> None:
    (faces / "a.jpg").write_bytes((faces / "a.png").read_bytes())
    _refused(_run(faces, tmp_path / "out"), "expected one image for each name, got a.jpg and a.png")
    assert not (tmp_path / "out").exists()


def test_a_full_disk_stops_the_run_and_leaves_no_half_written_file(faces: Path, tmp_path: Path, monkeypatch) -> None:
    named, calls = os.replace, []

    def fill_up(unfinished: str, path: Path) -> None:
        calls.append(path)
        if len(calls) > 5:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        named(unfinished, path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", fill_up)
        _refused(_run(faces, tmp_path / "out"), "b.png: cannot be written (No space left on device)")
    for path in (tmp_path / "out").glob("[hl]q/*"):
        Pillow.open(path).load()
    assert not list(tmp_path.rglob(".degrade-unfinished-*"))
    assert "(1 made, 1 reused)" in _run(faces, tmp_path / "out").stdout


def test_an_output_folder_with_another_recipes_split_is_refused_and_left_alone(faces: Path, tmp_path: Path) -> None:
    assert _run(faces, tmp_path / "out").exit_code == 0
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    _refused(_run(faces, tmp_path / "out", task="jpeg"), "holds another split (recipe sr4, not jpeg; scale 4, not 1)")
    _refused(_run(faces, tmp_path / "out", "--seed", 1), "(seed 0, not 1)")
    _refused(_run(faces, tmp_path / "out", size=32), "(size 64, not 32)")
    _refused(_run(faces, tmp_path / "out", "--limit", 1), "holds faces that belong to a larger split (1 not asked for")
    after = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert after == before


def test_an_interrupted_split_of_another_recipe_is_refused_too(faces: Path, tmp_path: Path, monkeypatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("degrade.splits.layout._finish", lambda *arguments: (_ for _ in ()).throw(KeyboardInterrupt))
        assert _run(faces, tmp_path / "out").exit_code == 130
    assert not (tmp_path / "out" / "split.json").exists()
    _refused(_run(faces, tmp_path / "out", task="jpeg"), "holds another split (recipe sr4, not jpeg")


def test_an_output_folder_with_other_files_is_refused(faces: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("years of work")
    _refused(_run(faces, tmp_path / "out"), "expected an empty folder or a split of the same recipe, got other files")
    _refused(_run(faces, tmp_path / "out" / "thesis.txt"), "is a file")
    (tmp_path / "out" / "split.json").write_text("{torn")
    _refused(_run(faces, tmp_path / "out"), "split.json: expected the facts of a split")
    (tmp_path / "out" / "split.json").write_text("[]")
    _refused(_run(faces, tmp_path / "out"), "expected the facts of a split")


@pytest.mark.parametrize("below", [".", "out"])
def test_an_output_folder_inside_the_faces_is_refused(faces: Path, below: str) -> None:
    _refused(_run(faces, faces / below), "lies inside the folder of the faces")


def test_an_unknown_task_suggests_the_nearest(faces: Path, tmp_path: Path) -> None:
    _refused(_run(faces, tmp_path / "out", task="denose"), "unknown recipe 'denose'; did you mean 'denoise'?")
    _refused(_ffhq("--task", "dual_blnd"), "unknown recipe 'dual_blnd'; did you mean 'dual_blind'?")
    _refused(CliRunner().invoke(degrade, ["rnu"]), "unknown command 'rnu'; did you mean 'run'?")


def test_a_size_that_the_recipe_refuses_stops_before_any_work(faces: Path, tmp_path: Path) -> None:
    _refused(_run(faces, tmp_path / "out", size=42), "sr4: expected a size that is a multiple of 4, got 42")
    _refused(_run(faces, tmp_path / "out", task="mosaic16", size=40), "mosaic")
    assert not (tmp_path / "out").exists()


def test_lists_that_are_missing_or_name_what_is_not_there_are_refused(faces: Path, tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("a.png\nzoe.png\n")
    _refused(_run(faces, tmp_path / "out", "--list", tmp_path / "list.txt"), "holds no image zoe.png")
    _refused(_run(faces, tmp_path / "out", "--list", tmp_path / "none.txt"), "none.txt: cannot be read as a list")


def test_options_that_need_each_other_say_so(faces: Path, tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("a.png\n")
    out = ("--task", "sr4", "--out", tmp_path / "out")
    _refused(_ffhq(*out, "--list", tmp_path / "list.txt"), "say which with --split train, val or test")
    _refused(_ffhq(*out, "--list", tmp_path / "list.txt", "--split", "val"), "--list chooses among the faces")
    _refused(_ffhq(*out, "--ids", "0:3"), "--ids chooses among the faces of a folder; add --ffhq DIR")
    for ids in ("3:3", f"0:{'9' * 5000}"):
        _refused(_ffhq(*out, "--ids", ids), "expected FIRST:END with FIRST below END and END at most 9223")
    _refused(_ffhq(*out, "--ffhq", faces, "--ids", "0:3"), "--ids selects FFHQ's five-digit names")
    assert not (tmp_path / "out").exists()


def test_roles_without_faces_are_refused(tmp_path: Path) -> None:
    (tmp_path / "ffhq").mkdir()
    (tmp_path / "ffhq" / "20000.png").write_bytes(b"")
    out = ("--task", "sr4", "--ffhq", tmp_path / "ffhq", "--out", tmp_path / "out")
    _refused(_ffhq(*out), "no face belongs to train, val or test")
    _refused(_ffhq(*out, "--split", "test"), "expected at least one face of role 'test', got none")
    assert not (tmp_path / "out").exists()
