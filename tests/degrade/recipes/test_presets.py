"""The presets of the field: their chances and severities, and that nothing in them moves unnoticed."""

import hashlib
import json
from collections import Counter
from dataclasses import fields

import numpy as np
import pytest
from click.testing import CliRunner

from degrade.cli.main import degrade
from degrade.core.image import Image
from degrade.core.random import rng_for
from degrade.operators.chain import apply
from degrade.operators.digital.resize import Resize
from degrade.portraits.paint import paint
from degrade.recipes.library import RECIPES
from degrade.recipes.recipe import grid_cell
from tests.degrade.recipes.golden import GOLDEN

LEVELS = {"imagenet_c": ("1", "2", "3", "4", "5"), "rain_haze": ("light", "medium", "heavy")}


def draws(name: str, count: int, size: int = 512) -> list[tuple]:
    recipe = RECIPES[name]
    return [recipe(rng_for(seed, recipe.key, "face"), size, f"{seed:05d}") for seed in range(count)]


def values(chains: list[tuple], kinds: tuple[str, ...], field: str) -> list[float]:
    found = (operator for chain in chains for operator in chain if type(operator).__name__ in kinds)
    return [getattr(operator, field) for operator in found]


def check_filled(drawn: list[float], low: float, high: float) -> None:
    margin = 0.05 * (high - low)
    assert low <= min(drawn) <= low + margin
    assert high - margin <= max(drawn) <= high


def fixed(operator: object) -> list:
    """Its name and fields; those at their default are left out, so that a field added later changes nothing."""
    values = {each.name: getattr(operator, each.name) for each in fields(operator)}
    return [
        type(operator).__name__,
        {each.name: values[each.name] for each in fields(operator) if values[each.name] != each.default},
    ]


def test_every_recipe_has_a_fixed_sequence_of_draws() -> None:
    found = {}
    for name in RECIPES:
        text = json.dumps([[fixed(operator) for operator in chain] for chain in draws(name, 20)])
        found[RECIPES[name].key] = hashlib.sha256(text.encode()).hexdigest()[:12]
    assert found == {recipe: drawn for recipe, (drawn, _) in GOLDEN.items()}


def test_gfpgan_shifts_the_colour_of_three_in_ten_jitters_as_many_and_greys_one_in_a_hundred() -> None:
    chains = draws("gfpgan", 2000)
    counts = Counter(type(operator).__name__ for chain in chains for operator in chain)
    assert 540 <= counts["ColourCast"] <= 660
    assert 4 * 540 <= counts["ColourJitter"] <= 4 * 660
    assert 8 <= counts["Fade"] <= 35
    for field, low, high in (
        ("brightness", 0.5, 1.5),
        ("contrast", 0.5, 1.5),
        ("saturation", 0, 1.5),
        ("hue", -0.1, 0.1),
    ):
        neutral = 0 if field == "hue" else 1
        drawn = [value for value in values(chains, ("ColourJitter",), field) if value != neutral]
        assert len(drawn) == counts["ColourJitter"] / 4
        check_filled(drawn, low, high)


def test_difface_has_each_of_its_4000_cells_once_over_4000_consecutive_images() -> None:
    cells = Counter(
        (chain[0].sigma_x, chain[0].angle, chain[1].factor, chain[2].sigma, chain[3].quality)
        for chain in draws("difface_test", 4000)
    )
    assert len(cells) == 4000 and set(cells.values()) == {1}
    assert {place: len(set(column)) for place, column in enumerate(zip(*cells, strict=True))} == {
        0: 4,
        1: 4,
        2: 10,
        3: 5,
        4: 5,
    }


@pytest.mark.parametrize("count", [6, 7, 100, 4001])
def test_a_cell_follows_from_the_name_alone_and_consecutive_names_fill_them_within_one(count: int) -> None:
    for cells in (1, 2, 6, 24, 100):
        filled = Counter(grid_cell(f"portrait_{number:05d}", cells) for number in range(70, 70 + count))
        numbers = [filled[cell] for cell in range(cells)]
        assert max(numbers) - min(numbers) <= 1
    assert grid_cell("a_0001", 10**6) != grid_cell("b_0001", 10**6)
    assert grid_cell("face_7", 24, epoch=1) == grid_cell("face_8", 24)


