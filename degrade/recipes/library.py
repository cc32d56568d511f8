"""Recipes: the six tasks of the paper, their relatives, the simulated real domain, and the presets of the field.

Each is a TOML file in degrade/recipes/presets/ (see degrade.recipes.parse_recipe), as a user's own. A recipe never
changes: other parameters are a new version. Lengths are those of `base` pixels and scale with size / base; factors,
noise levels, JPEG quality and chances do not scale.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

from degrade.core.errors import InputError, unknown
from degrade.core.storage.paths import user_path
from degrade.recipes.paper_tasks import TASKS
from degrade.recipes.parse_recipe import compose, read_recipe, rebuild
from degrade.recipes.recipe import Recipe


class _Library(Mapping[str, Recipe]):
    """The project's recipes by name, the six tasks first, then by file; each file is read when it is needed.

    Name and version of these recipes stand for their document.
    """

    def __init__(self) -> None:
        folder = resources.files("degrade.recipes") / "presets"
        self._files = {path.name.removesuffix(".toml"): path for path in folder.iterdir() if path.name[-5:] == ".toml"}
        self._read: dict[str, dict[str, Recipe]] = {}

    def __getitem__(self, name: str) -> Recipe:
        if name in self._files and name in (found := self._of_file(name)):
            return found[name]
        return self._all[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def _of_file(self, stem: str) -> dict[str, Recipe]:
        if stem not in self._read:
            found = compose(self.document(stem))
            self._read[stem] = {recipe.name: replace(recipe, document="") for recipe in found}
        return self._read[stem]

    def document(self, stem: str) -> dict[str, Any]:
        """What one of the files in degrade/recipes/presets/ holds."""
        return tomllib.loads(self._files[stem].read_text())

    @property
    def stems(self) -> list[str]:
        """The names of these files, without suffix."""
        return sorted(self._files)

    @cached_property
    def _all(self) -> dict[str, Recipe]:
        found = {name: recipe for stem in self.stems for name, recipe in self._of_file(stem).items()}
        return {name: found[name] for name in (*TASKS, *found)}


RECIPES = _Library()
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


def find_recipe(name: Recipe | Path | str) -> Recipe:
    """The recipe of that name, or of a TOML file FILE.toml or FILE.toml:SEVERITY (see degrade.recipes.parse_recipe).

    A recipe is given back as it is. Its fields say what it draws (`ranges`), from where it is known (`source`), and by
    how much it reduces (`scale`). Raises InputError naming the nearest recipe, or saying what is wrong with the
    file.

    >>> find_recipe("sr4").scale
    4
    >>> find_recipe("denose")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    degrade.core.errors.InputError: unknown recipe 'denose'; did you mean 'denoise'? Known: ...
    """
    if isinstance(name, Recipe):
        return name
    if not isinstance(name, (str, Path)):
        raise InputError(f"recipe: expected a name of `list_recipes`, FILE.toml or a Recipe, got {name!r}")
    name = str(name)
    if name in RECIPES:
        return RECIPES[name]
    if name in _GIVEN_UP:
        raise InputError(f"the recipe '{name}' {_GIVEN_UP[name]}ask for 'diffbir', or for faces 'diffbir_face'")
    parts = re.fullmatch(r"(.*\.toml)(?::(.*))?", name, re.IGNORECASE | re.DOTALL)
    if not parts:
        raise unknown("recipe", name, RECIPES)
    recipe = read_recipe(user_path(parts[1]), parts[2] or None)
    if recipe.name in RECIPES:
        raise InputError(f"{parts[1]}: the name '{recipe.name}' is one of the project's recipes; choose another")
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
