"""Where restored files are written: through no link, and by names that can be written down."""

import os
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from degrade.core.errors import InputError
from degrade.core.image import write
from ispl_model.cli.main import ispl
from ispl_model.restoration.files.restore_files import RestorePlan, restore_files
from ispl_model.restoration.restorer import load_restorer


def _noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random((64, 64, 3), dtype=np.float32)


def _restore(network_file, paths, out, **plan):
    *_, summary = restore_files(load_restorer(network_file, "cpu"), paths, out, RestorePlan("face", **plan))
    return summary


def test_nothing_is_restored_through_a_link(network_file, tmp_path):
    paths = [tmp_path / "in" / "sub" / "a.png", tmp_path / "in" / "b.png"]
    for path in paths:
        write(path, _noise(0))
    for place in (tmp_path / "out", tmp_path / "outside"):
        place.mkdir()
    (tmp_path / "out" / "sub").symlink_to(tmp_path / "outside")
    with pytest.raises(InputError, match="sub: is a link"):
        _restore(network_file, paths, tmp_path / "out")
    assert not list((tmp_path / "outside").iterdir())


def test_names_that_are_not_utf8_are_escaped_and_found_again(network_file, tmp_path):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.png"))
    write(path, _noise(0))
    assert _restore(network_file, [path], tmp_path / "out").faces == 1
    assert (tmp_path / "out" / "caf%E9.png").is_file()
    assert _restore(network_file, [path], tmp_path / "out", resume=True).kept == 1


def test_a_name_too_long_for_its_result_is_listed_and_the_rest_goes_on(network_file, tmp_path):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + b"\xe9" * 100 + b".png"))  # 300 letters when escaped
    for each in (path, tmp_path / "a.png"):
        write(each, _noise(0))
    summary = _restore(network_file, [path, tmp_path / "a.png"], tmp_path / "out")
    assert summary.faces == 1 and "over 255 bytes" in summary.errors[0][1]


def test_a_link_to_itself_is_one_sentence_as_image_and_as_folder(network_file, tmp_path):
    faces = tmp_path / "in"
    write(faces / "a.png", _noise(0))
    (faces / "loop.png").symlink_to("loop.png")
    (tmp_path / "L").symlink_to("L")
    asked = ["restore", str(faces), "--checkpoint", str(network_file), "--kind", "face", "--out"]
    found = CliRunner().invoke(ispl, [*asked, str(faces / "out")])
    assert found.exit_code == 1 and "loop.png: expected a file, got a broken link" in found.output, found.output
    assert (faces / "out" / "a.png").is_file()
    for place in ("L", "L/below"):
        found = CliRunner().invoke(ispl, [*asked, str(tmp_path / place)])
        assert found.exit_code == 2 and "cannot be used (" in found.output and "symbolic links" in found.output


def test_a_line_end_in_a_name_ends_no_line(network_file, tmp_path):
    folder = tmp_path / "in\n\x1b[2J"
    folder.mkdir()
    (folder / "a\n\x1b[2J.png").write_bytes(b"no image")
    command = ["restore", str(folder), "--out", str(tmp_path / "o\nut"), "--checkpoint", str(network_file)]
    found = CliRunner().invoke(ispl, command)
    assert found.exit_code == 1 and "\x1b" not in found.output
    lines = [line for line in found.output.splitlines() if "restoring" not in line]
    assert [line.split(" ")[0] for line in lines] == ["restored", f"{tmp_path}/o\\x0aut", "Error:", ""], lines
