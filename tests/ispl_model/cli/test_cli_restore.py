"""`ispl restore` from the command line: what it says at the end, and one sentence for everything that is wrong."""

import json
import pickle
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image as Pillow

from degrade.core.image import read, to_uint8, write
from degrade.portraits.paint import paint
from degrade.splits.roles import portrait_sources
from ispl_model.cli.main import ispl
from ispl_model.cli.restore import ALIASES
from ispl_model.runtime import checkpoint


def restore(image, network: Path | None, out, *options):
    named = ["--checkpoint", network] if network else []
    arguments = ["restore", image, *named, "--out", out, "--device", "cpu", *options]
    return CliRunner().invoke(ispl, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def face(tmp_path_factory):
    path = tmp_path_factory.mktemp("face") / "face.png"
    write(path, np.random.default_rng(0).random((64, 64, 3), dtype=np.float32))
    return path


def test_a_folder_of_photographs_is_restored_the_one_without_a_face_is_named_and_a_second_run_keeps_them(
    network_file, tmp_path
):
    photo = np.full((200, 400, 3), 0.5, np.float32)
    photo[20:180, 30:190] = paint(portrait_sources("test", 1)[0].portrait, 160)
    write(tmp_path / "photos" / "a.png", photo)
    write(tmp_path / "photos" / "b.png", np.full((200, 300, 3), 0.5, np.float32))
    for options, sentence in (
        (["--upscale", "2"], "restored 1 image: 1 photograph with 1 face\n"),
        (["--upscale", "2", "--resume"], "restored 0 images; 1 result there already\n"),
    ):
        result = restore(tmp_path / "photos", network_file, tmp_path / "out", *options)
        assert result.exit_code == 1 and sentence in result.output, result.output
        assert "1 of 2 images could not be restored" in result.output
        assert f"{tmp_path / 'photos' / 'b.png'}: no face found" in result.output
    assert read(tmp_path / "out" / "a.png").shape == (400, 800, 3)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_photograph_without_a_face_can_be_kept(network_file, tmp_path, workers):
    photo = np.full((200, 400, 3), 0.5, np.float32)
    photo[20:180, 30:190] = paint(portrait_sources("test", 1)[0].portrait, 160)
    write(tmp_path / "photos" / "a.png", photo)
    plain = np.random.default_rng(0).integers(0, 256, (60, 90, 3), dtype=np.uint8)
    write(tmp_path / "photos" / "b.png", plain / np.float32(255))
    out, asked = tmp_path / "out", ["--no-face", "keep", "--workers", workers, "--save", "faces,compare"]
    result = restore(tmp_path / "photos", network_file, out, *asked)
    assert result.exit_code == 0, result.output
    assert "restored 1 image: 1 photograph with 1 face; 1 without a face, kept\n" in result.output
    np.testing.assert_array_equal(to_uint8(read(out / "b.png")), plain)
    lines = map(json.loads, (out / "restored.jsonl").read_text().splitlines())
    assert {line["file_name"]: line["faces"] for line in lines} == {"a.png": 1, "b.png": 0}
    assert (out / "cmp" / "b.jpg").exists()
    again = restore(tmp_path / "photos", network_file, out, *asked, "--resume")
    assert again.exit_code == 0 and "restored 0 images; 2 results there already\n" in again.output
    larger = restore(tmp_path / "photos", network_file, tmp_path / "x2", "--no-face", "keep", "--upscale", "2")
    assert larger.exit_code == 0 and read(tmp_path / "x2" / "b.png").shape == (120, 180, 3)
    refused = restore(tmp_path / "photos", network_file, tmp_path / "face", "--kind", "face", "--no-face", "keep")
    assert refused.exit_code == 2 and "--no-face keep is for photographs" in refused.output


def test_another_request_with_resume_names_the_result_and_leaves_it(face, network_file, tmp_path):
    assert restore(face, network_file, tmp_path).exit_code == 0
    before = (tmp_path / "face.png").read_bytes()
    result = restore(face, network_file, tmp_path, "--resume", "--strength", "0.5")
    assert result.exit_code == 1 and "face.png: is there, made with another strength; give another" in result.output
    assert (tmp_path / "face.png").read_bytes() == before


def test_a_wide_image_can_be_restored_in_tiles(network_file, tmp_path):
    write(tmp_path / "wide.png", np.full((70, 100, 3), 0.5, np.float32))
    result = restore(tmp_path / "wide.png", network_file, tmp_path / "out", "--kind", "tiles", "--batch", "3")
    assert result.exit_code == 0 and "restored 1 image: 1 in tiles of 64 px" in result.output
    assert read(tmp_path / "out" / "wide.png").shape == (70, 100, 3)


def test_a_level_is_used_where_the_network_has_it(face, save_network, network_file, tmp_path):
    with_levels = save_network(levels=True)
    for level in ("0", "2"):
        assert restore(face, with_levels, tmp_path / level, "--level", level).exit_code == 0
    assert not np.array_equal(read(tmp_path / "0" / "face.png"), read(tmp_path / "2" / "face.png"))
    for network, level, sentence in (
        (network_file, "1", "was trained without levels"),
        (with_levels, "7", "expected a level from 0 to 2, got 7"),
    ):
        result = restore(face, network, tmp_path / "out", "--level", level)
        assert result.exit_code == 2 and sentence in result.output


@pytest.fixture
def wrong_files(network_file, tmp_path):
    """Files that are no checkpoint of this network, by what is wrong with them."""
    state, header = checkpoint.load(network_file)
    (tmp_path / "truncated").write_bytes(network_file.read_bytes()[:-100])
    (tmp_path / "pickle").write_bytes(pickle.dumps({"weight": 1}))
    torch.save({"weight": torch.zeros(1)}, tmp_path / "zip")
    checkpoint.save(tmp_path / "method", state, header | {"method": "edsr"})
    checkpoint.save(tmp_path / "width", state, header | {"network": header["network"] | {"width": 4}})
    wanted = header["network"] | {"variant": "isp_unet"}
    checkpoint.save(tmp_path / "variant", state, header | {"network": wanted})
    return tmp_path


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("missing", "cannot be read"),
        ("truncated", "not a whole safetensors file"),
        ("pickle", "a pickled PyTorch file, which can run code when read"),
        ("zip", "a pickled PyTorch file, which can run code when read"),
        ("method", "expected a checkpoint of ispl, got one of edsr"),
        ("width", "holds the weights of another network"),
        ("variant", "holds the weights of another network"),
    ],
)
def test_what_is_no_checkpoint_of_this_network_is_one_sentence(face, wrong_files, tmp_path, name, sentence):
    result = restore(face, wrong_files / name, tmp_path / "out")
    assert result.exit_code == 2 and sentence in result.output and "Traceback" not in result.output
    assert result.output.count("\n") == 1 and not (tmp_path / "out").exists()


