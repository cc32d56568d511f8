"""Programs from outside that end with the process that started them, whatever ended it, and with all they started."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from typing import IO, Any

# Its input ends when the process that writes to it has ended; then it kills the groups that are still named.
_WATCHER = """
import os, signal, sys
groups = set()
for line in sys.stdin:
    (groups.add if line[0] == "+" else groups.discard)(int(line[1:]))
for group in groups:
    try:
        os.killpg(group, signal.SIGKILL)
    except OSError:
        pass
"""


@contextmanager
def started(words: Sequence[str], **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A program as the leader of a process group, of which nothing is left after the block or after this process.

    options: same as for subprocess.Popen. Raises OSError for what cannot be started.
    """
    _watcher()  # before the program, which must not be alone for as long as this takes
    process = subprocess.Popen(words, start_new_session=True, **options)
    try:
        _tell(f"+{process.pid}")
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        _tell(f"-{process.pid}")


def _tell(line: str) -> None:
    with suppress(BrokenPipeError):  # of a watcher that someone ended
        _watcher().write(f"{line}\n".encode())


@cache
def _watcher() -> IO[bytes]:
    """The input of the one watcher of this process, in a session of its own, as Ctrl-C and hang-ups must not end it."""
    nowhere = subprocess.DEVNULL
    call = [sys.executable, "-S", "-E", "-c", _WATCHER]
    watcher = subprocess.Popen(
        call, bufsize=0, stdin=subprocess.PIPE, stdout=nowhere, stderr=nowhere, start_new_session=True
    )
    assert watcher.stdin is not None  # as PIPE was asked for
    return watcher.stdin
