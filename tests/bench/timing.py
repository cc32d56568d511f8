"""Times of small pieces of work, and how they are printed: always ratios of one run on one machine."""

import statistics
import time
from collections.abc import Callable


def milliseconds(work: Callable[[], object], repeats: int = 5) -> float:
    """Median wall time of `work()` in ms over `repeats` calls, after one that is not counted."""
    work()
    spent = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        spent.append(1e3 * (time.perf_counter() - start))
    return statistics.median(spent)


def reached(name: str, ratio: float, reach: float, at_most: bool = False) -> str:
    """One line: a ratio beside the one to reach (design, section 6) and whether it is reached.

    >>> reached("two workers against one", 1.84, 1.8)
    'two workers against one                                     1.84   at least 1.80  reached'
    """
    good = ratio <= reach if at_most else ratio >= reach
    wanted = f"{'at most' if at_most else 'at least'} {reach:.2f}"
    return f"{name:<56} {ratio:>7.2f}   {wanted}  {'reached' if good else 'NOT REACHED'}"
