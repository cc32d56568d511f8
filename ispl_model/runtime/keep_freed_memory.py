"""Memory of one training step, kept for the next."""

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# glibc's malloc.h: what mallopt sets, and the values that its own adjustment comes to at most
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3
_KEEPING = {_MMAP_THRESHOLD: 2**31 - 1, _TRIM_THRESHOLD: 2**31 - 1, _TOP_PAD: 2**28}
_USUAL = {_MMAP_THRESHOLD: 2**25, _TRIM_THRESHOLD: 2**26, _TOP_PAD: 0}


@contextmanager
def keep_freed_memory() -> Iterator[None]:
    """Inside, what is freed stays with the process, which takes it again without asking the system.

    A step takes and frees some 1,000 MB in large pieces; glibc gives these back each time, and the system fills them
    with zeros anew. Where the C library is another one, or its MALLOC_ variables are set, nothing changes.
    """
    library = None if any(name.startswith("MALLOC_") for name in os.environ) else _glibc()
    if library is None:
        yield
        return
    _set(library, _KEEPING)
    try:
        yield
    finally:
        _set(library, _USUAL)
        library.malloc_trim(0)


def _glibc() -> ctypes.CDLL | None:
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    return library if hasattr(library, "mallopt") else None


def _set(library: ctypes.CDLL, options: dict[int, int]) -> None:
    for option, value in options.items():
        library.mallopt(option, value)
