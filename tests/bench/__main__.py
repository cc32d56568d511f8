"""`make bench`: speed and memory beside the targets, in one run on one machine."""

import argparse
import json
import os
import platform
import sys
import time
import traceback
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.bench.page import page
from tests.bench.timing import Reached

SUITES = (
    "disk",
    "workers",
    "memory",
    "degrading",
    "feeding",
    "network",
    "photograph",
    "scoring",
    "records",
    "starting",
)
PACKAGES = ("numpy", "opencv-python-headless", "pillow", "torch")


def main() -> None:
    """Run the named suites, or all; a suite is a module here whose `lines()` gives its report line by line.

    One that breaks is named, the others run all the same and are kept, and the exit status is 1; figures that are not
    reached do not change it.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Speed and memory beside what is asked.")
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=f"of {', '.join(SUITES)}; all by default")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the run as data")
    parser.add_argument("--page", type=Path, metavar="FILE", help="and as a page of Markdown")
    asked = parser.parse_args()
    strange = sorted(set(asked.suites) - set(SUITES))
    if strange:
        parser.error(f"unknown suite {strange[0]}; expected of {', '.join(SUITES)}")
    run: dict[str, Any] = {"machine": machine(), "suites": {}, "broken": []}
    for name in asked.suites or SUITES:
        run["suites"][name] = kept = []
        try:
            _measure(name, kept)
        except (Exception, SystemExit) as error:
            traceback.print_exc()
            kept.append(f"BROKEN: {error!r}")
            run["broken"].append(name)
    figures = [line for lines in run["suites"].values() for line in lines if isinstance(line, dict)]
    print(f"{sum(each['reached'] for each in figures)} of {len(figures)} reached on {run['machine']['processor']}")
    if asked.json:
        asked.json.write_text(json.dumps(run, indent=1) + "\n")
    if asked.page:
        asked.page.write_text(page(run))
    if run["broken"]:
        sys.exit(f"broken: {', '.join(run['broken'])}")


def _measure(name: str, kept: list[str | dict]) -> None:
    """Keep the lines of a suite, printed as they come; figures that something was asked of as plain data."""
    print(f"## {name}", flush=True)
    for line in import_module(f"tests.bench.{name}").lines():
        print(line, flush=True)
        kept.append(line.facts if isinstance(line, Reached) else line)


def machine() -> dict[str, str | int | float]:
    """What the times depend on. load: of the last minute before the run; beyond 0.5 the times say less."""
    found = {
        "day": time.strftime("%Y-%m-%d", time.gmtime()),
        "processor": _processor(),
        "cores": os.cpu_count() or 1,
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
    }
    print(", ".join(f"{name} {value}" for name, value in found.items()), flush=True)
    return found | {name: version(name) for name in PACKAGES}


def _processor() -> str:
    """The model's name, where Linux tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


if __name__ == "__main__":
    main()
