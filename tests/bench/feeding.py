"""How many pairs a second one core gives a training: ours, GFPGAN's own data set, and albumentations' nearest chain.

The faces are PNG files of the training's size; reading them is part of the time, which is the processor's. Nothing here
installs the others.
"""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from torch.utils.data import Dataset

from degrade.core.image import write
from degrade.core.parallel import one_thread
from degrade.portraits.paint import paint
from degrade.torch import DegradedPairs
from tests.bench import peers
from tests.bench.timing import interleaved

FACES = 16


def lines() -> Iterator[str]:
    """The report, line by line."""
    torch.set_num_threads(1)
    yield "images for each second of one core, from PNG files to float tensors; recipe gfpgan"
    for size in (256, 512):
        with tempfile.TemporaryDirectory() as folder, one_thread():
            for seed in range(FACES):
                write(Path(folder, f"face_{seed:02}.png"), paint(seed, size))
            yield from _rates(Path(folder), size)


def _rates(faces: Path, size: int) -> Iterator[str]:
    found: dict[str, Dataset | None] = {
        "degrade.torch": DegradedPairs(faces, "gfpgan", size=size),
        "GFPGAN's data set": peers.gfpgan(faces, size),
        "albumentations": peers.albumentations(faces),
    }
    there = {name: dataset for name, dataset in found.items() if dataset is not None}
    works = {name: lambda pairs=pairs: [pairs[i] for i in range(FACES)] for name, pairs in there.items()}
    spent = interleaved(works, clock=time.process_time)
    rates = {name: FACES / (time / 1000) for name, time in spent.items()}
    for name in found:
        if name not in rates:
            yield f"{size} px, {name}: not installed"
        elif name == "degrade.torch":
            yield f"{size} px, {name}: {rates[name]:.1f}"
        else:
            yield f"{size} px, {name}: {rates[name]:.1f}, ours {rates['degrade.torch'] / rates[name]:.2f} times as many"
