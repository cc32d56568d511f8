"""From a folder of JPEGs to hq/ and lq/ on disk: processor time of whole processes, beside the first script one writes.

The faces are the first of the folder FACES_HQ, or painted ones where it is not set.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from degrade.core.image import to_uint8
from degrade.core.storage.listing import list_images
from degrade.portraits.paint import paint
from tests.bench.environments import MissingPeer, to_disk
from tests.bench.timing import Reached, least, process_seconds, reached

SIDE = 512
FACES = 40
RECIPE = "dual_blind_hifacegan"


def lines() -> Iterator[str | Reached]:
    """The report, line by line."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        yield f"{FACES} {collect(place / 'faces')} of {SIDE} px, {RECIPE}, processor time of whole processes"
        yield from _script(place)


def _script(place: Path) -> Iterator[str | Reached]:
    commands = {"ours": partial(degrade_command, place / "faces"), "ours, --png fast": partial(_fast, place / "faces")}
    if find_spec("fpng") is None:
        del commands["ours, --png fast"]
        yield "--png fast: left out, as the package fpng is not installed"
    try:
        to_disk(place, place)
        commands["imgaug"] = partial(to_disk, place / "faces")
    except MissingPeer as missing:
        yield str(missing)
    sizes: dict[str, int] = {}
    spent = least({name: partial(_seconds, name, command, place, sizes) for name, command in commands.items()})
    for name, seconds in spent.items():
        yield f"{name}: {seconds:.2f} s, {sizes[name] / 1e6:.1f} MB of PNG"
    if "imgaug" in spent:
        for name, asked in (("ours", 1.6), ("ours, --png fast", 2.5)):
            if name in spent:
                yield reached(f"to disk: imread - imgaug - imwrite / {name}", spent["imgaug"] / spent[name], asked)


def collect(folder: Path) -> str:
    """Fill the new folder with FACES JPEGs, and say what they are."""
    folder.mkdir()
    given = os.environ.get("FACES_HQ")
    if given:
        for number, path in enumerate(_of_side(Path(given))):
            shutil.copyfile(path, folder / f"{number:03d}.jpg")
        return "faces of FACES_HQ"
    portraits = [to_uint8(paint(seed, SIDE)) for seed in range(4)]
    for number in range(FACES):  # rolled, as painting many takes longer than degrading them
        pixels = np.roll(portraits[number % 4], number, axis=1)
        Pillow.fromarray(pixels).save(folder / f"{number:03d}.jpg", quality=95)
    return "painted faces"


def _of_side(folder: Path) -> list[Path]:
    found = []
    for path in list_images(folder):
        if path.suffix == ".jpg" and Pillow.open(path).size == (SIDE, SIDE):
            found.append(path)
        if len(found) == FACES:
            return found
    raise SystemExit(f"{folder}: expected {FACES} JPEGs of {SIDE} px, got {len(found)}")


def degrade_command(faces: Path, out: Path, workers: int = 1, more: Sequence[str] = ()) -> Sequence[str]:
    """What degrades the folder `faces` into the split `out`."""
    run = ("-m", "degrade", "run", str(faces), str(out), "--task", RECIPE, "--workers", str(workers))
    return [sys.executable, *run, *more]


def _fast(faces: Path, out: Path) -> Sequence[str]:
    return degrade_command(faces, out, more=("--png", "fast"))


def _seconds(name: str, command, place: Path, sizes: dict[str, int]) -> float:
    """Processor time of the command that writes to a new folder, and how much it writes."""
    out = place / "out"
    spent = process_seconds(command(out))
    sizes[name] = sum(path.stat().st_size for path in out.rglob("*.png"))
    shutil.rmtree(out)
    return spent
