"""What names and links in a folder cannot do: end a run, write elsewhere, move the terminal's cursor."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image as Pillow

from degrade.cli.main import degrade
from degrade.core.errors import InputError
from degrade.core.storage.files import sha256, write_bytes
from degrade.splits.split import open_split

WORDS = ("train", "val_Abid", "my test", "x-dev", "eval.2")


def _faces(folder: Path, *names: str) -> Path:
    folder.mkdir()
    for number, name in enumerate(names):
        pixels = np.random.default_rng(number).integers(0, 256, (64, 64, 3), dtype=np.uint8)
        Pillow.fromarray(pixels).save(folder / f"{name}.png")
    return folder


def _degrade(*words: object) -> Result:
    return CliRunner().invoke(degrade, list(map(str, words)))


def _run(faces: Path, out: Path) -> Result:
    return _degrade("run", faces, out, "--task", "sr4", "--size", "64", "--workers", "1")


def test_hugging_face_loads_one_split_whatever_the_images_are_called(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets", reason="the extra `dev` brings Hugging Face datasets")
    out = tmp_path / "out"
    assert _run(_faces(tmp_path / "faces", *WORDS), out).exit_code == 0
    files = {"train": [str(out / "metadata.jsonl"), str(out / "lq" / "*.png")]}
    for call in ({"path": str(out)}, {"path": "imagefolder", "data_files": files}):
        loaded = datasets.load_dataset(**call, cache_dir=str(tmp_path / "cache"))
        assert list(loaded) == ["train"] and loaded["train"]["name"] == sorted(WORDS)
        assert {"image", "hq", "operators"} <= set(loaded["train"].column_names)
    assert _degrade("verify", out).exit_code == 0
    card = (out / "README.md").read_text()
    assert "`degrade run FACES FOLDER --recipe sr4 --size 64 --seed 0`" in card and "Licence: that of the" in card
    assert "`degrade replay FOLDER` makes the degraded images again" in card


@pytest.mark.parametrize("place", ["lq", "hq"])
def test_nothing_is_written_through_a_linked_folder_of_a_split(tmp_path: Path, place: str) -> None:
    faces, out, outside = _faces(tmp_path / "faces", "a", "b"), tmp_path / "out", tmp_path / "outside"
    assert _run(faces, out).exit_code == 0
    outside.mkdir()
    for file in (out / place).iterdir():
        file.unlink()
    (out / place).rmdir()
    (out / place).symlink_to(outside)
    assert f"{place}: is a link" in _degrade("replay", out, "--source", faces).output
    again = _run(faces, out)
    assert again.exit_code != 0 and f"{place}: is a link" in again.stderr
    assert not list(outside.iterdir())


@pytest.mark.parametrize("place", ["lq", "hq", ".parts"])
def test_nothing_is_imported_through_a_linked_folder(tmp_path: Path, place: str) -> None:
    faces, out, outside = _faces(tmp_path / "faces", "a"), tmp_path / "out", tmp_path / "outside"
    for folder in (out, outside):
        folder.mkdir()
    (out / place).symlink_to(outside)
    found = _degrade("import", "pairs", faces, _faces(tmp_path / "degraded", "a"), out)
    assert found.exit_code == 2 and f"{place}: is a link" in found.output
    assert not list(outside.iterdir())


def test_a_linked_file_of_a_split_is_not_written_through(tmp_path: Path) -> None:
    faces, out, own = _faces(tmp_path / "faces", "a"), tmp_path / "out", tmp_path / "own.txt"
    assert _run(faces, out).exit_code == 0
    own.write_text("mine")
    (out / "lq" / "a.png").unlink()
    (out / "lq" / "a.png").symlink_to(own)
    assert "is a link" in _degrade("replay", out).output and own.read_text() == "mine"
    _run(faces, out)
    assert own.read_text() == "mine"


def _split_with_a_name(folder: Path, name: str) -> Path:
    """A split of one face whose record says that it has this name, and whose digest agrees."""
    out = folder / "out"
    assert _run(_faces(folder / "faces", "a"), out).exit_code == 0
    record = json.loads((out / "metadata.jsonl").read_text()) | {"name": name}
    line = (json.dumps(record) + "\n").encode()
    (out / "metadata.jsonl").write_bytes(line)
    info = json.loads((out / "split.json").read_text()) | {"metadata_sha256": sha256(line)}
    (out / "split.json").write_text(json.dumps(info))
    return out


@pytest.mark.parametrize("name", ["..", ".", "", "/etc/x", "../x", "a/b", "C:x"])
def test_a_record_names_nothing_outside_its_split(tmp_path: Path, name: str) -> None:
    out = _split_with_a_name(tmp_path, name)
    with pytest.raises(InputError, match="expected names of images in this folder"):
        open_split(out)


def test_a_users_files_that_look_unfinished_stay(tmp_path: Path) -> None:
    out = tmp_path / "out"
    faces = _faces(tmp_path / "faces", "a")
    assert _run(faces, out).exit_code == 0
    own = [out / "lq" / ".partial-x.jpg", out / ".degrade-unfinished-list.txt"]
    for path in own:
        path.write_bytes(b"mine")
    assert _degrade("replay", out).exit_code == 0 and _run(faces, out).exit_code == 0
    assert all(path.read_bytes() == b"mine" for path in own)


def test_long_names_are_made_and_longer_ones_are_listed(tmp_path: Path) -> None:
    faces = _faces(tmp_path / "faces", "a", "x" * 251)
    os.rename(faces / "a.png", os.fsencode(faces) + b"/" + b"\xe9" * 100 + b".png")  # 300 letters when escaped
    result = _run(faces, tmp_path / "out")
    assert result.exit_code == 1 and "1 pair in" in result.output and "over 255 bytes" in result.output
    assert (tmp_path / "out" / "lq" / f"{'x' * 251}.png").is_file()
    assert "(0 made, 1 reused)" in _run(faces, tmp_path / "out").output


def test_names_never_reach_the_terminal_raw(tmp_path: Path) -> None:
    name = "\x1b[2J\n\u202eevil.png"
    faces = _faces(tmp_path / "faces", "a")
    (faces / name).write_bytes(b"no image")
    (faces / f"{name}.txt").write_bytes(b"")
    said = [_run(faces, tmp_path / "out"), _degrade("verify", tmp_path / name), _degrade("run", faces / name, "o")]
    for result in said:
        assert "evil" in result.output
        assert "\x1b" not in result.output and "\u202e" not in result.output and "\nevil" not in result.output


def test_a_device_is_not_replaced_by_a_result(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="expected a file to write, got a pipe"):
        write_bytes(tmp_path / "pipe", b"x")


def test_unfinished_files_behind_a_linked_folder_stay(tmp_path: Path) -> None:
    out, outside = tmp_path / "out", tmp_path / "outside"
    assert _run(_faces(tmp_path / "faces", "a"), out).exit_code == 0
    (out / "lq").rename(outside)
    (out / "lq").symlink_to(outside)
    own = outside / ".degrade-unfinished-abcdefgh"
    own.write_bytes(b"mine")
    _degrade("replay", out)
    assert own.read_bytes() == b"mine"


@pytest.mark.parametrize("name", ["x" * 300, "\0", "a\0b"])
def test_a_record_with_an_impossible_name_is_a_sentence(tmp_path: Path, name: str) -> None:
    out = _split_with_a_name(tmp_path, name)
    for command in ("verify", "replay"):
        found = _degrade(command, out)
        assert found.exit_code in (1, 2) and isinstance(found.exception, SystemExit), found.output


@pytest.mark.parametrize("place", ["lq/a.png", "hq/a.png", "split.json", "metadata.jsonl"])
def test_a_pipe_in_a_split_is_never_opened(tmp_path: Path, place: str) -> None:
    out = tmp_path / "out"
    assert _run(_faces(tmp_path / "faces", "a"), out).exit_code == 0
    (out / place).unlink()
    os.mkfifo(out / place)
    for command in (["verify", out], ["replay", out], ["replay", out, "--source", tmp_path / "faces"]):
        found = _degrade(*command)
        assert found.exit_code in (1, 2) and isinstance(found.exception, SystemExit), found.output


def test_arguments_that_a_shell_found_never_reach_the_terminal_raw(tmp_path: Path) -> None:
    found = _degrade("verify", tmp_path, "\x1b[2J.png")
    assert found.exit_code == 2 and "\\x1b[2J.png" in found.output and "\x1b" not in found.output


@pytest.mark.parametrize("command", ["run", "import", "reduce"])
def test_a_name_that_no_split_may_have_fails_alone(tmp_path: Path, command: str) -> None:
    faces, out = _faces(tmp_path / "faces", "a:b", "c"), tmp_path / "out"
    words = {
        "run": ("run", faces, out, "--task", "sr4", "--size", "64", "--workers", "1"),
        "import": ("import", "stacked", faces, out),
        "reduce": ("reduce", faces, out, "--size", "64", "--workers", "1"),
    }
    if command == "import":
        for name in ("a:b", "c"):
            Pillow.fromarray(np.zeros((128, 64, 3), np.uint8)).save(faces / f"{name}.png")
    result = _degrade(*words[command])
    assert result.exit_code == 1 and "a:b: expected a name that names a file on every system" in result.output
    if command != "reduce":
        assert open_split(out).names == ("c",)
