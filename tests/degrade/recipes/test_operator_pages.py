"""Laws of `degrade operators`: it shows every operator, and what it says of a field is so."""

import math
import re
import tomllib
from dataclasses import MISSING, fields, replace
from fractions import Fraction

import numpy as np
import pytest
from click.testing import CliRunner

from degrade.cli.main import degrade
from degrade.operators.chain import OPERATORS
from degrade.operators.lengths import lengths_of
from degrade.recipes.operator_pages import example_step
from degrade.recipes.parse_steps import Reader
from degrade.recipes.steps import EXTRA, DrawContext
from tests.degrade.operators.test_every_operator import EXAMPLES

RANGE = re.compile(r"(above )?(-?[\d./]+|pi)(?: \(\w+\))? to (-?[\d.]+\d|\d|pi)")


def page(*name: str) -> str:
    result = CliRunner(env={"COLUMNS": "120"}).invoke(degrade, ["operators", *name])
    assert result.exit_code == 0, result.output
    return result.stdout


def described(name: str) -> dict[str, str]:
    """What the page says of each field, on one line."""
    parts = re.findall(r"(?m)^  (\w+(?:, \w+)*(?:, of steps alone)?): (.*(?:\n      .*)*)", page(name))
    return {
        field: " ".join(text.split())
        for names, text in parts
        for field in names.removesuffix(", of steps alone").split(", ")
    }


def test_each_operator_has_a_line() -> None:
    lines = page().splitlines()
    assert sorted(line.split()[0] for line in lines if line.startswith("  ")) == sorted(OPERATORS)
    assert all(len(line.split()) > 1 for line in lines if line.startswith("  "))


@pytest.mark.parametrize("name", OPERATORS)
def test_the_page_has_every_field_with_its_default_and_how_it_grows(name: str) -> None:
    said, lengths = described(name), lengths_of(OPERATORS[name])
    assert said.keys() == {field.name for field in fields(OPERATORS[name])} | EXTRA.get(name, {}).keys()
    for field in fields(OPERATORS[name]):
        if field.name == "seed":
            continue
        needed = field.default is MISSING
        assert ("needed" in said[field.name]) == needed and ("when left out" in said[field.name]) != needed
        assert ("image's side" in said[field.name]) == (field.name in lengths)
    assert page(name).count("Source: ") == (OPERATORS[name].__doc__ or "").count("    Source: ")


@pytest.mark.parametrize("name", OPERATORS)
def test_the_step_is_one_of_a_recipe_file(name: str) -> None:
    shown = page(name)
    if example_step(name) is None:
        assert "None of `degrade presets` has it yet" in shown
        return
    table = tomllib.loads(shown[shown.index("[[steps]]") :])
    (operator,) = Reader(0, 0).steps("steps", table["steps"])[0].draw(DrawContext(np.random.default_rng(0), 512, 1, ()))
    assert type(operator).__name__ == name


def numbers() -> list[tuple[str, str]]:
    return [
        (name, field.name)
        for name, kind in OPERATORS.items()
        for field in fields(kind)
        if field.name != "seed" and getattr(field.type, "__origin__", field.type) in (int, float)
    ]


@pytest.mark.parametrize(("name", "field"), numbers())
def test_a_number_may_be_what_the_page_says_and_nothing_beyond(name: str, field: str) -> None:
    found = RANGE.search(described(name)[field])
    assert found, described(name)[field]
    low, high = (math.pi if word == "pi" else float(Fraction(word)) for word in found.groups()[1:])
    example = max((one for one in EXAMPLES if type(one).__name__ == name), key=lambda one: abs(getattr(one, field)))
    whole = isinstance(getattr(example, field), int)
    low, high = (int(end) if whole else end for end in (low, high))
    _accepted(example, field, high)
    if not found[1]:
        _accepted(example, field, low)
    for beyond in (high + 2 if whole else high * 1.001, low if found[1] else low - 2 if whole else low - 0.001):
        with pytest.raises(ValueError, match="must|expected"):
            replace(example, **{field: beyond})


def _accepted(example: object, field: str, value: float) -> None:
    """On its own: what the fields must be together is said beside them."""
    try:
        replace(example, **{field: value})
    except ValueError as error:
        assert not re.search(rf"{field} must", str(error)), error
