"""The command lines as a user meets them: what is written where, what is printed, how they end."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image as Pillow

from degrade.cli.main import degrade
from degrade.cli.run import degrade_ffhq
from degrade.core.choices import ROLES
from degrade.recipes.library import TASKS
from degrade.splits.split import load_split


def _call(command: object, *words: object) -> Result:
    options = [str(word) for word in words]
    return CliRunner(env={"FACES_HQ": None}).invoke(command, [*options, "--workers", "1"])


def _faces(folder: Path, *names: str, side: int = 64) -> Path:
    for number, name in enumerate(names):
        pixels = np.random.default_rng(number).integers(0, 256, (side, side, 3), dtype=np.uint8)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Pillow.fromarray(pixels).save(folder / name)
    return folder


def _bytes(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_without_faces_the_portraits_are_degraded_into_three_roles_and_that_is_said(tmp_path: Path) -> None:
    result = _call(degrade_ffhq, "--task", "dual_blind", "--size", 64, "--limit", 2, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "embedded portraits (painted, not photographs)" in result.stdout
    assert f"val: 2 faces in, 2 pairs in {tmp_path / 'out' / 'val'} (2 made, 0 reused), 0 failed" in result.stdout
    names = [set(load_split(tmp_path / "out" / role).names) for role in ROLES]
    assert [len(each) for each in names] == [2, 2, 2] and len(set.union(*names)) == 6


@pytest.mark.parametrize("task", TASKS)
def test_every_task_of_the_paper_is_made_and_named_in_the_help(task: str, tmp_path: Path) -> None:
    source = _faces(tmp_path / "faces", "a.png")
    result = _call(degrade, "run", source, tmp_path / "out", "--task", task, "--size", 64)
    assert result.exit_code == 0, result.output
    assert load_split(tmp_path / "out").info["recipe"] == task
    assert task in " ".join(CliRunner().invoke(degrade_ffhq, ["--help"]).output.split())


def test_files_in_less_time_hold_the_same_pixels(tmp_path: Path) -> None:
    pytest.importorskip("fpng")
    source = _faces(tmp_path / "faces", "a.png", "b.png")
    for png in ("small", "fast"):
        result = _call(degrade, "run", source, tmp_path / png, "--task", "jpeg", "--size", 64, "--png", png)
        assert result.exit_code == 0, result.output
    small, fast = (load_split(tmp_path / png).records for png in ("small", "fast"))
    assert [record["lq_pixels_sha256"] for record in small] == [record["lq_pixels_sha256"] for record in fast]
    assert all(one["lq_sha256"] != two["lq_sha256"] for one, two in zip(small, fast, strict=True))


def test_one_role_is_written_to_out_itself(tmp_path: Path) -> None:
    result = _call(degrade_ffhq, "--task", "sr4", "--size", 32, "--limit", 1, "--split", "test", "--out", tmp_path)
    assert result.exit_code == 0, result.output
    assert load_split(tmp_path).info["role"] == "test"


def test_the_folder_by_default_is_named_after_task_and_size(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert _call(degrade_ffhq, "--task", "sr4", "--size", 32, "--limit", 1, "--split", "val").exit_code == 0
    assert load_split(tmp_path / "runs" / "sr4-32").names == ("portrait_100000",)


def test_ffhq_numbers_and_ids_choose_and_roles_without_faces_are_told(tmp_path: Path) -> None:
    source = _faces(tmp_path / "ffhq", "00000/00007.png", "00000/00008.png", "65000/65001.png")
    words = ("--ffhq", source, "--task", "jpeg", "--size", 64, "--out", tmp_path / "out", "--ids", "8:70000")
    result = _call(degrade_ffhq, *words)
    assert result.exit_code == 0, result.output
    assert load_split(tmp_path / "out" / "train").names == ("00008",)
    assert load_split(tmp_path / "out" / "test").names == ("65001",)
    assert "val: no face belongs to this role, nothing written" in result.stdout
    assert not (tmp_path / "out" / "val").exists()


def test_faces_of_no_role_are_told(tmp_path: Path) -> None:
    source = _faces(tmp_path / "ffhq", "00007.png", "20000.png", "65001.png")
    result = _call(degrade_ffhq, "--ffhq", source, "--task", "jpeg", "--size", 64, "--out", tmp_path / "out")
    assert result.exit_code == 0 and "Of no role, and left out: 20000; --help says what decides" in result.output
    (source / "train.txt").write_text("00007.png\n")
    result = _call(degrade_ffhq, "--ffhq", source, "--task", "jpeg", "--size", 64, "--out", tmp_path / "listed")
    assert "Of no role, and left out: 20000, 65001; --help" in result.output


@pytest.mark.parametrize("again", [[], ["--overwrite"]])
def test_a_preview_does_not_replace_its_face(tmp_path: Path, again: list[str]) -> None:
    face = _faces(tmp_path / "faces", "a.png") / "a.png"
    before = face.read_bytes()
    words = ["preview", str(face), "--recipe", "sr4", "--size", "64", "--out", str(face), *again]
    result = CliRunner().invoke(degrade, words)
    assert result.exit_code == 2 and "would replace what is read" in result.output and face.read_bytes() == before


@pytest.mark.slow
def test_ctrl_c_with_two_workers_is_one_sentence_and_the_same_command_goes_on(tmp_path: Path) -> None:
    source = _faces(tmp_path / "faces", *(f"{number}.png" for number in range(200)))
    words = ["run", source, tmp_path / "out", "--task", "dual_blind", "--size", 64, "--workers", 2]
    command = [sys.executable, "-m", "degrade", *map(str, words)]
    asked = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    while not list((tmp_path / "out").glob(".parts/*.jsonl")):
        assert asked.poll() is None
    asked.send_signal(signal.SIGINT)
    _, said = asked.communicate(timeout=60)
    assert (asked.returncode, said) == (130, "Error: stopped; the same command goes on from there\n")
    result = _call(degrade, *words)
    assert result.exit_code == 0 and len(load_split(tmp_path / "out").names) == 200


def test_the_environment_names_the_folder_too(tmp_path: Path) -> None:
    source = _faces(tmp_path / "ffhq", "00001.png")
    words = ["--task", "jpeg", "--size", "64", "--out", str(tmp_path / "out"), "--workers", "1"]
    result = CliRunner(env={"FACES_HQ": str(source)}).invoke(degrade_ffhq, words)
    assert result.exit_code == 0, result.output
    assert load_split(tmp_path / "out" / "train").names == ("00001",)


def test_a_list_makes_the_split_of_one_role(tmp_path: Path) -> None:
    source = _faces(tmp_path / "faces", "a.png", "b.png", "c.png")
    (tmp_path / "list.txt").write_text("c.png\na\n")
    words = ("--ffhq", source, "--list", tmp_path / "list.txt", "--task", "jpeg", "--size", 64)
    result = _call(degrade_ffhq, *words, "--split", "val", "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert load_split(tmp_path / "out").names == ("a", "c")
    assert "say which with --split" in _call(degrade_ffhq, *words, "--out", tmp_path / "other").output


def test_run_makes_one_split_of_role_all_and_again_reuses_it(tmp_path: Path) -> None:
    source = _faces(tmp_path / "faces", "a.png", "b.png", "c.png")
    (source / "notes.txt").write_text("words")
    words = ("run", source, tmp_path / "out", "--task", "deblur", "--size", 64)
    assert "2 pairs" in _call(degrade, *words, "--limit", 2).stdout
    result = _call(degrade, *words)
    assert f"all: 3 faces in, 3 pairs in {tmp_path / 'out'} (1 made, 2 reused), 0 failed" in result.stdout
    assert "Left alone, as not an image: 1 (notes.txt)" in result.stdout
    before = _bytes(tmp_path / "out")
    assert "(0 made, 3 reused)" in _call(degrade, *words).stdout
    assert _bytes(tmp_path / "out") == before
    assert load_split(tmp_path / "out").info["role"] == "all"


def test_both_commands_give_a_face_the_same_pair(tmp_path: Path) -> None:
    source = _faces(tmp_path / "ffhq", "00003.png")
    assert _call(degrade, "run", source, tmp_path / "a", "--task", "dual_blind", "--size", 64).exit_code == 0
    words = ("--ffhq", source, "--task", "dual_blind", "--size", 64, "--split", "train")
    assert _call(degrade_ffhq, *words, "--out", tmp_path / "b").exit_code == 0
    assert (tmp_path / "a" / "metadata.jsonl").read_bytes() == (tmp_path / "b" / "metadata.jsonl").read_bytes()


def test_bad_faces_are_listed_by_name_the_rest_is_written_and_the_end_is_1(tmp_path: Path) -> None:
    source = _faces(tmp_path / "faces", "a.png", "b.png")
    _faces(source, "small.png", side=32)
    (source / "torn.jpg").write_bytes(b"\xff\xd8\xff torn")
    result = _call(degrade, "run", source, tmp_path / "out", "--task", "sr4", "--size", 64)
    assert result.exit_code == 1
    assert "all: 4 faces in, 2 pairs" in result.stdout and "2 failed" in result.stdout
    assert "  small: " in result.stdout and "  torn: " in result.stdout
    assert json.loads((tmp_path / "out" / "split.json").read_text())["errors"] == 2


def test_no_progress_bar_is_written_where_no_one_watches(tmp_path: Path) -> None:
    source = _faces(tmp_path / "faces", "a.png")
    result = _call(degrade, "run", source, tmp_path / "out", "--task", "sr4", "--size", 64)
    assert result.exit_code == 0 and result.stderr == ""


@pytest.mark.parametrize(("module", "command"), [("main", "degrade"), ("run", "degrade_ffhq")])
def test_help_imports_nothing_that_takes_long(module: str, command: str) -> None:
    program = (
        f"import sys; from degrade.cli.{module} import {command}\n"
        f"try: {command}(['--help'])\n"
        "finally: print(sorted({'numpy', 'cv2', 'PIL', 'scipy', 'joblib', 'tqdm', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
