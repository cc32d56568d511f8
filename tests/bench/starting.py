"""How long one waits for what needs no data: help, a list, the package itself.

Processor time of whole processes, the least of several, the interpreter's own start included.
"""

import sys
from collections.abc import Iterator, Sequence
from functools import partial

from tests.bench.timing import Reached, least, process_seconds, reached

# What is said of it: (the most seconds, what Python is started with).
ASKED: dict[str, tuple[float, Sequence[str]]] = {
    "degrade --help": (0.5, ("-m", "degrade", "--help")),
    "ispl --help": (0.5, ("-m", "ispl_model", "--help")),
    "benchmark --help": (0.5, ("-m", "benchmark", "--help")),
    "benchmark methods": (0.5, ("-m", "benchmark", "methods")),
    "import benchmark": (0.2, ("-c", "import benchmark")),
}


def lines() -> Iterator[str | Reached]:
    """The report, line by line."""
    works = {name: partial(process_seconds, [sys.executable, *command]) for name, (_, command) in ASKED.items()}
    for name, seconds in least(works).items():
        yield reached(f"{name}, seconds", seconds, ASKED[name][0], at_most=True)
