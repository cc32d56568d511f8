"""`make bench`: speed and memory, printed as ratios within one run. No test depends on it.

python -m tests.bench [degrading] [network] [scoring]
"""

import sys
from importlib import import_module

SUITES = ("degrading", "network", "scoring")


def main(names: list[str]) -> None:
    """Run the named suites, or all; a suite is a module here whose `lines()` gives its report line by line."""
    for name in names or SUITES:
        print(f"## {name}", flush=True)
        for line in import_module(f"tests.bench.{name}").lines():
            print(line, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
