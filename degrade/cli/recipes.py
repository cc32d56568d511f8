"""The commands that show what recipes are and are made of, and the option types they share."""

import re
import shutil
from collections.abc import Iterable

import click

from degrade.cli.console import FILE, OVERWRITE, PNG, Command, Name, check_free, echo, echo_text
from degrade.core.choices import LARGEST_SEED, SMALLEST_SIDE
from degrade.core.errors import InputError
from degrade.core.numbers import counted

_LAST_END = LARGEST_SEED + 1  # of a span


def _recipe_names() -> Iterable[str]:
    from degrade.recipes.library import RECIPES

    return RECIPES


class RecipeName(Name):
    """The name of a recipe, or FILE.toml, or FILE.toml:SEVERITY."""

    def __init__(self) -> None:
        super().__init__("recipe", _recipe_names)

    def convert(self, value: str, param: click.Parameter | None, context: click.Context | None) -> str:
        from degrade.recipes.library import find_recipe

        if ".toml" in value.lower():
            return value
        try:
            return find_recipe(value.lower()).name
        except InputError as error:
            self.fail(str(error), param, context)


class Span(click.ParamType):
    """FIRST:END as a range, END not included."""

    name = "first:end"

    def convert(self, value: str, param: click.Parameter | None, context: click.Context | None) -> range:
        found = re.fullmatch(r"(\d{1,19}):(\d{1,19})", value)
        if not found or not int(found[1]) < int(found[2]) <= _LAST_END:
            expected = f"FIRST:END with FIRST below END and END at most {_LAST_END}"
            self.fail(f"expected {expected}, such as 0:10000, got '{value}'", param, context)
        return range(int(found[1]), int(found[2]))


@click.command(cls=Command)
@click.argument("name", required=False, type=RecipeName())
def presets(name) -> None:
    """List the recipes: what each draws, and where it is from.

    With NAME only that one; FILE.toml is one too. Also what was compared with the original, and what was not. Lengths
    are pixels of an image of the base's side, noise levels 8-bit steps; "{a, b}" is one of them, "a..b log" is drawn
    log-uniformly, "1/(a..b)" is one over a number drawn uniformly. How to write one's own is in docs/recipes.md.

    \b
    Example: degrade presets gfpgan
    """
    from degrade.recipes.library import RECIPES, find_recipe
    from degrade.recipes.preview import preset_table

    echo_text(
        preset_table([find_recipe(name)] if name else RECIPES.values(), shutil.get_terminal_size((120, 24)).columns)
    )


def _operator_names() -> Iterable[str]:
    from degrade.operators.chain import OPERATORS

    return OPERATORS


@click.command(cls=Command)
@click.argument("name", required=False, type=Name("operator", _operator_names))
def operators(name) -> None:
    """List the operators that recipes are made of.

    With NAME: its fields, what each may be, which of them scale with the image's side, where it is from, and a step
    of a recipe that has it. How to write a recipe is in docs/recipes.md.

    \b
    Example: degrade operators GaussianBlur
    """
    from degrade.recipes.operator_pages import operator_page, operator_table

    echo_text(operator_page(name, shutil.get_terminal_size((120, 24)).columns) if name else operator_table())


@click.command(cls=Command)
@click.argument("image", type=FILE)
@click.option(
    "--recipe",
    "--task",
    "recipes",
    required=True,
    multiple=True,
    type=RecipeName(),
    help="A name of `degrade presets`, or FILE.toml; repeatable, a row each.",
)
@click.option("--seeds", default="0:8", show_default=True, type=Span(), help="One image per seed, END excluded.")
@click.option(
    "--size", default=256, show_default=True, type=click.IntRange(SMALLEST_SIDE, 2048), help="Side of the images, px."
)
@click.option("--out", required=True, type=PNG, help="The PNG to write.")
@OVERWRITE
def preview(image, recipes, seeds, size, out, overwrite) -> None:
    """Draw IMAGE as a recipe degrades it, once for each seed.

    The contact sheet says above each image what was drawn for it. Lengths are in pixels of the image as it is at that
    step, noise levels in 8-bit steps (0 to 255). The largest square in the middle of IMAGE is used.

    \b
    Example: degrade preview face.png --recipe gfpgan --out sheet.png
    """
    from degrade.core.image import write
    from degrade.core.storage.listing import normalised_name
    from degrade.recipes.library import find_recipe
    from degrade.recipes.preview import preview as make_sheet
    from degrade.splits.sources import Source

    check_free(overwrite, out, inputs=[image])
    count = (seeds.stop - seeds.start) * len(recipes)  # of seeds of any range, whose len() may be too large
    if count > 1000:
        raise InputError(f"preview: expected at most 1000 images, got {count}; ask for fewer seeds")
    source = Source(normalised_name(image.stem), image)
    reference = source.reference(source.encoded(size), size, "center", "white")
    write(out, make_sheet(reference, source.name, [find_recipe(recipe) for recipe in recipes], seeds))
    echo(f"{out}: {counted(count, 'image')}")
