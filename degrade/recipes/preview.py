"""Previews of recipes: a table of what they draw, and contact sheets of their images."""

import json
import textwrap
from collections.abc import Iterable, Sequence

import numpy as np

from degrade.core.contact_sheet import contact_sheet, folded
from degrade.core.image import Image
from degrade.operators.record_words import SILENT, drawn_words
from degrade.recipes.degrade_image import degrade_image
from degrade.recipes.recipe import Recipe

_CELL = 256  # px: smaller images are enlarged, so that a label fits above them
_ROW = 4  # cells


def preview(image: Image, name: str, recipes: Sequence[Recipe], seeds: Iterable[int]) -> Image:
    """A contact sheet of `image` under each recipe and seed, labelled with what was drawn, in words.

    A single recipe fills rows of at most four after the clean image; several have a row each. The image of seed S is
    the one that a split of that seed holds under `name`, except for factorial grids, where the name decides the cell:
    there each seed shows another one.
    """
    seeds, clean = list(seeds), (image, f"{name}, {image.shape[1]} px")
    rows = [[_cell(image, name, recipe, seed) for seed in seeds] for recipe in recipes]
    lines = folded([clean, *rows[0]], _ROW) if len(recipes) == 1 else [[clean, *row] for row in rows]
    title = f"{', '.join(recipe.key for recipe in recipes)} on {name}, {image.shape[1]} px"
    return contact_sheet([[(_enlarged(shown), label) for shown, label in line] for line in lines], title)


def _cell(image: Image, name: str, recipe: Recipe, seed: int) -> tuple[Image, str]:
    drawn_for = name if recipe.cells == 1 else f"{name}_{seed}"
    degraded, records = degrade_image(image, recipe, seed, drawn_for)
    lines = [_line(record) for record in records if record["op"] not in SILENT]
    return degraded, "\n".join([f"{recipe.key}, seed {seed}", *lines])


def _line(record: dict[str, str]) -> str:
    """An operator with what was drawn for it, or computed from that."""
    return drawn_words(record["op"], json.loads(record["drawn"]) | json.loads(record["realised"]))


def _enlarged(image: Image) -> Image:
    times = max(1, _CELL // image.shape[0])
    return np.repeat(np.repeat(image, times, axis=0), times, axis=1)


def preset_table(recipes: Iterable[Recipe], width: int = 120) -> str:
    """What each recipe draws, its source and what it was compared with, wrapped to `width` letters."""
    recipes = list(recipes)
    column = max(len(recipe.key) for recipe in recipes) + 2
    wrapper = textwrap.TextWrapper(max(width, column + 40), subsequent_indent=" " * column)
    wrapper.break_on_hyphens = wrapper.break_long_words = False  # a path stays one
    parts = []
    for recipe in recipes:
        lengths = f"lengths at {recipe.base} px" if recipe.base else "lengths never scale"
        facts = [f"{recipe.domain}, scale {recipe.scale}, {lengths}"]
        facts[0] += f", grid of {recipe.cells} cells" if recipe.cells > 1 else ""
        notes = {"Source": recipe.source, "Compared": recipe.compared, "Not compared": recipe.not_compared}
        facts += [recipe.ranges, *(f"{word}: {text}" for word, text in notes.items() if text)]
        for number, text in enumerate(facts):
            wrapper.initial_indent = ("" if number else recipe.key).ljust(column)
            parts.append(wrapper.fill(text))
    return "\n".join(parts)
