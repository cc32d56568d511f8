"""Files that are whole or absent, the hashes that name them, locks, and files of one JSON value a line.

A lock is the operating system's: it ends with the process that holds it, however that ends.
"""

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

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


def digest_of(value: Any) -> str:
    """Hexadecimal SHA-256 of plain data: the same for the same content, whatever the order of its keys."""
    return sha256(json.dumps(value, sort_keys=True, allow_nan=False).encode())


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
    try:
        import fcntl  # here, as only this needs it
    except ImportError:  # not a Unix: nothing is locked there
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print(f"{place}: another process is writing to it; waiting until it is done", file=sys.stderr, flush=True)
        fcntl.flock(handle, fcntl.LOCK_EX)


Value = TypeVar("Value")
Parse = Callable[[Path, int, bytes], Value]  # of a file, the number of a line in it, and the line


def json_line(value: Any) -> str:
    """Strict JSON in one line, without its end."""
    return json.dumps(value, allow_nan=False, ensure_ascii=False)


def parse_object(path: Path, number: int, line: bytes) -> dict[str, Any]:
    """The JSON object in a line; InputError when there is something else."""
    try:
        value = json.loads(line)
    except ValueError as error:
        raise InputError(f"{path}: line {number} is not JSON ({error}); remove the file") from error
    if not isinstance(value, dict):
        raise InputError(f"{path}: line {number} is not a JSON object; remove the file")
    return value


def parse_lines(path: Path, content: bytes, parse: Parse[Value]) -> list[Value]:
    """What the lines of a file's content hold, in order; a torn last one is left out, with a word on stderr.

    A line is whole once its line end is written.
    """
    *whole, torn = content.split(b"\n")
    if torn:
        print(f"{path}: its last line is torn, as a killed run leaves it, and is left out", file=sys.stderr)
    return [parse(path, number, line) for number, line in enumerate(whole, start=1)]


class JsonLines(Generic[Value]):
    """A file of one JSON value a line: `values` are those in it, in order; `append` adds one, flushed when written.

    A torn last line is cut off on opening, with a word. One process at a time: another one that opens the same file
    waits until this one closes it or dies. Raises InputError for a file that cannot be written or parsed.
    """

    def __init__(self, path: Path, parse: Parse[Value]) -> None:
        self.path = Path(path)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = open(self.path, "a+b")  # noqa: SIM115 - closed by close
        except OSError as error:
            raise self._refused(error) from error
        try:
            hold(self._file.fileno(), self.path)
            self._file.seek(0)
            content = self._file.read()
            self._file.truncate(content.rfind(b"\n") + 1)
            self.values = parse_lines(self.path, content, parse)
        except BaseException:
            self.close()
            raise

    def append(self, value: Value) -> None:
        """Add one value; InputError when the disk is full."""
        try:
            self._file.write((self.line(value) + "\n").encode())
            self._file.flush()
        except OSError as error:
            raise self._refused(error) from error
        self.values.append(value)

    def line(self, value: Value) -> str:
        """A value as its line, without the end."""
        return json_line(value)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let other processes have the file."""
        self._file.close()

    def _refused(self, error: OSError) -> InputError:
        return InputError(f"{self.path}: cannot be written ({error.strerror or error})")
