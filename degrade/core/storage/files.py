"""Files that are whole or absent, the hashes that name them, locks, and files of one JSON value a line.

A lock is the operating system's: it ends with the process that holds it, however that ends.
"""

import errno
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

import numpy as np

from degrade.core.errors import InputError, shown
from degrade.core.storage import strict_json
from degrade.core.storage.paths import escaped, kind_of, read_bytes, refuse_links, say_once

UNFINISHED = ".degrade-unfinished-"  # of our temporary files, followed by what tempfile draws
_LONGEST = 255  # bytes of a file's name
_NO_LOCKS = (errno.EBADF, errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)


def write_bytes(path: Path, data: bytes, sync: bool = True) -> None:
    """As write_lines, of all that the file is to hold."""
    write_lines(path, (data,), sync)


def write_lines(path: Path, lines: Iterable[bytes], sync: bool = True) -> None:
    """Write `lines`, which have their ends, so that `path` holds either all of them or what it held before.

    Temporary file beside the target, fsync, rename, so that a link there is replaced and not followed. Makes the
    folder where it is missing. sync: False leaves fsync out for one of many files whose hashes are recorded, which tell
    what a power cut damaged; what is written last, and says that all is whole, waits for the disk. Raises InputError
    when the disk is full, the folder cannot be written to, or something other than a file is there.
    """
    path = Path(path)
    temporary: str | None = None
    if (kind := kind_of(path)) not in ("file", "nothing", "a broken link"):
        raise InputError(f"{path}: expected a file to write, got {kind}; give another name")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=UNFINISHED, dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.writelines(lines)
            if sync:
                file.flush()
                os.fsync(file.fileno())
        with suppress(OSError):  # some file systems have no modes
            os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror or error}); nothing was left behind") from error
    finally:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)


def check_writable_name(path: Path) -> None:
    """InputError for a path with a name longer than the 255 bytes that file systems take."""
    for name in path.parts:
        if len(os.fsencode(name)) > _LONGEST:
            raise InputError(
                f"{name[:40]}...: its result would have a name of over {_LONGEST} bytes; give a shorter one"
            )


def remove(path: Path) -> None:
    """Remove a file where there is one."""
    with suppress(FileNotFoundError):
        if len(os.fsencode(path.name)) <= _LONGEST:
            path.unlink()


def write_json(path: Path, value: Any) -> None:
    """Write strict JSON (no NaN), keys in the order given, ending in a newline."""
    write_bytes(path, escaped(json.dumps(value, indent=2, allow_nan=False, ensure_ascii=False) + "\n").encode())


def sha256(data: bytes) -> str:
    """Hexadecimal SHA-256 of some bytes."""
    return hashlib.sha256(data).hexdigest()


def sha256_lines(lines: Iterable[bytes]) -> str:
    """Hexadecimal SHA-256 of some bytes that come one after another."""
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line)
    return digest.hexdigest()


def sha256_file(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes."""
    return sha256(read_bytes(path))


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


def make_folder(folder: Path) -> None:
    """A folder, and those above it, where they are missing; InputError where that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be written to ({error.strerror or error})") from error


@contextmanager
def locked(place: Path) -> Iterator[None]:
    """Hold a file or folder that is there; while another process holds it, say so on stderr and wait.

    What is locked is the file or folder itself, so nothing is left behind. A file system that locks only what is open
    for writing, as NFS, gets a file `.lock` in the folder. Do not nest for one place.
    """
    if os.name == "posix":  # elsewhere a folder cannot be opened
        with _open(place, os.O_RDONLY) as handle:
            if _flock(handle, place):
                yield
                return
    beside = Path(place, ".lock") if Path(place).is_dir() else Path(place)
    refuse_links(beside.parent, beside)
    with _open(beside, os.O_RDWR | os.O_CREAT) as handle:
        hold(handle, place)
        yield


@contextmanager
def _open(path: Path, flags: int) -> Iterator[int]:
    try:
        handle = os.open(path, flags, 0o666)
    except OSError as error:
        raise InputError(f"{path}: cannot be opened ({error.strerror or error})") from error
    try:
        yield handle
    finally:
        os.close(handle)


def hold(handle: int, place: Path) -> None:
    """Lock a file open for writing until it is closed; `place` is its name for the word on stderr.

    Where locks are not to be had it says so, once, and goes on.
    """
    if not _flock(handle, place):
        say_once("locks are not to be had on this file system: do not let two commands write to one folder there")


def _flock(handle: int, place: Path) -> bool:
    """Whether the open file could be locked."""
    try:
        import fcntl  # here, as only this needs it
    except ImportError:  # not a Unix
        return False
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting = f"{place}: another process is writing to it; waiting until it is done"
            print(shown(waiting), file=sys.stderr, flush=True)
            fcntl.flock(handle, fcntl.LOCK_EX)
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise InputError(f"{place}: cannot be locked ({error.strerror or error})") from error
        return False
    return True


Value = TypeVar("Value")
Parse = Callable[[Path, int, bytes], Value]  # of a file, the number of a line in it, and the line


def json_line(value: Any) -> str:
    """Strict JSON in one line, without its end."""
    return json.dumps(value, allow_nan=False, ensure_ascii=False)


def object_parser(kind: Any) -> Parse[dict[str, Any]]:
    """A parser of lines that hold objects with the keys of `kind` (see strict_json); others are kept.

    It raises InputError for a line that holds something else.
    """

    def parse(path: Path, number: int, line: bytes) -> dict[str, Any]:
        try:
            return strict_json.decode_object(line, kind)
        except ValueError as error:
            raise InputError(f"{path}: line {number} is not what it should be ({error}); remove the file") from error

    return parse


def parse_lines(path: Path, content: bytes, parse: Parse[Value]) -> list[Value]:
    """What the lines of a file's content hold, in order; a torn last one is left out, with a message on stderr.

    A line is whole once its line end is written.
    """
    *whole, torn = content.split(b"\n")
    if torn:
        print(shown(f"{path}: its last line is torn, as a killed run leaves it, and is left out"), file=sys.stderr)
    return [parse(path, number, line) for number, line in enumerate(whole, start=1)]


class JsonLines(Generic[Value]):
    """A file of one JSON value a line: `values` are those in it, in order; `append` adds one, flushed when written.

    A torn last line is cut off on opening, with a message. One process at a time: another one that opens the same file
    waits until this one closes it or dies. Raises InputError for a file that cannot be written or parsed.
    """

    def __init__(self, path: Path, parse: Parse[Value]) -> None:
        self.path = Path(path)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            refuse_links(self.path.parent, self.path)
            self._file = open(self.path, "a+b", buffering=0)  # noqa: SIM115 - closed by close
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
        """Add one value; InputError when the disk is full, and then no part of its line stays in the file."""
        end, rest = self._file.seek(0, os.SEEK_END), (escaped(self.line(value)) + "\n").encode()
        try:
            while rest:  # a disk that fills up takes a part first
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            with suppress(OSError):
                self._file.truncate(end)
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
        """Let other processes have the file; InputError when what was written did not reach the disk."""
        try:
            self._file.close()
        except OSError as error:
            raise self._refused(error) from error

    def _refused(self, error: OSError) -> InputError:
        return InputError(f"{self.path}: cannot be written ({error.strerror or error})")