def test_wrong_options_are_one_sentence(face, network_file, tmp_path, monkeypatch):
    write(tmp_path / "wide.png", np.zeros((32, 64, 3), np.float32))
    for image, options, status, sentence in (
        (tmp_path / "wide.png", ["--kind", "face"], 1, "expected a square face, got 64 x 32 px"),
        (face, ["--kind", "face", "--upscale", "2"], 2, "a face grows to the network's size and no further"),
        (face, ["--upscale", "10000"], 1, "would become 640000 x 640000 px, more than 89 million pixels"),
        (tmp_path / "none.jpg", [], 2, "none.jpg: expected an image or a folder of images, got nothing there"),
    ):
        result = restore(image, network_file, tmp_path / "out", *options)
        assert result.exit_code == status and sentence in result.output and "Traceback" not in result.output
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    result = restore(face, network_file, tmp_path / "out", "--device", "cuda")
    assert result.exit_code == 2 and "no usable CUDA device; use --device cpu" in result.output


def test_the_name_of_an_image_is_no_folder_to_write_to(face, network_file, tmp_path):
    result = restore(face, network_file, tmp_path / "one.PNG")
    assert result.exit_code == 2 and "expected a folder, got the image" in result.output
    assert not (tmp_path / "one.PNG").exists()


def test_without_a_checkpoint_the_shipped_one_is_used_or_asked_for(face, network_file, tmp_path, monkeypatch):
    monkeypatch.setattr("ispl_model.restoration.restorer.resources.files", lambda package: tmp_path)
    result = restore(face, None, tmp_path / "out")
    assert result.exit_code == 2 and "comes without weights; give --checkpoint FILE" in result.output
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "ispl-lite.safetensors").write_bytes(network_file.read_bytes())
    result = restore(face, None, tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert restore(face, network_file, tmp_path / "again").exit_code == 0
    assert (tmp_path / "again" / "face.png").read_bytes() == (tmp_path / "out" / "face.png").read_bytes()


def test_sub_folders_are_kept_and_results_inside_the_folder_are_no_images(face, network_file, tmp_path):
    photos = tmp_path / "photos"
    for number, name in enumerate(("a/img.png", "b/img.png", "b/img.jpg", "img.png")):
        write(photos / name, np.random.default_rng(number).random((64, 64, 3), dtype=np.float32))
    for made, kept in ((4, 0), (0, 4)):
        result = restore(photos, network_file, photos / "out", "--resume")
        assert result.exit_code == 0 and f"restored {made} images" in result.output, result.output
        assert ("4 results there already" in result.output) == (kept == 4)
    names = {str(path.relative_to(photos / "out")) for path in (photos / "out").rglob("*g")}
    assert names == {"a/img.png", "b/img.png", "b/img.jpg", "img.png"}


def test_two_images_of_one_name_in_two_folders_are_both_named(network_file, tmp_path):
    for name in ("a/y.png", "b/y.png", "c/z.png"):
        (tmp_path / "in" / name).parent.mkdir(parents=True)
        (tmp_path / "in" / name).write_bytes(b"junk")
    result = restore(tmp_path / "in", network_file, tmp_path / "out")
    assert result.exit_code == 1 and ": a/y.png, b/y.png, c/z.png" in result.output, result.output


def test_what_is_nan_is_named_the_rest_is_written_and_the_exit_code_tells(face, network_file, tmp_path):
    state, header = checkpoint.load(network_file)
    key = next(key for key in reversed(state) if key.endswith("bias"))
    broken = tmp_path / "broken.safetensors"
    checkpoint.save(broken, state | {key: torch.full_like(state[key], float("nan"))}, header)
    result = restore(face, broken, tmp_path / "out")
    assert result.exit_code == 1 and "Traceback" not in result.output
    assert f"{face}: {broken}: the network gave NaN or infinite values in fp32" in result.output
    assert not list((tmp_path / "out").glob("*.png"))
    sheet = tmp_path / "sheet.png"
    result = CliRunner().invoke(ispl, ["explain", str(face), "--checkpoint", str(broken), "--out", str(sheet)])
    assert result.exit_code == 1 and not sheet.exists() and result.output.count("\n") == 1
    assert f"{face}: {broken}: the network gave NaN or infinite values in fp32" in result.output


def test_stopping_says_how_to_go_on(face, network_file, tmp_path, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("ispl_model.restoration.files.restore_files.restore_files", stop)
    result = restore(face, network_file, tmp_path / "out")
    assert result.exit_code == 130 and "stopped, 0 restored; the same command with --resume continues" in result.output


def test_names_of_options_of_others_do_as_ours_and_stand_in_the_docs(face, network_file, tmp_path):
    text = (Path(__file__).parents[3] / "docs" / "restore.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1:3] for line in text.splitlines() if line.startswith("| `-")]
    told = {name: ours for theirs, ours in rows for name in re.findall(r"`(--\w+)`", theirs)}
    for name, own in ALIASES.items():
        assert all(word in told[name] for word in own if word.startswith("-")), name
    made = []
    for number, options in enumerate((
        "--out {} --kind face --dtype fp32 --format jpg --suffix new --strength 0.25",
        "--output {} --aligned --fp32 --ext jpg --suffix=new -w 0.75",
        "--output_path={} --has_aligned --fp32 --ext=jpg --suffix new --fidelity_weight=0.75",
    )):  # fmt: skip
        out = tmp_path / f"{number}"
        command = ["restore", "--input", str(face), "--checkpoint", str(network_file), "--device", "cpu"]
        result = CliRunner().invoke(ispl, command + [word.format(out) for word in options.split()])
        assert result.exit_code == 0, result.output
        made.append((out / "face_new.jpg").read_bytes())
    assert made[0] == made[1] == made[2]
    assert restore(face, network_file, tmp_path / "auto", "--ext", "auto").exit_code == 0
    assert (tmp_path / "auto" / "face.png").exists()


def test_requests_that_contradict_themselves_are_one_sentence(face, network_file, tmp_path):
    for options, sentence in (
        (["-i", str(face)], "expected one image or folder; leave out one"),
        (["--with", "onnx:a.onnx"], "two models; leave out one"),
        (["-w", "1", "--strength", "0"], "-w is 1 - strength; leave out one"),
        (["--save", "crops"], "--save: expected faces or compare, or both with a comma, got 'crops'"),
        (["--save", ","], "--save: expected faces or compare, or both with a comma, got ','"),
        (["--suffix", "a/b"], "--suffix: expected a part of a file's name, got 'a/b'"),
        (["--faces", "2;3"], "--faces: expected all, largest, center or numbers from 1, such as 1,3, got '2;3'"),
        (["--faces", "0"], "--faces: expected all, largest, center or numbers from 1, such as 1,3, got 0"),
        (["--upsampler", "best"], "best: expected KIND:FILE"),
        (["--strength", "2"], "2.0 is not in the range 0<=x<=1"),
        *(([option, "nan"], "'nan': expected a finite number") for option in ("--strength", "-w", "--guard")),
        (["--level", "nan"], "'nan': expected a finite number"),
        *((["--skip-sharp", value], f"'{value}': expected a finite number") for value in ("nan", "inf")),
        (["--kind", "face", "--faces", "9"], "--kind face: a choice of faces is for photographs; leave it out"),
        (["--kind", "face", "--turn"], "--kind face: --turn is for photographs"),
        *(
            (["--kind", kind, "--upsampler", "realesrgan"], f"--kind {kind}: --upsampler is for photographs")
            for kind in ("face", "tiles")
        ),
        (["--kind", "tiles", "--skip-sharp", "8"], "--kind tiles: a choice of faces is for photographs"),
        (["--kind", "tiles", "--guard", "0.3"], "--kind tiles: no face is looked for, as --guard needs"),
        (["--kind", "tiles", "--save", "faces"], "--kind tiles: no face is looked for, as --save faces needs"),
    ):
        result = restore(face, network_file, tmp_path / "out", *options)
        assert result.exit_code == 2 and sentence in " ".join(result.output.split()), result.output
    result = CliRunner().invoke(ispl, ["restore", "--out", str(tmp_path / "out")])
    assert result.exit_code == 2 and "expected an image or a folder of images" in result.output
    assert not (tmp_path / "out").exists()


def test_a_video_and_a_gif_are_one_sentence_with_the_way_to_their_frames(face, network_file, tmp_path):
    (tmp_path / "clip.mp4").write_bytes(b"\0" * 100)
    result = restore(tmp_path / "clip.mp4", network_file, tmp_path / "out")
    assert result.exit_code == 2 and "ffmpeg -i clip.mp4 frames/%06d.png" in result.output
    (tmp_path / "in").mkdir()
    Pillow.new("P", (8, 8)).save(tmp_path / "in" / "a.gif")  # still: what is said must not be that it moves
    (tmp_path / "in" / "face.png").write_bytes(face.read_bytes())
    result = restore(tmp_path / "in", network_file, tmp_path / "out")
    assert result.exit_code == 0 and "a.gif: left alone, as videos and GIFs are not read" in result.output
