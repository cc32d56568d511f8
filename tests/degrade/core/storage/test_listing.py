"""Which files of a folder are read, what they are called, and what is never opened."""

import os
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image as Pillow

from degrade.cli.main import degrade
from degrade.core.errors import InputError
from degrade.core.image import read
from degrade.core.storage.files import UNFINISHED, write_bytes
from degrade.core.storage.listing import drop_unfinished, list_folder, list_images, normalised_name, remove_folder
from degrade.core.storage.paths import read_bytes, read_text, real_path, refuse_links, user_path
from degrade.splits.sources import images_by_name, read_list


def _image(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Pillow.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(path, "PNG")
    return path


def _below(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in list_images(folder)]


def test_linked_folders_are_read_once_and_loops_end(tmp_path: Path) -> None:
    _image(tmp_path / "faces" / "a.png")
    _image(tmp_path / "elsewhere" / "b.png")
    (tmp_path / "faces" / "again").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "faces" / "twice").symlink_to("again")
    (tmp_path / "faces" / "loop").symlink_to(".")
    (tmp_path / "faces" / "up").symlink_to("..")
    (tmp_path / "elsewhere" / "back").symlink_to(tmp_path / "faces")
    (tmp_path / "faces" / "itself").symlink_to("itself")
    assert _below(tmp_path / "faces") == ["a.png", "again/b.png"]


def test_a_link_that_leads_nowhere_is_named_as_a_folder_may_be_missing_there(tmp_path: Path, capsys) -> None:
    _image(tmp_path / "a.png")
    (tmp_path / "01000").symlink_to("gone")
    (tmp_path / "b.png").symlink_to("gone")  # an image of which a command says that it cannot be read
    assert _below(tmp_path) == ["a.png", "b.png"]
    assert "01000 (a broken link)" in capsys.readouterr().err


@pytest.mark.parametrize("name", [".hidden.png", "._a.png", ".ipynb_checkpoints/a.png", "__MACOSX/a.png", "..jpg"])
def test_what_belongs_to_programs_is_left_alone_and_counted(tmp_path: Path, name: str) -> None:
    _image(tmp_path / "a.png")
    _image(tmp_path / name)
    for other in ("Thumbs.db", "desktop.ini", "notes.txt"):
        (tmp_path / other).write_bytes(b"")
    found = list_folder(tmp_path)
    assert [path.name for path in found.images] == ["a.png"]
    assert [path.name for path in found.others] == ["notes.txt"] and found.hidden == 3


def test_pipes_and_devices_are_named_and_never_opened(tmp_path: Path, capsys) -> None:
    _image(tmp_path / "a.png")
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "zero.png").symlink_to("/dev/zero")
    assert _below(tmp_path) == ["a.png"]
    assert "pipe.png (a pipe), zero.png (a device)" in capsys.readouterr().err
    for path in (tmp_path / "pipe.png", Path("/dev/zero")):
        with pytest.raises(InputError, match="expected a file, got a (pipe|device)"):
            read(path)
        options = "--recipe", "jpeg", "--out", str(tmp_path / "o.png")
        refused = CliRunner().invoke(degrade, ["preview", str(path), *options])
        assert refused.exit_code == 2 and "expected a file or a folder on disk, got a" in refused.stderr


def test_names_that_are_not_utf8_are_escaped_in_records_and_made(tmp_path: Path) -> None:
    os.rename(_image(tmp_path / "faces" / "a.png"), os.fsencode(tmp_path / "faces") + b"/caf\xe9.png")
    command = ["run", str(tmp_path / "faces"), str(tmp_path / "out"), "--task", "sr4", "--size", "64", "--workers", "1"]
    result = CliRunner().invoke(degrade, command)
    assert result.exit_code == 0, result.output
    assert '"source": "caf%E9.png"' in (tmp_path / "out" / "metadata.jsonl").read_text("utf-8")
    assert (tmp_path / "out" / "lq" / "caf%E9.png").is_file()
    assert CliRunner().invoke(degrade, ["verify", str(tmp_path / "out")]).exit_code == 0


