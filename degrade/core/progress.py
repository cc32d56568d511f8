"""Progress of long work: a bar on a terminal, and in a log a line a minute."""

import sys
from collections.abc import Iterable
from typing import Any, TypeAlias

from tqdm import tqdm

from degrade.core.errors import shown

Bar: TypeAlias = tqdm
EVERY = 60  # seconds between two lines of a log; work that is done sooner writes none
_LINE = "{desc}{n_fmt} of {total_fmt} ({percentage:.0f} %), {elapsed} passed, {remaining} left, {rate_fmt}{postfix}"


class _Log(tqdm):
    """Whole lines, for files: no carriage returns."""

    monitor_interval = 0  # a thread that would draw bars between two updates

    def display(self, msg: str | None = None, pos: int | None = None) -> None:
        """One line; "" would wipe a bar off a terminal."""
        if msg != "":
            self.fp.write(f"{shown(str(self))}\n")
            self.fp.flush()


def progress_bar(
    iterable: Iterable[Any] | None = None, title: str = "", total: int | None = None, **options: Any
) -> Bar:
    """A tqdm bar over `iterable`, or one to update by hand, on standard error.

    title: what is done; total: how many there are, where `iterable` does not say. options: unit, initial, unit_scale,
    disable, and leave=False for a bar that goes when it is full, all as in tqdm.
    """
    if sys.stderr.isatty():
        return tqdm(iterable, title, total, **options)
    # at position 1 and not left behind, so that its end writes nothing: commands say themselves what they made
    lines = {"delay": EVERY, "mininterval": EVERY, "miniters": 1, "position": 1, "leave": False, "bar_format": _LINE}
    return _Log(iterable, title and f"{title}: ", total, **options | lines)
