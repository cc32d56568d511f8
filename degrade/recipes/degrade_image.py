"""One image degraded by a recipe: what splits, training and Python all call."""

from pathlib import Path

import numpy as np

from degrade.core.arrays import as_image, in_kind_of
from degrade.core.errors import InputError
from degrade.core.random import check_whole, rng_for
from degrade.core.storage.listing import normalised_name
from degrade.operators.base import Operator
from degrade.operators.chain import trace
from degrade.operators.digital.resize import Resize
from degrade.recipes.library import find_recipe
from degrade.recipes.recipe import Recipe


def degrade_image(
    array: np.ndarray, recipe: Recipe | Path | str, seed: int = 0, name: str = "", epoch: int | None = None
) -> tuple[np.ndarray, list[dict[str, str]]]:
    """The degraded image, and the records from which `replay_image` makes it again; the one place that draws a recipe.

    array: (H, W, 3), RGB, uint8 or float in [0, 1]; the degraded one is of the same kind, smaller where the recipe
    reduces it. recipe: a name of `list_recipes`, or FILE.toml. What is drawn depends on seed, recipe and name alone,
    so give every image a name of its own, as a split does with the file's; it counts as
    degrade.core.storage.listing.normalised_name has it. epoch: of a training that draws each image
    anew; a split on disk has none. The same pixels as in a split that `degrade run` makes of the same 8-bit image.
    Raises InputError for another kind of array, an unknown recipe, a seed or epoch that is no whole number, a name that
    is no text, a size that the recipe does not take, and an image that is not square where the recipe would make it so.
    Source of a recipe: its field `source`, and degrade/recipes/presets/.

    >>> face = np.full((64, 64, 3), 200, np.uint8)
    >>> degraded, records = degrade_image(face, "sr4", name="face")
    >>> degraded.shape, degraded.dtype.name, records[0]["op"]
    ((16, 16, 3), 'uint8', 'Resize')
    """
    reference = as_image(array)
    if epoch is not None:
        check_whole(epoch, "epoch")
    if not isinstance(name, str):
        raise InputError(f"name: expected a text, as the file's name without suffix, got {name!r}; use str()")
    name = normalised_name(name)
    found = find_recipe(recipe)
    key = (found.key, name) if epoch is None else (found.key, name, epoch)
    height, width = reference.shape[:2]
    operators = found(rng_for(seed, *key), min(height, width), name, epoch or 0)
    if height != width and any(map(_makes_square, operators)):
        raise InputError(f"{found.name}: expected a square image, got {width} x {height} px; cut a square out of it")
    degraded, records = trace(operators, reference)
    return in_kind_of(array, degraded), records


def _makes_square(operator: Operator) -> bool:
    """Whether it brings every image to one side, as a recipe does that goes back to the full side."""
    return isinstance(operator, Resize) and 0 < operator.height == operator.width