def test_names_are_compared_in_nfc(tmp_path: Path) -> None:
    _image(tmp_path / "faces" / "cafe\N{COMBINING ACUTE ACCENT}.png")
    (tmp_path / "list").write_text("caf\N{LATIN SMALL LETTER E WITH ACUTE}.png\n", "utf-8")
    assert list(images_by_name(tmp_path / "faces", read_list(tmp_path / "list"))) == [normalised_name("café")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lists_of_every_common_form_are_read(tmp_path: Path, encoding: str, end: str) -> None:
    lines = ["# faces", "a.png", "", "./b.png", '"c d.png"', "'e.png'", "sub\\f.png", "  g.png  ", "./#1.png"]
    (tmp_path / "list").write_bytes(end.join(lines).encode(encoding))
    names = ["a.png", "b.png", "c d.png", "e.png", "sub/f.png", "g.png", "#1.png"]
    assert read_list(tmp_path / "list") == names
    assert read_text(tmp_path / "list") == "\n".join(lines)


@pytest.mark.parametrize("line", ['""', "'a", "\\"])
def test_odd_lines_stay_as_they_are(tmp_path: Path, line: str) -> None:
    (tmp_path / "list").write_text(line)
    assert read_list(tmp_path / "list") == [line.replace("\\", "/")]


def test_the_home_folder_is_its_sign_in_paths(monkeypatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    assert user_path("~/x") == Path("/home/someone/x") and user_path("~") == Path("/home/someone")
    assert user_path("a/~/b") == Path("a/~/b") and user_path("~no-such-user.png") == Path("~no-such-user.png")
    for impossible in ("x" * 300, "a\0b"):
        with pytest.raises(InputError, match="cannot be used"):
            user_path(impossible)
    monkeypatch.setattr(os.path, "expanduser", str)
    with pytest.raises(InputError, match="has no home folder"):
        user_path("~/x")


def test_a_link_to_itself_is_no_path_and_has_a_real_one(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to("loop")
    for path in (loop, loop / "below"):
        with pytest.raises(InputError, match=r"cannot be used \(.*symbolic links\)"):
            user_path(path)
        assert real_path(path).is_relative_to(tmp_path)
    loop.unlink()
    loop.symlink_to("gone")
    assert user_path(loop) == loop and real_path(loop) == tmp_path / "gone"


def test_nothing_is_written_through_a_link_below_a_folder(tmp_path: Path) -> None:
    (tmp_path / "real" / "sub").mkdir(parents=True)
    (tmp_path / "own").symlink_to("real")
    refuse_links(tmp_path / "own", tmp_path / "own" / "sub" / "a.png")
    (tmp_path / "real" / "link").symlink_to("sub")
    with pytest.raises(InputError, match="link: is a link"):
        refuse_links(tmp_path / "own", tmp_path / "own" / "link" / "a.png")


def test_reading_what_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_bytes(tmp_path / "none")
    with pytest.raises(InputError, match="expected a file, got a folder"):
        read_bytes(tmp_path)


@pytest.mark.parametrize("suffix", [".toml", ".TOML"])
def test_a_recipe_file_may_have_a_byte_order_mark(tmp_path: Path, suffix: str) -> None:
    from degrade.recipes import library

    text = (Path(library.__file__).parent / "presets" / "jpeg.toml").read_text().replace('"jpeg"', '"mine"', 1)
    (tmp_path / f"m{suffix}").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert library.find_recipe(str(tmp_path / f"m{suffix}")).name == "mine"


def test_what_a_killed_write_left_is_dropped_and_nothing_else(tmp_path: Path) -> None:
    kept = [f"{UNFINISHED}abc", f"{UNFINISHED}ABCDEFGH", "face.png", f"below/{UNFINISHED}abcdefgh"]
    for name in (f"{UNFINISHED}abc_1234", *kept):
        write_bytes(tmp_path / name, b"")
    (tmp_path / f"{UNFINISHED}a_folder").mkdir()
    drop_unfinished(tmp_path)
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")}
    assert left == {*kept, "below", f"{UNFINISHED}a_folder"}


def test_a_folder_goes_with_all_that_is_in_it_and_nothing_that_it_links_to(tmp_path: Path) -> None:
    write_bytes(tmp_path / "outside" / "face.png", b"face")
    for name in ("1", "2", "below/3"):
        write_bytes(tmp_path / "folder" / name, b"")
    (tmp_path / "folder" / "link").symlink_to(tmp_path / "outside")
    remove_folder(tmp_path / "folder")
    assert [path.name for path in tmp_path.iterdir()] == ["outside"]
    assert (tmp_path / "outside" / "face.png").read_bytes() == b"face"
