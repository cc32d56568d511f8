"""Recipes from TOML files: a user's own, and the presets in degrade/recipes/presets/.

    name = "old_scan"             # lower case, digits and _
    version = 1                   # 1 when left out
    domain = "synthetic"          # or "real"; "synthetic" when left out
    scale = 1                     # side of the reference / side of the degraded image; 1 when left out
    base = 512                    # lengths are for images of this side; 0: they never scale; 512 when left out
    source = "my attic"           # where it comes from
    compared = "a.py, 1f2e3d4"    # what it was compared with: file and commit or date, and which of its properties
    not_compared = "its borders"  # and what was not
    severities = ["weak", "strong"]   # only for recipes with severities; then one recipe for each of them

    [[steps]]
    operator = "GaussianBlur"     # any operator; its fields, except seed, take a value:
    sigma = {uniform = [0.5, 3]}  # 2 | {uniform = [low, high]} or another interval |
                                  # {choice = [...], weights = [...]} | {grid = [...]} | {severity = [...]} |
                                  # {same = "other_field"}, which must come before it in the operator |
                                  # {imgaug_width = "sigma"}: for the size of a GaussianBlur, imgaug's
    chance = 0.5                  # of this step; 1 when left out

Intervals are uniform, log_uniform, one_over_uniform (1 / uniform), root_uniform (square root of uniform),
square_uniform, rounded (uniform, then to the nearest whole number), integer (both ends included).
Instead of `operator` a step has `one_of = [steps]` (with `weights`), `shuffle = [steps]` (those numbered in `in_order`
keep their order), or `steps = [steps]`, which `repeat = 2` or `repeat = {integer = [1, 3]}` repeats. `side = 1` in a
Resize is a share of the reference's side; `level` in a CorrelatedNoise draws any covariance of at most that level.
"""

import json
import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict

from degrade.core.errors import InputError, unknown
from degrade.core.numbers import is_whole
from degrade.core.storage import strict_json
from degrade.core.storage.paths import read_text
from degrade.recipes.parse_steps import Reader, check_keys
from degrade.recipes.recipe import Recipe
from degrade.recipes.steps import Composition, Group

_NOTES = ("source", "compared", "not_compared")
_MOST_BYTES, _MOST_SEVERITIES = 1 << 20, 100  # of a file
_HEAD = ("name", "version", "domain", "scale", "base", *_NOTES, "severities", "steps")


class _Document(TypedDict):
    recipe: dict[str, Any]
    severity: str | None


def read_recipe(path: Path, severity: str | None = None) -> Recipe:
    """The recipe in a TOML file, with the severity asked for when it has some; InputError when it is none."""
    try:
        document = tomllib.loads(read_text(path, most=_MOST_BYTES))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: is not a TOML file ({error}); docs/recipes.md has examples") from error
    try:
        return _chosen(compose(document), severity)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def rebuild(document: str) -> Recipe:
    """The user's recipe whose `document` this is, as split.json keeps it."""
    try:
        text = strict_json.decode_object(document, _Document)
    except ValueError as error:
        raise InputError(f"the recipe that the split keeps cannot be read ({error}); make the split again") from error
    return _chosen(compose(text["recipe"]), text["severity"])


def _chosen(recipes: Sequence[Recipe], severity: str | None) -> Recipe:
    named = {json.loads(recipe.document)["severity"]: recipe for recipe in recipes}
    if severity in named:
        return named[severity]
    if severity is None:
        raise InputError(f"has severities; add one to the file's name, such as FILE.toml:{next(iter(named))}")
    if None in named:
        raise InputError(f"has no severities, so ':{severity}' asks for nothing")
    raise unknown("severity", severity, named)


def compose(document: Mapping[str, Any]) -> list[Recipe]:
    """The recipes of a TOML document: one, or one for each severity. InputError says what is wrong with it."""
    check_keys("recipe", document, _HEAD)
    for key in ("name", "steps"):
        if key not in document:
            raise InputError(f"expected '{key} = ...' in the recipe, got none; docs/recipes.md has examples")
    severities = document.get("severities", [None])
    if severities != [None]:
        _check_severities(severities)
    return [_compose_one(document, severity, place) for place, severity in enumerate(severities)]


def _check_severities(severities: Any) -> None:
    names = severities if isinstance(severities, list) else []
    if not names or not all(isinstance(name, str) and re.fullmatch(r"[a-z0-9_]{1,64}", name) for name in names):
        raise InputError(f"severities: expected names of up to 64 lower-case letters and digits, got {severities!r}")
    if len(names) > _MOST_SEVERITIES:
        raise InputError(f"severities: expected at most {_MOST_SEVERITIES}, got {len(names)}")
    if len(set(names)) != len(names):
        raise InputError(f"severities: expected different names, got {severities!r}")


def _compose_one(document: Mapping[str, Any], severity: str | None, place: int) -> Recipe:
    reader = Reader(place, len(document.get("severities", ())))
    name = _text(document, "name")
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", name):
        raise InputError(f"name: expected up to 64 lower-case letters, digits and _, got {name!r}")
    domain = _text(document, "domain", "synthetic")
    if domain not in ("synthetic", "real"):
        raise InputError(f"domain: expected 'synthetic' or 'real', got {domain!r}")
    version, scale = _whole(document, "version", 1, 1), _whole(document, "scale", 1, 1)
    base = _whole(document, "base", 512, 0) or None
    steps = Group(reader.steps("steps", document["steps"]))
    name = name if severity is None else f"{name}_{severity}"
    factors = tuple(reader.factors)
    draw = Composition(name, steps, base, scale, factors)
    text = json.dumps({"recipe": document, "severity": severity}, sort_keys=True, default=str)
    notes = {key: _text(document, key, "") for key in _NOTES}
    cells = math.prod(factors)
    return Recipe(name, version, domain, scale, base, draw=draw, ranges=str(steps), cells=cells, document=text, **notes)


def _text(document: Mapping[str, Any], key: str, default: str = "") -> str:
    value = document.get(key, default)
    if not isinstance(value, str):
        raise InputError(f"{key}: expected a text, got {value!r}")
    return value


def _whole(document: Mapping[str, Any], key: str, default: int, least: int) -> int:
    value = document.get(key, default)
    if not is_whole(value) or not least <= value <= 10**6:
        raise InputError(f"{key}: expected a whole number of at least {least}, got {value!r}")
    return value
