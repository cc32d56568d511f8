"""Where a disk is full or has no locks, one sentence says so."""

import errno
import fcntl
import subprocess
import sys
from pathlib import Path

import pytest

from degrade.core.errors import InputError
from degrade.core.storage import files, paths
from degrade.core.storage.files import JsonLines, locked


def _as_it_is(_path: Path, _number: int, line: bytes) -> bytes:
    return line


class _Filling:
    """A file that takes five bytes more and then none."""

    def __init__(self, file) -> None:
        self.file, self.left = file, 5

    def __getattr__(self, name: str):
        return getattr(self.file, name)

    def write(self, data: bytes) -> int:
        taken = data[: self.left]
        self.left -= len(taken)
        if not taken:
            raise OSError(errno.ENOSPC, "No space left on device")
        return self.file.write(taken)


def test_a_disk_that_fills_up_gives_one_sentence_and_no_torn_line(tmp_path: Path) -> None:
    with JsonLines(tmp_path / "lines.jsonl", _as_it_is) as lines:
        lines.append(1)
        lines._file = _Filling(lines._file)
        with pytest.raises(InputError, match="lines.jsonl: cannot be written .No space left on device"):
            lines.append("a long value")
    assert (tmp_path / "lines.jsonl").read_bytes() == b"1\n"


def test_a_failing_close_is_a_sentence(tmp_path: Path) -> None:
    lines = JsonLines(tmp_path / "lines.jsonl", _as_it_is)
    file, lines._file = lines._file, _Filling(lines._file)
    lines._file.close = lambda: (_ for _ in ()).throw(OSError(errno.EDQUOT, "Disk quota exceeded"))
    with pytest.raises(InputError, match="Disk quota exceeded"):
        lines.close()
    file.close()


def test_lines_are_not_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "own").write_bytes(b"")
    (tmp_path / "lines.jsonl").symlink_to("own")
    with pytest.raises(InputError, match="is a link"):
        JsonLines(tmp_path / "lines.jsonl", _as_it_is)


@pytest.mark.parametrize("code", [errno.EBADF, errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_without_locks_it_says_so_once_and_goes_on(tmp_path: Path, monkeypatch, capsys, code: int) -> None:
    def refuse(*_: object) -> None:
        raise OSError(code, "no locks")

    monkeypatch.setattr(fcntl, "flock", refuse)
    paths.say_once.cache_clear()
    for _ in range(2):
        with locked(tmp_path):
            pass
        JsonLines(tmp_path / "lines.jsonl", _as_it_is).close()
    assert capsys.readouterr().err.count("locks are not to be had") == 1


def test_a_folder_that_locks_only_what_is_written_gets_a_lock_file(tmp_path: Path, monkeypatch, capsys) -> None:
    flock, seen = fcntl.flock, []

    def only_written(handle: int, how: int) -> None:
        if fcntl.fcntl(handle, fcntl.F_GETFL) & 3 == 0:  # O_RDONLY, as NFS refuses it
            raise OSError(errno.EBADF, "Bad file descriptor")
        seen.append(how)
        flock(handle, how)

    monkeypatch.setattr(fcntl, "flock", only_written)
    with locked(tmp_path):
        handle = files.os.open(tmp_path / ".lock", files.os.O_RDWR)
        with pytest.raises(BlockingIOError):
            flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        files.os.close(handle)
    assert len(seen) == 1 and not capsys.readouterr().err


@pytest.mark.parametrize("words", [["presets"], ["--help"], ["--version"]])
def test_a_full_disk_behind_the_output_is_one_sentence(words: list[str]) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full, which Linux has")
    with open("/dev/full", "wb") as full:
        command = [sys.executable, "-m", "degrade", *words]
        found = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert found.returncode == 2
    assert found.stderr == "Error: output: cannot be written (No space left on device); make room\n"


@pytest.mark.parametrize("code", [errno.EPERM, errno.EACCES, errno.EIO])
def test_a_lock_that_is_refused_otherwise_is_a_sentence(code, tmp_path, monkeypatch):
    def refuse(handle, how):
        raise OSError(code, "refused")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(InputError, match="cannot be locked .refused"), locked(tmp_path):
        pass