def test_the_first_images_of_a_grid_already_have_every_level_of_every_factor() -> None:
    chains = draws("difface_test", 60)
    assert len({chain[0].sigma_x for chain in chains}) == 4
    assert len({chain[1].factor for chain in chains}) == 10
    assert len({chain[3].quality for chain in chains}) == 5


def test_real_esrgan_degrades_twice_and_ends_at_a_quarter() -> None:
    chains = draws("realesrgan_x4", 600)
    for chain in chains:
        names = [type(operator).__name__ for operator in chain]
        assert names.count("Jpeg") == 2
        assert sum(name.endswith("Noise") for name in names) == 2
    kinds = Counter(type(chain[0]).__name__ for chain in chains)
    shares = {"GaussianBlur": 0.405, "AnisotropicBlur": 0.225, "GeneralisedBlur": 0.135, "PlateauBlur": 0.135}
    for kind, share in (shares | {"SincBlur": 0.1}).items():
        assert kinds[kind] / 600 == pytest.approx(share, abs=0.06)


def test_bsrgan_shuffles_but_reduces_before_it_brings_to_a_quarter() -> None:
    chains = draws("bsrgan", 600)
    for chain in chains:
        assert type(chain[-1]).__name__ == "Jpeg"
        sides = [operator.height for operator in chain if isinstance(operator, Resize)]
        assert sides[-1] == 128 and set(sides) <= {0, 128, 256}
    firsts = Counter(
        type(chain[0]).__name__ for chain in chains if not (isinstance(chain[0], Resize) and chain[0].height)
    )
    assert len(firsts) >= 5  # blur, noise, JPEG or a reduction may come first


def decibel(degraded: Image, reference: Image) -> float:
    return -10 * float(np.log10(np.mean((degraded.astype(np.float64) - reference) ** 2)))


@pytest.mark.parametrize("family", LEVELS)
def test_each_severity_is_worse_than_the_one_before_on_portraits(family: str) -> None:
    """The same generator draws the same corruption at every severity."""
    kinds, faces = set(), [paint(seed, 128) for seed in (3, 40)]
    for seed in range(48):
        scores = []
        for level in LEVELS[family]:
            chain = RECIPES[f"{family}_{level}"](rng_for(seed, family), 128)
            kinds.add(type(chain[0]).__name__)
            scores.append(np.mean([decibel(apply(chain, face), face) for face in faces]))
        assert scores == sorted(scores, reverse=True), (seed, chain)
        assert len(set(scores)) == len(scores)
    assert len(kinds) == (8 if family == "imagenet_c" else 1)


def test_lengths_never_scale_where_the_field_does_not_scale_them() -> None:
    for name in ("realesrgan_x4", "bsrgan", "imagenet_c_3"):
        assert RECIPES[name].base is None
        for large, small in zip(draws(name, 20, 512), draws(name, 20, 256), strict=True):
            for one, other in zip(large, small, strict=True):
                assert isinstance(one, Resize) or one == other


def test_presets_lists_every_recipe_with_its_ranges_and_its_source() -> None:
    result = CliRunner().invoke(degrade, ["presets"])
    assert result.exit_code == 0, result.output
    text = " ".join(result.output.split())
    for recipe in RECIPES.values():
        assert recipe.key in text
        assert all(" ".join(note.split()) in text for note in (recipe.source, recipe.compared, recipe.not_compared))
        assert " ".join(recipe.ranges.split()) in text
    assert "compresses BGR as if it were RGB" in text
    one = CliRunner().invoke(degrade, ["presets", "GFPGAN"]).output
    assert one.startswith("gfpgan@") and RECIPES["gfpgan"].source[:20] in one and "codeformer" not in one.lower()
