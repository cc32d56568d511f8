"""One image degraded by a recipe: what splits, training and Python all call."""

import numpy as np

from degrade.core.arrays import as_image, in_kind_of
from degrade.core.random import rng_for
from degrade.operators.chain import trace
from degrade.recipes.library import find_recipe
from degrade.recipes.recipe import Recipe


def degrade_image(
    array: np.ndarray, recipe: Recipe | str, seed: int = 0, name: str = "", epoch: int | None = None
) -> tuple[np.ndarray, list[dict[str, str]]]:
    """The degraded image, and the records from which `replay_image` makes it again; the one place that draws a recipe.

    array: (H, W, 3), RGB, uint8 or float in [0, 1]; the degraded one is of the same kind, smaller where the recipe
    reduces it. recipe: a name of `list_recipes`, or FILE.toml. What is drawn depends on seed, recipe and name alone,
    so give every image a name of its own, as a split does with the file's. epoch: of a training that draws each image
    anew; a split on disk has none. The same pixels as in a split that `degrade run` makes of the same 8-bit image.
    Raises InputError for another kind of array, an unknown recipe, and a size that the recipe does not take.
    Source of a recipe: its field `source`, and degrade/recipes/presets/.

    >>> face = np.full((64, 64, 3), 200, np.uint8)
    >>> degraded, records = degrade_image(face, "sr4", name="face")
    >>> degraded.shape, degraded.dtype.name, records[0]["op"]
    ((16, 16, 3), 'uint8', 'Resize')
    """
    reference = as_image(array)
    found = find_recipe(recipe) if isinstance(recipe, str) else recipe
    key = (found.key, name) if epoch is None else (found.key, name, epoch)
    operators = found(rng_for(seed, *key), min(reference.shape[:2]), name, epoch or 0)
    degraded, records = trace(operators, reference)
    return in_kind_of(array, degraded), records
