"""One process at a time: locks of the operating system, which end with the process that holds them, however it ends."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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
