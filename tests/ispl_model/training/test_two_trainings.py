"""Two real processes that train into one folder: one of them trains, and no line is lost or doubled."""

import subprocess
import sys
import time

import pytest

from ispl_model.training.resume import read_report

STEPS = 12


def started(split, out, *options):
    command = [sys.executable, "-m", "ispl_model", "train", split.path, "--out", out, "--width", 2, "--batch", 1]
    command += ["--steps", STEPS, "--perceptual", "none", "--device", "cpu", "--samples-every", 0, *options]
    return subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def check_whole(out):
    _, *rows = (out.parent / "losses.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows] == [str(step) for step in range(1, STEPS + 1)]
    assert read_report(out.parent / "train.json")["result"]["steps"] == STEPS


@pytest.mark.slow
def test_one_of_them_trains_and_the_other_finds_the_result(make_tiny_split, tmp_path):
    out = tmp_path / "m" / "m.safetensors"
    both = [started(make_tiny_split("denoise"), out, "--checkpoint-every", 1) for _ in range(2)]
    said = [process.communicate(timeout=300) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    check_whole(out)


@pytest.mark.slow
def test_the_second_goes_on_where_the_first_was_killed(make_tiny_split, tmp_path):
    out, split = tmp_path / "m" / "m.safetensors", make_tiny_split("denoise")
    first = started(split, out, "--checkpoint-every", 1, "--workers", 2)
    while not (out.parent / "state.safetensors").exists():
        assert first.poll() is None
        time.sleep(0.02)
    second = started(split, out, "--checkpoint-every", 1)
    time.sleep(1)
    first.kill()
    first.communicate(timeout=10)  # its loaders hold the pipe and the lock no longer
    assert second.wait(timeout=300) == 0, second.communicate()
    second.communicate()
    check_whole(out)


@pytest.mark.slow
def test_another_training_in_the_same_folder_is_refused_after_waiting(make_tiny_split, tmp_path):
    out, split = tmp_path / "m" / "m.safetensors", make_tiny_split("denoise")
    both = [started(split, out, "--seed", seed) for seed in range(2)]
    said = [process.communicate(timeout=300) for process in both]
    assert sorted(process.returncode == 0 for process in both) == [False, True], said
    assert sum("belongs to another training (other training.seed)" in stderr for _, stderr in said) == 1
    check_whole(out)


def test_losses_are_not_written_through_a_link(make_tiny_split, tmp_path):
    (tmp_path / "own.csv").write_text("mine")
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "losses.csv").symlink_to(tmp_path / "own.csv")
    _, said = (process := started(make_tiny_split("denoise"), tmp_path / "m" / "m.safetensors")).communicate(timeout=60)
    assert process.returncode == 2 and "losses.csv: is a link" in said
    assert (tmp_path / "own.csv").read_text() == "mine"
