"""`ispl train` and `ispl restore` from end to end, and their errors in one line."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from degrade.core.image import read, write
from ispl_model.cli.main import ispl
from ispl_model.losses.pixel import LOSSES
from ispl_model.runtime.checkpoint import load_header
from ispl_model.training import ispl as training

ROOT = Path(__file__).parents[3]


def run(*arguments):
    return CliRunner().invoke(ispl, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def trained(make_tiny_split, tmp_path_factory):
    out = tmp_path_factory.mktemp("trained") / "m.safetensors"
    split = make_tiny_split("sr4").path
    result = run("train", split, "--out", out, "--width", 2, "--steps", 2, "--perceptual", "none", "--device", "cpu")
    assert result.exit_code == 0, result.output
    assert "trained 2 steps, 4 images" in result.output and "lsgan" in result.output
    return out


def test_the_options_of_train_reach_the_header(trained, make_tiny_split, tmp_path):
    split, options = (
        make_tiny_split("sr4").path,
        ["--loss", "l1=2", "--loss", "perceptual=0", "--crop", 32, "--ema", 0.9, "--from", trained],
    )
    options += ["--optimiser", "released", "--accumulate", 2, "--samples-every", 1]
    common = ["--width", 2, "--steps", 1, "--perceptual", "none", "--device", "cpu"]
    result = run("train", split, "--out", tmp_path / "m", *common, *options)
    assert result.exit_code == 0, result.output
    training = load_header(tmp_path / "m")["training"]
    assert training["losses"] == {"l1": 2, "lsgan": 1, "feature_matching": 10}
    assert (training["betas"], training["discriminator_rate"], training["batch"]) == ([0.0, 0.9], 4e-4, 4)
    assert sorted(path.name for path in tmp_path.iterdir())[:3] == ["losses.csv", "losses.png", "m"]
    assert [path.name for path in (tmp_path / "samples").iterdir()] == ["00000001.png"]
    assert (training["crop"], training["ema"]) == (32, 0.9) and training["start"].startswith("m.safetensors sha256:")


def test_train_weighs_every_loss_that_judges_one_image(monkeypatch, make_tiny_split, tmp_path):
    """A new row of LOSSES is one at once."""
    monkeypatch.setitem(LOSSES, "novel", LOSSES["l1"])
    asked = {}
    monkeypatch.setattr(training, "train_ispl", lambda *given: asked.update(given[-1].losses) or sys.exit(0))
    named = LOSSES.keys() - {"l1_steps"}
    options = [word for name in (*named, "identity", "perceptual") for word in ("--loss", f"{name}=2")]
    result = run("train", make_tiny_split("sr4").path, "--out", tmp_path / "m", *options)
    assert result.exit_code == 0, result.output
    assert asked == dict.fromkeys((*named, "identity", "perceptual"), 2.0) | {"lsgan": 1.0, "feature_matching": 10.0}


def test_a_folder_is_restored_and_the_summary_says_what_was_resized(trained, make_tiny_split, tmp_path):
    lq = make_tiny_split("sr4").path / "lq"  # 16 px
    result = run("restore", lq, "--checkpoint", trained, "--out", tmp_path / "out", "--device", "cpu")
    assert result.exit_code == 0, result.output
    assert "restored 5 images: 5 faces (5 resized to 64 px for the network)" in result.output
    names = [*(f"face_{number}.png" for number in range(5)), "faces.jsonl", "restored.jsonl"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == names


def test_one_image_is_restored(trained, make_tiny_split, tmp_path):
    face = make_tiny_split("sr4").path / "hq" / "face_0.png"
    result = run("restore", face, "--checkpoint", trained, "--out", tmp_path, "--device", "cpu")
    assert result.exit_code == 0, result.output
    assert "resized" not in result.output and read(tmp_path / "face_0.png").shape == (64, 64, 3)


def test_bad_images_are_listed_the_rest_is_written_and_the_exit_code_tells(trained, tmp_path):
    write(tmp_path / "faces" / "good.png", np.full((64, 64, 3), 0.5, np.float32))
    (tmp_path / "faces" / "bad.png").write_bytes(b"nothing")
    result = run("restore", tmp_path / "faces", "--checkpoint", trained, "--out", tmp_path / "out", "--device", "cpu")
    assert result.exit_code == 1
    assert "1 of 2 images could not be restored" in result.output and "bad.png" in result.output
    assert [path.name for path in (tmp_path / "out").glob("*.png")] == ["good.png"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--variant", "isp_unet_pak"], "did you mean 'isp_unet_pac'"),
        (["--perceptual", "nothing.pth"], "an existing file of weights"),
        (["--steps", "0"], "Invalid value for '--steps'"),
        (["--loss", "l2=1"], "unknown loss 'l2'; did you mean 'l1'"),
        (["--loss", "l1"], "Invalid value for '--loss'"),
        *((["--loss", f"l1={weight}"], f"'{weight}': expected a finite number") for weight in ("nan", "inf")),
        (["--ema", "nan"], "'nan': expected a finite number"),
        (["--loss", "identity=10"], "got one without the other"),
        (["--loss", "l1"], "expected NAME=WEIGHT, such as l1=2, got 'l1'"),
        (["--loss", "l1=much"], "expected NAME=WEIGHT, such as l1=2, got 'l1=much'"),
        (["--loss", "lsgan=0", "--loss", "feature_matching=0", "--loss", "perceptual=0"], "at least one"),
        (
            ["--perceptual", "none", "--loss", "lsgan=0", "--loss", "feature_matching=0"],
            "losses: expected one that is computed, got perceptual alone",
        ),
    ],
)
def test_wrong_options_of_train_are_one_sentence(make_tiny_split, tmp_path, options, sentence):
    result = run(
        "train", make_tiny_split("sr4").path, "--out", tmp_path / "m", "--width", 2, "--device", "cpu", *options
    )
    assert result.exit_code != 0 and sentence in result.output and "Traceback" not in result.output
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_trained_into_the_split_that_is_read(make_tiny_split, tmp_path):
    split = make_tiny_split("sr4").path
    before = sorted(split.rglob("*"))
    for out in (split / "m.safetensors", split / "lq" / "m.safetensors"):
        result = run("train", split, "--out", out, "--width", 2, "--device", "cpu", "--perceptual", "none")
        assert result.exit_code == 2 and "lies in the split that is read" in result.output
    assert sorted(split.rglob("*")) == before


def test_no_face_and_no_checkpoint_is_replaced_by_what_is_made_of_it(tmp_path):
    for command, file in (("explain", tmp_path / "face.png"), ("export", tmp_path / "network.onnx")):
        file.write_bytes(b"kept")
        result = run(command, file, "--out", file, "--overwrite")
        assert result.exit_code == 2 and "would replace what is read" in result.output
        assert file.read_bytes() == b"kept"


def test_what_is_no_split_and_what_is_no_checkpoint_is_one_sentence(tmp_path):
    result = run("train", tmp_path, "--out", tmp_path / "m")
    assert result.exit_code == 2 and "expected a finished split" in result.output
    (tmp_path / "m").write_bytes(b"nothing")
    write(tmp_path / "face.png", np.zeros((64, 64, 3), np.float32))
    result = run("restore", tmp_path / "face.png", "--checkpoint", tmp_path / "m", "--out", tmp_path / "out")
    assert result.exit_code == 2 and "not a whole safetensors file" in result.output
    result = run("restore", tmp_path / "none", "--checkpoint", tmp_path / "m", "--out", tmp_path / "out")
    assert result.exit_code == 2 and "expected an image or a folder of images" in result.output


def test_unknown_commands_are_answered_with_the_nearest():
    result = run("restor")
    assert result.exit_code == 2 and "did you mean 'restore'" in result.output


def test_help_answers_from_the_tree_without_what_takes_long_to_load():
    command = [sys.executable, "-X", "importtime", "-m", "ispl_model", "train", "--help"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {line.rpartition("|")[2].strip() for line in result.stderr.splitlines()}
    assert "click" in loaded and not loaded & {"torch", "cv2", "scipy", "pandas"}
    assert "Usage: ispl train" in result.stdout and "--perceptual" in result.stdout


@pytest.mark.slow
def test_ctrl_c_saves_the_state_and_the_same_command_goes_on(make_tiny_split, tmp_path):
    split, out = make_tiny_split("sr4").path, tmp_path / "m.safetensors"
    options = ["--width", "2", "--steps", "25", "--perceptual", "none", "--device", "cpu", "--workers", "1"]
    arguments = ["train", str(split), "--out", str(out), "--checkpoint-every", "1", *options]
    command = [sys.executable, "-m", "ispl_model", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not (tmp_path / "state.safetensors").exists() and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130 and "of 25; the same command continues from there" in errors
    assert "Traceback" not in errors and not out.exists()
    assert CliRunner().invoke(ispl, arguments).exit_code == 0
    assert len((tmp_path / "losses.csv").read_text().splitlines()) == 26
