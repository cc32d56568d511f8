"""How many pairs a second one core gives a training: ours, GFPGAN's own data set, and albumentations' nearest chain.

The faces are PNG files of the training's size; reading them is part of the time, which is the processor's, the least of
several rounds. The others run in environments of their own and are left out where these cannot be made.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import torch

from degrade.core.image import write
from degrade.core.parallel import one_thread
from degrade.portraits.paint import paint
from degrade.torch import DegradedPairs
from tests.bench.environments import MissingPeer, peer
from tests.bench.timing import Reached, least, processor_ms, reached

FACES = 16
SIDES = (256, 512)
OURS = "degrade.torch"
PEERS = {"gfpgan": "GFPGAN's own data set", "albumentations": "albumentations' nearest chain"}


def lines() -> Iterator[str | Reached]:
    """The report, line by line."""
    torch.set_num_threads(1)
    yield "images for each second of one core, from PNG files to float tensors; recipe gfpgan"
    for side in SIDES:
        with tempfile.TemporaryDirectory() as folder, one_thread():
            for seed in range(FACES):
                write(Path(folder, f"face_{seed:02}.png"), paint(seed, side))
            yield from _rates(Path(folder), side)


def _rates(faces: Path, side: int) -> Iterator[str | Reached]:
    pairs = DegradedPairs(faces, "gfpgan", size=side)
    works: dict[str, Callable[[], float]] = {OURS: partial(processor_ms, lambda: [pairs[i] for i in range(FACES)])}
    with ExitStack() as stack:
        for name in PEERS:
            try:
                works |= stack.enter_context(peer(name, "feeding", faces, side))
            except MissingPeer as missing:
                yield str(missing)
        spent = least(works)
    for name, ms in spent.items():
        yield f"{side} px, {PEERS.get(name, name)}: {FACES / (ms / 1000):.1f}"
    for name, title in PEERS.items():
        if name in spent:
            yield reached(f"pairs for a training, {side} px: ours / {title}", spent[name] / spent[OURS], 1)
