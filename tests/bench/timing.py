"""Times of small pieces of work, and how they are printed: always ratios of one run on one machine."""

import statistics
import time
from collections.abc import Callable, Mapping


def milliseconds(work: Callable[[], object], repeats: int = 5) -> float:
    """Median wall time of `work()` in ms over `repeats` calls, after one that is not counted."""
    return interleaved({"": work}, repeats)[""]


def interleaved(works: Mapping[str, Callable[[], object]], repeats: int = 5) -> dict[str, float]:
    """The same for several, one call of each in turn, so that what else the machine does slows all alike."""
    spent = {name: [] for name in works}
    for repeat in range(repeats + 1):
        for name, work in works.items():
            start = time.perf_counter()
            work()
            if repeat:
                spent[name].append(1e3 * (time.perf_counter() - start))
    return {name: statistics.median(times) for name, times in spent.items()}


def reached(name: str, ratio: float, reach: float, at_most: bool = False) -> str:
    """One line: a ratio beside the one to reach (design, section 6) and whether it is reached.

    >>> reached("two workers against one", 1.84, 1.8)
    'two workers against one                                     1.84   at least 1.80  reached'
    """
    good = ratio <= reach if at_most else ratio >= reach
    wanted = f"{'at most' if at_most else 'at least'} {reach:.2f}"
    return f"{name:<56} {ratio:>7.2f}   {wanted}  {'reached' if good else 'NOT REACHED'}"
