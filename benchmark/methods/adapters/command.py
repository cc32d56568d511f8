"""cmd:"PROGRAM {input} {output}": any program that restores one image file into another, called for each image.

It has ten minutes for an image, or as cmd:"timeout=SECONDS PROGRAM {input} {output}" says. What it starts ends with it.
A program that loads its weights for minutes is better run once over the folder SPLIT/lq, and its results scored as
folder:DIR.
"""

import math
import os
import shlex
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from benchmark.methods.adapters.process_groups import started
from benchmark.methods.method import Method
from degrade.core.errors import InputError
from degrade.core.image import Image, read, write
from degrade.core.storage.files import digest_of
from ispl_model.runtime.known_files import file_digest

TIMEOUT = 600  # seconds for one image
_LONGEST, _LETTERS = 7 * 24 * 3600, 16384  # of a timeout, and of a command
_REMEMBERED, _LINE = 1 << 16, 300  # bytes of what a program says, and letters of its last line
_PLACES = ("{input}", "{output}")


def load(device: str, command: str, size: int) -> Method:
    """The program, called for each image with the degraded PNG and the name of the PNG it shall write.

    Device and size are not used. Raises InputError for a program that is not there or a missing placeholder.
    """
    call = _parsed(command)
    return Method(f"cmd:{command}", lambda images: _restore(call, images), scale=1, own_process=True)


def digest(command: str) -> str:
    """SHA-256 over the contents of the program and of every file that the command names."""
    words = _parsed(command).words
    program = shutil.which(words[0]) or words[0]
    files = [Path(word) for word in (program, *words[1:]) if os.path.isfile(word)]
    return digest_of([file_digest(path) for path in files])


@dataclass(frozen=True)
class _Call:
    """A command in words, and the seconds it has for one image."""

    words: tuple[str, ...]
    timeout: float = TIMEOUT


def _parsed(command: str) -> _Call:
    if len(command) > _LETTERS:
        raise InputError(f"cmd:{command[:60]}...: expected at most {_LETTERS} letters; put them into a program")
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise InputError(f"cmd:{command}: cannot be split into words ({error}); correct its quotes") from error
    missing = [place for place in _PLACES if not any(place in word for word in words)]
    if missing:
        raise InputError(f"cmd:{command}: expected {' and '.join(_PLACES)} in it, {missing[0]} is missing")
    timeout = TIMEOUT
    if words[0].startswith("timeout="):
        timeout = _seconds(command, words.pop(0).partition("=")[2])
    if not words or shutil.which(words[0]) is None:
        raise InputError(f"cmd:{command}: there is no program '{''.join(words[:1])}'; give its path")
    return _Call(tuple(words), timeout)


def _seconds(command: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= _LONGEST):
        raise InputError(f"cmd:{command}: expected timeout=SECONDS, whole ones from 1 to {_LONGEST}, got '{text}'")
    return int(text)


def _restore(call: "_Call", images: Sequence[Image]) -> list[Image]:
    restored = []
    for image in images:
        with tempfile.TemporaryDirectory(prefix="restore-") as folder:
            source, target = Path(folder, "input.png"), Path(folder, "output.png")
            write(source, image)
            try:
                restored.append(_one(call, source, target))
            except InputError as error:
                named = str(error).replace(str(target), _PLACES[1]).replace(str(source), _PLACES[0])
                raise InputError(named) from error
    return restored


def _one(call: "_Call", source: Path, target: Path) -> Image:
    program = call.words[0]
    words = [word.replace(_PLACES[0], str(source)).replace(_PLACES[1], str(target)) for word in call.words]
    _run(words, call.timeout)
    if not target.is_file():
        raise InputError(f"{program} ended with exit code 0 but wrote no {_PLACES[1]}")
    return read(target)


def _run(words: Sequence[str], timeout: float) -> None:
    """Run it and all it starts; none of its process group is left afterwards, however it or this process ends."""
    pipe = subprocess.PIPE
    try:
        with started(words, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe) as process:
            said = [_Tail(process.stderr), _Tail(process.stdout)]
            process.wait(timeout)
    except OSError as error:  # no program after all, or more arguments than the system takes
        raise InputError(f"{words[0]} cannot be started ({error.strerror or error})") from error
    except subprocess.TimeoutExpired as error:
        longer = f"begin the command with timeout={math.ceil(2 * timeout)} to give it longer"
        raise InputError(f"{words[0]} took more than {timeout:g} s for one image; {longer}") from error
    if process.returncode != 0:
        lines = [line for tail in said if (line := tail.last_line())]
        raise InputError(f"{words[0]} ended with exit code {process.returncode}: {[*lines, 'it said nothing'][0]}")


class _Tail(threading.Thread):
    """Reads all that a process says and remembers the end of it; whoever holds the pipe open does not matter."""

    def __init__(self, pipe: IO[bytes] | None) -> None:
        super().__init__(daemon=True)
        assert pipe is not None  # as PIPE was asked for
        self._pipe, self._end = pipe, b""
        self.start()

    def run(self) -> None:
        with self._pipe:
            while piece := os.read(self._pipe.fileno(), 1 << 16):
                self._end = (self._end + piece)[-_REMEMBERED:]

    def last_line(self) -> str:
        """Without what a terminal would obey; empty when nothing was said."""
        self.join(1)  # of a process that has ended; what it left behind elsewhere may hold the pipe
        lines = self._end.decode(errors="replace").strip().splitlines() or [""]
        return "".join(letter if letter.isprintable() else "?" for letter in lines[-1].strip()[-_LINE:])
