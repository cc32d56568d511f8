"""Recipes: the six tasks of the paper, their relatives, the simulated real domain, and the presets of the field.

Each is a TOML file in degrade/recipes/presets/ (see degrade.recipes.parse_recipe), as a user's own. A recipe never
changes: other parameters are a new version. Lengths are those of `base` pixels and scale with size / base; factors,
noise levels, JPEG quality and chances do not scale.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

from degrade.core.errors import InputError, unknown
from degrade.recipes.parse_recipe import compose, read_recipe, rebuild
from degrade.recipes.recipe import Recipe
from degrade.recipes.tasks import TASKS


def _own_recipes() -> dict[str, Recipe]:
    """The six tasks first, then by file; name and version of these recipes stand for their document."""
    files = sorted((resources.files("degrade.recipes") / "presets").iterdir(), key=lambda path: path.name)
    documents = [tomllib.loads(path.read_text()) for path in files if path.name.endswith(".toml")]
    found = {recipe.name: replace(recipe, document="") for document in documents for recipe in compose(document)}
    return {name: found[name] for name in (*TASKS, *found)}


RECIPES = _own_recipes()
_GIVEN_UP = {
    "diffbir_1": "has the ranges of both stages of DiffBIR's general model; ",
    "diffbir_2": "had ranges that DiffBIR never published; ",
}


def list_recipes() -> list[str]:
    """The names of the recipes that come with the project: the six tasks of the paper first, then by name of the file.

    `find_recipe` gives each with its source and ranges.

    >>> list_recipes()[:6]
    ['sr4', 'mosaic16', 'denoise', 'deblur', 'jpeg', 'dual_blind']
    """
    return list(RECIPES)


def find_recipe(name: str) -> Recipe:
    """The recipe of that name, or of a TOML file FILE.toml or FILE.toml:SEVERITY (see degrade.recipes.parse_recipe).

    Its fields say what it draws (`ranges`), from where it is known (`source`), and by how much it reduces (`scale`).
    Raises InputError naming the nearest recipe, or saying what is wrong with the file.

    >>> find_recipe("sr4").scale
    4
    >>> find_recipe("denose")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    degrade.core.errors.InputError: unknown task 'denose'; did you mean 'denoise'? Known: ...
    """
    if name in RECIPES:
        return RECIPES[name]
    if name in _GIVEN_UP:
        raise InputError(f"the recipe '{name}' {_GIVEN_UP[name]}ask for 'diffbir', or for faces 'diffbir_face'")
    path, dot, severity = name.rpartition(".toml")
    if not dot or (severity and not severity.startswith(":")):
        raise unknown("task", name, RECIPES)
    recipe = read_recipe(Path(f"{path}.toml"), severity[1:] or None)
    if recipe.name in RECIPES:
        raise InputError(f"{path}.toml: the name '{recipe.name}' is one of the project's recipes; choose another")
    return recipe


def recorded_recipe(info: Mapping[str, Any]) -> Recipe:
    """The recipe that a split.json names, a user's own from the document it keeps.

    Raises InputError when this version of the project does not have it.
    """
    recipe = rebuild(info["recipe_document"]) if "recipe_document" in info else find_recipe(info["recipe"])
    if recipe.version != info["recipe_version"]:
        got = f"{recipe.name}@{recipe.version}"
        raise InputError(f"{info['recipe']}@{info['recipe_version']}: expected that recipe version, got {got}")
    return recipe
