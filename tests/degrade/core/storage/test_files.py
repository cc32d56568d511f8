"""Files are whole or absent, and an existing one is never harmed by a write that fails."""

import errno
import hashlib
import json
import os
from pathlib import Path

import numpy as np
import pytest

from degrade.core.errors import InputError
from degrade.core.storage.files import (
    sha256,
    sha256_array,
    sha256_file,
    write_bytes,
    write_json,
)


def _full_disk(handle: int) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_write_makes_the_folder_and_the_whole_file(tmp_path: Path) -> None:
    write_bytes(tmp_path / "a" / "b" / "file.bin", b"whole")
    assert (tmp_path / "a" / "b" / "file.bin").read_bytes() == b"whole"
    assert [path.name for path in (tmp_path / "a" / "b").iterdir()] == ["file.bin"]


def test_a_full_disk_is_one_sentence_and_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch) -> None:
    target = tmp_path / "file.bin"
    target.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", _full_disk)
    with pytest.raises(InputError, match="file.bin: cannot be written .No space left on device."):
        write_bytes(target, b"new and longer")
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_that_refuses_is_one_sentence(tmp_path: Path, monkeypatch) -> None:
    def refuse(*args: object, **named: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr("tempfile.mkstemp", refuse)
    with pytest.raises(InputError, match="cannot be written .Permission denied."):
        write_bytes(tmp_path / "file.bin", b"data")
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_place_of_the_folder_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(InputError, match="cannot be written"):
        write_bytes(tmp_path / "taken" / "file.bin", b"data")


def test_written_files_have_the_rights_that_a_plain_open_gives(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"")
    write_bytes(tmp_path / "ours", b"")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_json_keeps_the_order_of_its_keys_and_refuses_what_is_not_strict(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"z": 1, "a": "é"})
    assert (tmp_path / "a.json").read_text(encoding="utf-8") == '{\n  "z": 1,\n  "a": "é"\n}\n'
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "b.json", {"a": float("nan")})
    assert json.loads((tmp_path / "a.json").read_bytes()) == {"z": 1, "a": "é"}


def test_hashes_are_those_of_the_bytes(tmp_path: Path) -> None:
    # printf abc | sha256sum
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    (tmp_path / "abc").write_bytes(b"abc")
    assert sha256(b"abc") == sha256_file(tmp_path / "abc") == expected
    assert sha256_array(np.array([1], np.uint8)) == hashlib.sha256(b"|u1(1,)\x01").hexdigest()
    assert sha256_array(np.zeros(4, np.uint8)) != sha256_array(np.zeros((2, 2), np.uint8))
