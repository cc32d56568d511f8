"""Files that are whole or absent, the hashes that name them, locks, and files of one JSON object a line.

A lock is the operating system's: it ends with the process that holds it, however that ends.
"""

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Self

import numpy as np

from degrade.core.errors import InputError


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` so that `path` holds either all of it or what it held before.

    Temporary file beside the target, fsync, rename. Makes the folder where it is missing.
    Raises InputError when the disk is full or the folder cannot be written to.
    """
    path = Path(path)
    temporary: str | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=".partial-", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror or error}); nothing was left behind") from error
    finally:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)


def write_json(path: Path, value: Any) -> None:
    """Write strict JSON (no NaN), keys in the order given, ending in a newline."""
    write_bytes(path, (json.dumps(value, indent=2, allow_nan=False, ensure_ascii=False) + "\n").encode())


def sha256(data: bytes) -> str:
    """Hexadecimal SHA-256 of some bytes."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes."""
    return sha256(Path(path).read_bytes())


def sha256_array(array: np.ndarray) -> str:
    """Hexadecimal SHA-256 of an array's type, shape and values."""
    return sha256(f"{array.dtype.str}{array.shape}".encode() + np.ascontiguousarray(array).tobytes())


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


@contextmanager
def locked(place: Path) -> Iterator[None]:
    """Hold a file or folder that is there; while another process holds it, say so on stderr and wait.

    What is locked is the file or folder itself, so nothing is left behind. Do not nest for one place.
    """
    handle = os.open(place, os.O_RDONLY)
    try:
        hold(handle, place)
        yield
    finally:
        os.close(handle)


def hold(handle: int, place: Path) -> None:
    """Lock an open file until it is closed; `place` is its name for the word on stderr."""
    import fcntl  # here, as only this needs it and not every system has it

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print(f"{place}: another process is writing to it; waiting until it is done", file=sys.stderr, flush=True)
        fcntl.flock(handle, fcntl.LOCK_EX)


class Lines:
    """The objects of a file in order, in `values`; `append` adds one, on disk before it returns.

    A last line that a stopped program left without its end is dropped. Raises InputError for a file that cannot be
    written, or holds something else.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = open(self.path, "a+b")  # noqa: SIM115 - closed by __exit__
        except OSError as error:
            raise self._refused(error) from error
        self._file.seek(0)
        *whole, torn = self._file.read().split(b"\n")
        self._file.truncate(self._file.tell() - len(torn))
        self.values = [self._parse(number, line) for number, line in enumerate(whole, start=1)]

    def append(self, value: dict[str, Any]) -> None:
        """Write one object."""
        try:
            self._file.write((json.dumps(value, allow_nan=False, ensure_ascii=False) + "\n").encode())
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise self._refused(error) from error
        self.values.append(value)

    def __enter__(self) -> "Lines":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def _parse(self, number: int, line: bytes) -> dict[str, Any]:
        try:
            value = json.loads(line)
        except ValueError as error:
            raise InputError(f"{self.path}: line {number} is not JSON ({error}); remove the file") from error
        if not isinstance(value, dict):
            raise InputError(f"{self.path}: line {number} is not a JSON object; remove the file")
        return value

    def _refused(self, error: OSError) -> InputError:
        return InputError(f"{self.path}: cannot be written ({error.strerror or error})")


def digest_of(value: Any) -> str:
    """Hexadecimal SHA-256 of plain data: the same for the same content, whatever the order of its keys."""
    return sha256(json.dumps(value, sort_keys=True, allow_nan=False).encode())


class LineFile:
    """Appends lines to one file, each flushed when written; a torn last line is dropped, with a word, on opening.

    One process at a time: another one that opens the same file waits until this one closes it or dies.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = open(self.path, "a+b")  # noqa: SIM115 - closed by __exit__
        except OSError as error:
            raise InputError(f"{path}: cannot be written ({error.strerror or error})") from error
        hold(self._file.fileno(), self.path)
        _drop_torn_line(self._file, self.path)

    def write(self, line: str) -> None:
        """Append one line, given without its end; InputError when the disk is full."""
        try:
            self._file.write((line + "\n").encode())
            self._file.flush()
        except OSError as error:
            raise InputError(f"{self.path}: cannot be written ({error.strerror or error})") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let other processes have the file."""
        self._file.close()


def _drop_torn_line(file: IO[bytes], path: Path) -> None:
    """Cut what follows the last line end: a line is whole once its line end is written."""
    file.seek(0)
    content = file.read()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        say_torn(path)
        file.truncate(whole)


def say_torn(path: Path) -> None:
    print(f"{path}: its last line is torn, as a killed run leaves it, and is left out", file=sys.stderr)
