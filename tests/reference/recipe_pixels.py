"""What every recipe makes of one picture, as hashes of its 8-bit pixels: python -m tests.reference.recipe_pixels

Makes recipe_pixels.json anew, which tests/degrade/recipes/test_pixels.py holds this machine against.
"""

import hashlib
from pathlib import Path

import numpy as np

from degrade.core.storage.files import write_json
from degrade.recipes.degrade_image import degrade_image
from degrade.recipes.library import find_recipe, list_recipes

FILE = Path(__file__).with_suffix(".json")
SIDE, NAMES = 256, ("first", "second", "third", "fourth")


def picture() -> np.ndarray:
    """Slopes with edges under a little noise, (SIDE, SIDE, 3) uint8, in whole numbers alone."""
    down, across = np.mgrid[0:SIDE, 0:SIDE]
    slopes = [np.abs((3 * down + step * across) % 512 - 256) * 7 // 8 + 8 for step in (1, 2, 5)]
    noise = np.random.SFC64(0).random_raw(SIDE * SIDE * 3).reshape(SIDE, SIDE, 3) % 17
    return (np.stack(slopes, axis=2) + noise.astype(int) - 8).astype(np.uint8)


def hashes() -> dict[str, list[str]]:
    """Name and version of a recipe -> a hash for each of NAMES, which draw differently."""
    given = picture()
    return {find_recipe(recipe).key: [_hash(degrade_image(given, recipe, name=name)[0]) for name in NAMES]
            for recipe in list_recipes()}  # fmt: skip


def _hash(pixels: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(pixels)).hexdigest()[:16]


if __name__ == "__main__":
    write_json(FILE, hashes())
