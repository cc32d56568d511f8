"""Small faces on disk, and splits of them, for the tests of this folder."""

from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from degrade.recipes.library import find_recipe
from degrade.splits.make_split import SplitPlan, SplitSummary, write_split
from degrade.splits.sources import Source, folder_sources

PLAN = SplitPlan(find_recipe("dual_blind"), "all", 64)


def save_face(path: Path, side: int = 64, seed: int = 0) -> None:
    rng = np.random.default_rng(seed)
    coarse = Pillow.fromarray(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8))
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse.resize((side, side), Pillow.Resampling.BICUBIC).save(path)


def six_faces(folder: Path) -> list[Source]:
    for number in range(6):
        save_face(folder / f"face{number}.png", seed=number)
    return folder_sources(folder)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def make(out: Path, sources: list[Source], plan: SplitPlan = PLAN, workers: int = 1) -> SplitSummary:
    return write_split(out, sources, plan, workers=workers, progress=False)
