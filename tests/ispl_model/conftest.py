"""Splits small enough to train on in a blink."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from degrade.image import write
from degrade.recipes import find_recipe
from degrade.sources import folder_sources
from degrade.split import Split, SplitPlan, load_split, make_split

SIZE, COUNT = 64, 5


@pytest.fixture(scope="session")
def make_tiny_split(tmp_path_factory) -> Callable[[str], Split]:
    """A split of five smooth 64 px pictures by a recipe's name, made once."""
    faces = tmp_path_factory.mktemp("faces")
    rng = np.random.default_rng(0)
    for index in range(COUNT):
        coarse = rng.random((8, 8, 3), dtype=np.float32)
        picture = cv2.resize(coarse, (SIZE, SIZE), interpolation=cv2.INTER_LINEAR)
        write(faces / f"face_{index}.png", np.clip(picture, 0, 1))
    made: dict[str, Path] = {}

    def make(recipe: str) -> Split:
        if recipe not in made:
            made[recipe] = tmp_path_factory.mktemp("split") / recipe
            plan = SplitPlan(find_recipe(recipe), "train", SIZE)
            make_split(made[recipe], folder_sources(faces), plan, progress=False)
        return load_split(made[recipe])

    return make
