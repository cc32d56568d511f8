"""cmd:"PROGRAM {input} {output}": any program that restores one image file into another, called for each image.

A program that loads its weights for minutes is better run once over the folder SPLIT/lq, and its results scored as
folder:DIR.
"""

import os
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmark.methods.method import Method
from degrade.core.errors import InputError
from degrade.core.files import digest_of, sha256_file
from degrade.core.image import Image, read, write

TIMEOUT = 600  # seconds for one image
_PLACES = ("{input}", "{output}")


def load(device: str, command: str, size: int) -> Method:
    """The program, called for each image with the degraded PNG and the name of the PNG it shall write.

    Device and size are not used. Raises InputError for a program that is not there or a missing placeholder.
    """
    words = _words(command)
    return Method(f"cmd:{command}", lambda images: _restore(words, images), scale=1)


def digest(command: str) -> str:
    """SHA-256 over the contents of the program and of every file that the command names."""
    words = _words(command)
    program = shutil.which(words[0]) or words[0]
    files = [path for path in map(Path, (program, *words[1:])) if path.is_file()]
    return digest_of([sha256_file(path) for path in files])


def _words(command: str) -> list[str]:
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise InputError(f"cmd:{command}: cannot be split into words ({error}); correct its quotes") from error
    missing = [place for place in _PLACES if not any(place in word for word in words)]
    if missing:
        raise InputError(f"cmd:{command}: expected {' and '.join(_PLACES)} in it, {missing[0]} is missing")
    if shutil.which(words[0]) is None:
        raise InputError(f"cmd:{command}: there is no program '{words[0]}'; give its path")
    return words


def _restore(words: Sequence[str], images: Sequence[Image]) -> list[Image]:
    restored = []
    for image in images:
        with tempfile.TemporaryDirectory(prefix="restore-") as folder:
            source, target = Path(folder, "input.png"), Path(folder, "output.png")
            write(source, image)
            _call([word.replace(_PLACES[0], str(source)).replace(_PLACES[1], str(target)) for word in words])
            if not target.is_file():
                raise InputError(f"{words[0]} ended with exit code 0 but wrote no {_PLACES[1]}")
            restored.append(read(target))
    return restored


def _call(words: Sequence[str]) -> None:
    """Run it and all it starts; none of these is left when it fails, takes too long or is interrupted."""
    process = subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    try:
        said = process.communicate(timeout=TIMEOUT)
    except subprocess.TimeoutExpired as error:
        raise InputError(f"{words[0]} took more than {TIMEOUT} s for one image") from error
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    if process.returncode != 0:
        lines = [text.decode(errors="replace").strip().splitlines() for text in said]
        last = (lines[1] or lines[0] or ["it said nothing"])[-1]
        raise InputError(f"{words[0]} ended with exit code {process.returncode}: {last}")
