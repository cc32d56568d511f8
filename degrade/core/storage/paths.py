"""Paths as users give them, what lies there, and how its bytes and text are read."""

import codecs
import errno
import os
import re
import stat
import sys
from functools import cache
from pathlib import Path

from degrade.core.errors import InputError, shown

_MARKS = (  # the longer first, as UTF-32's begins with UTF-16's
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_KINDS = (
    (stat.S_ISREG, "file"), (stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"),
)  # fmt: skip


def user_path(path: str | os.PathLike[str]) -> Path:
    """A path as a user writes it: `~` is the home folder.

    Raises InputError where nobody knows what that is, and for what can be no path or cannot be reached.
    """
    if not isinstance(path, (str, os.PathLike)) or not str(path):
        raise InputError(f"expected a path, as a text or a pathlib.Path, got {path!r}")
    found = os.path.expanduser(path)
    if re.match(r"~(/|$)", found):
        raise InputError(f"{found}: this account has no home folder (HOME is not set); write the path in full")
    try:
        os.stat(found)
    except (FileNotFoundError, NotADirectoryError):
        pass
    except (OSError, ValueError) as error:
        if not os.path.islink(found) or getattr(error, "errno", None) == errno.ELOOP:
            raise InputError(f"{found}: cannot be used ({getattr(error, 'strerror', None) or error})") from error
    return Path(found)


def real_path(path: Path) -> Path:
    """The path in full, without links; Path.resolve raises RuntimeError for one that leads to itself."""
    return Path(os.path.realpath(path))


def kind_of(path: Path) -> str:
    """ "file" for one that can be read to its end, else what is there: a folder, a broken link, a pipe, a device."""
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):  # the latter for what can be no name
        return "a broken link" if os.path.islink(path) else "nothing"
    return next((kind for matches, kind in _KINDS if matches(mode)), "a device")


def read_bytes(path: Path, most: int | None = None) -> bytes:
    """All of a file; InputError when it cannot be read, or is a pipe or a device, which may never end.

    most: the bytes that it may have, all where None.
    """
    kind = kind_of(path)
    if kind not in ("file", "nothing"):
        raise InputError(f"{path}: expected a file, got {kind}; give a file on disk")
    try:
        if most is not None and os.stat(path).st_size > most:
            raise InputError(f"{path}: expected at most {most} bytes, got {os.stat(path).st_size}")
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:  # the latter for what can be no name
        raise InputError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from error


def read_text(path: Path, errors: str = "strict", most: int | None = None) -> str:
    """A user's text file: UTF-8, or what its byte order mark says; line ends become "\\n".

    errors: same as for bytes.decode; most: same as for read_bytes. Raises InputError when it cannot be read, ValueError
    when it is not text.
    """
    data = read_bytes(path, most)
    mark, encoding = next((each for each in _MARKS if data.startswith(each[0])), (b"", "utf-8"))
    return data[len(mark) :].decode(encoding, errors).replace("\r\n", "\n").replace("\r", "\n")


def escaped(text: str) -> str:
    """Bytes of a name that are not UTF-8 as %XX, so that it can be written down anywhere."""
    return re.sub(r"[\ud800-\udfff]", lambda found: f"%{ord(found[0]) & 0xFF:02X}", text)


@cache
def say_once(sentence: str) -> None:
    """A word on stderr, once in a process."""
    print(shown(sentence), file=sys.stderr, flush=True)


def refuse_links(folder: Path, file: Path) -> None:
    """Raise InputError where a folder between `folder` and `file`, or `file` itself, is a link: what follows it would
    be written elsewhere. `folder` itself may be one, as it is the user's choice.
    """
    place = Path(folder)
    for part in Path(file).relative_to(folder).parts:
        place /= part
        if os.path.islink(place):
            raise InputError(
                f"{place}: is a link, and nothing is written through one here; replace it by what it names"
            )
