"""What restoring costs: seconds an image, and working memory."""

import ctypes
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_MIB = 2**20
_WEIGHED = 3  # images of which the memory is measured, which makes them slower by a few milliseconds


@dataclass
class Cost:
    """Of the images restored in this session.

    images: how many; seconds: all of them together, without loading the method. peak_mib: the most working memory
    that one of the first three took, without weights; on a GPU the GPU's, with weights. None where it cannot be known:
    on a CPU under another system than Linux, and of a program, which works elsewhere. parameters: of the network.
    """

    images: int = 0
    seconds: float = 0.0
    peak_mib: float | None = None
    parameters: int | None = None

    @contextmanager
    def of_one(self, weigh: bool = True) -> Iterator[None]:
        """Counts what its block restores; an image that fails is not counted. weigh: measure its memory too."""
        before = _begin() if weigh and self.images < _WEIGHED else None
        start = time.perf_counter()
        yield
        self.seconds += time.perf_counter() - start
        self.images += 1
        if before is not None:
            self.peak_mib = max(self.peak_mib or 0.0, (_peak() - before) / _MIB)


def _begin() -> int | None:
    """Forget the highest memory so far; the bytes held now, None where that cannot be known."""
    torch = sys.modules.get("torch")
    if torch and torch.cuda.is_initialized():
        torch.cuda.reset_peak_memory_stats()
        return 0
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)  # else an image works in what an earlier one has freed, and nothing is seen
    try:
        Path("/proc/self/clear_refs").write_text("5")  # the kernel's way to begin VmHWM anew
        return _status("VmRSS")
    except OSError:
        return None


def _peak() -> int:
    """The most bytes that were held since _begin."""
    torch = sys.modules.get("torch")
    if torch and torch.cuda.is_initialized():
        return int(torch.cuda.max_memory_allocated())
    return _status("VmHWM")


def _status(field: str) -> int:
    """A field of /proc/self/status in bytes."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(f"{field}:"))
    return int(line.split()[1]) * 1024
