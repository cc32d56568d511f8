"""Whether `degrade run`, `verify` and `replay` take more memory for many faces than for few: they must not.

The faces are painted, of 32 px, so that twenty thousand of them are soon done and what is kept of each is nearly all
that can grow; of 512 px the same growth stands beside more. One process, so that its peak is all there is. Before
`replay` all degraded images are removed: it makes them anew.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from degrade.core.image import write
from degrade.portraits.paint import paint
from tests.bench.timing import Cost, Reached, process_cost, reached

FEW, MANY = 200, 20_000
PAINTED = 20  # different ones, the others are links to them
SIDE = 32  # px
MOST = 1.25  # times the memory, which differs by a few per cent from run to run


def lines() -> Iterator[str | Reached]:
    """The report, line by line."""
    with tempfile.TemporaryDirectory() as folder:
        costs = {faces: _costs(Path(folder, str(faces)), faces) for faces in (FEW, MANY)}
    for command, many in costs[MANY].items():
        few = costs[FEW][command]
        held = f"{few.megabytes:.0f} MB for {FEW} faces, {many.megabytes:.0f} MB for {MANY}"
        yield f"degrade {command}: {held}, {many.seconds:.0f} s of processor time for these"
        name = f"degrade {command}: peak memory of {MANY} faces / of {FEW}"
        yield reached(name, many.megabytes / few.megabytes, MOST, at_most=True)


def _costs(place: Path, faces: int) -> dict[str, Cost]:
    """Of the three commands, one after another on one split."""
    _collect(place / "faces", faces)
    split = place / "split"
    run = ("--task", "jpeg", "--size", str(SIDE), "--workers", "1")
    found = {"run": _cost("run", place / "faces", split, *run), "verify": _cost("verify", split)}
    shutil.rmtree(split / "lq")
    return found | {"replay": _cost("replay", split)}


def _collect(folder: Path, faces: int) -> None:
    for number in range(PAINTED):
        write(folder / f"{number:05}.png", paint(number, SIDE))
    for number in range(PAINTED, faces):
        os.link(folder / f"{number % PAINTED:05}.png", folder / f"{number:05}.png")


def _cost(*arguments: object) -> Cost:
    return process_cost([sys.executable, "-m", "degrade", *map(str, arguments)])
