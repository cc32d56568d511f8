"""Laws that hold for every recipe, and the table of the six tasks."""

from collections import Counter
from dataclasses import fields

import numpy as np
import pytest
from click.testing import CliRunner

from degrade.cli.main import degrade
from degrade.core.errors import InputError
from degrade.core.image import Image, check_image, from_uint8, to_uint8
from degrade.core.random import rng_for
from degrade.operators.blur.gaussian import GaussianBlur
from degrade.operators.blur.motion import MotionBlur
from degrade.operators.chain import apply, from_record, trace
from degrade.operators.digital.compression import Jpeg, Quantize
from degrade.operators.digital.resize import Resize
from degrade.operators.noise.additive import GaussianNoise, LaplaceNoise, PoissonNoise
from degrade.recipes.library import RECIPES, TASKS, find_recipe
from degrade.recipes.recipe import Recipe

DRAWS = 150
# What an operator's parameters may be at 512 px, by the table of the six tasks.
RANGES = {
    "sr4": {"Resize.factor": (4, 4)},
    "mosaic16": {"Mosaic.block": (16, 16)},
    "denoise": {"GaussianNoise.sigma": (20, 40), "LaplaceNoise.scale": (20, 40), "PoissonNoise.lam": (15, 30)},
    "deblur": {
        "MotionBlur.k": (11, 21),
        "MotionBlur.direction": (0, 1),
        "MotionBlur.angle": (0, 360),
        "GaussianBlur.sigma": (3, 8),
    },
    "jpeg": {"Jpeg.quality": (50, 85)},
}
FACTOR = {"Resize.factor": (4, 8)}
RANGES["dual_blind"] = RANGES["deblur"] | RANGES["denoise"] | RANGES["jpeg"] | FACTOR
RANGES["dual_blind_eqn2"] = RANGES["dual_blind"]
RANGES["dual_blind_hifacegan"] = RANGES["dual_blind"] | {"Jpeg.quality": (17, 51)}


@pytest.fixture(params=sorted(RECIPES))
def recipe(request: pytest.FixtureRequest) -> Recipe:
    return RECIPES[request.param]


def chains(recipe: Recipe, size: int = 512, count: int = DRAWS) -> list[tuple]:
    return [recipe(rng_for(seed, recipe.key, "face"), size, f"face_{seed}") for seed in range(count)]


def photo(size: int) -> Image:
    down, right = np.mgrid[0:size, 0:size] / size
    waves = [0.5 + 0.5 * np.sin(9 * down + channel) * np.cos(7 * right - channel) for channel in range(3)]
    return np.stack(waves, axis=2).astype(np.float32)


def test_the_six_tasks_come_first_and_every_key_is_its_name() -> None:
    assert tuple(RECIPES)[:6] == TASKS
    assert all(recipe.name == name and recipe.key == f"{name}@{recipe.version}" for name, recipe in RECIPES.items())


def test_every_recipe_says_where_it_comes_from(recipe: Recipe) -> None:
    assert recipe.source
    assert recipe.domain in ("synthetic", "real")
    assert recipe.base in (512, None)
    assert recipe.ranges and recipe.document == ""


def test_the_same_generator_gives_the_same_chain_and_another_name_another(recipe: Recipe) -> None:
    names = [*"aabcdefgh"]
    one, again, *others = (recipe(rng_for(0, recipe.key, name), 512, name) for name in names)
    assert one == again
    assert any(one != other for other in others) == (recipe.name not in ("sr4", "mosaic16"))


@pytest.mark.parametrize("size", [64, 128, 256])
def test_the_result_has_the_promised_side_and_8_bit_values(recipe: Recipe, size: int) -> None:
    for chain in chains(recipe, size, count=3):
        degraded = apply(chain, photo(size))
        check_image(degraded)
        assert degraded.shape == (size // recipe.scale, size // recipe.scale, 3)
        np.testing.assert_array_equal(degraded, from_uint8(to_uint8(degraded)))


def test_records_rebuild_the_chain(recipe: Recipe) -> None:
    (chain,) = chains(recipe, 128, count=1)
    degraded, records = trace(chain, photo(128))
    rebuilt = tuple(from_record(record) for record in records)
    assert rebuilt == chain
    assert apply(rebuilt, photo(128)).tobytes() == degraded.tobytes()


@pytest.mark.parametrize("name", sorted(RANGES))
def test_draws_stay_within_the_published_ranges_and_fill_them(name: str) -> None:
    drawn: dict[str, list[float]] = {key: [] for key in RANGES[name]}
    for chain in chains(RECIPES[name], count=600):
        for operator in chain:
            for key in drawn:
                kind, field = key.split(".")
                if type(operator).__name__ == kind and (value := getattr(operator, field)) != 0:
                    drawn[key].append(value)
    for key, (low, high) in RANGES[name].items():
        margin = 0.1 * (high - low)
        assert low <= min(drawn[key]) <= low + margin, key
        assert high - margin <= max(drawn[key]) <= high, key


def kinds(chain: tuple) -> tuple[str, ...]:
    return tuple(type(operator).__name__ for operator in chain)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sr4", {("Resize", "Quantize")}),
        ("mosaic16", {("Mosaic", "Quantize")}),
        ("denoise", {(kind, "Quantize") for kind in ("GaussianNoise", "LaplaceNoise", "PoissonNoise")}),
        ("deblur", {(kind, "Quantize") for kind in ("GaussianBlur", "MotionBlur")}),
        ("jpeg", {("Jpeg",)}),
    ],
)
def test_a_task_draws_its_alternatives_equally_often(name: str, expected: set) -> None:
    counts = Counter(kinds(chain) for chain in chains(RECIPES[name], count=600))
    assert set(counts) == expected
    assert min(counts.values()) > 0.8 * 600 / len(expected)


def stages(chain: tuple) -> list[str]:
    """One letter a stage: blur, noise, jpeg, down (its two resizes are one stage)."""
    letters = {GaussianBlur: "b", MotionBlur: "b", GaussianNoise: "n", LaplaceNoise: "n", PoissonNoise: "n", Jpeg: "j"}
    return [letters.get(type(operator), "d") for operator in chain if not isinstance(operator, Quantize)]


@pytest.mark.parametrize("name", ["dual_blind", "dual_blind_hifacegan"])
def test_the_mixture_has_four_stages_in_each_of_24_orders_rounded_after_each(name: str) -> None:
    orders = Counter()
    for chain in chains(RECIPES[name], count=600):
        assert kinds(chain).count("Quantize") == 4
        assert len(chain) == 9
        order = "".join(stages(chain))
        assert "dd" in order
        orders[order.replace("dd", "d")] += 1
    assert len(orders) == 24


def test_equation_2_keeps_its_order_and_works_on_the_small_image() -> None:
    for chain in chains(RECIPES["dual_blind_eqn2"], count=20):
        assert "".join(stages(chain)) == "bdnjd"
        assert (chain[2].filter, chain[8].height, chain[8].width) == ("cubic", 512, 512)


def test_the_mixture_reduces_as_the_authors_do_and_comes_back_to_full_size() -> None:
    for chain in chains(RECIPES["dual_blind"], 256, count=20):
        down, back = (operator for operator in chain if isinstance(operator, Resize))
        assert (down.library, down.filter, back.library, back.filter) == ("cv2", "cubic", "cv2", "cubic")
        assert (back.height, back.width) == (256, 256)


LENGTHS = {  # of the operators in the paper's tasks and in the stand-in for the real domain; whole numbers apart
    "GaussianBlur": ("sigma",),
    "DefocusBlur": ("radius",),
    "FilmGrain": ("size",),
    "Mosaic": ("block",),
    "Scratches": ("width",),
    "ShakeBlur": ("length",),
    "SharpenHalo": ("sigma",),
}
ROUNDED = {"GaussianBlur.size", "MotionBlur.k", "ShakeBlur.turn", "Resize.height", "Resize.width"}


@pytest.mark.parametrize("name", [*RANGES, "facerenov_simulated"])
def test_lengths_scale_with_the_size_and_nothing_else_does(name: str) -> None:
    for large, small in zip(chains(RECIPES[name], 512, 60), chains(RECIPES[name], 128, 60), strict=True):
        for one, other in zip(large, small, strict=True):
            kind = type(one).__name__
            for field in (field.name for field in fields(one)):
                times = 4 if field in LENGTHS.get(kind, ()) else 1
                if f"{kind}.{field}" not in ROUNDED:
                    expected = times * getattr(other, field) if times > 1 else getattr(other, field)
                    assert getattr(one, field) == (pytest.approx(expected, rel=1e-12) if times > 1 else expected)
            if isinstance(one, MotionBlur):
                assert 1 <= other.k <= one.k / 4 + 2


def test_the_gaussian_of_the_authors_is_cut_and_its_cut_scales() -> None:
    """From sigma 5 on (at 512 px) int(2.6 sigma) pixels, at 256 px half of that, then the next odd number."""
    for size in (512, 256):
        for chain in chains(RECIPES["deblur"], size):
            blur = chain[0]
            if isinstance(blur, GaussianBlur) and blur.sigma * 512 / size >= 5:
                assert blur.size % 2 == 1
                assert blur.size == pytest.approx(2.6 * blur.sigma + 0.5, abs=1.5)


@pytest.mark.parametrize(("name", "size"), [("sr4", 130), ("sr4", 0), ("mosaic16", 48), ("mosaic16", 32)])
def test_a_size_that_cannot_be_had_is_refused(name: str, size: int) -> None:
    with pytest.raises(InputError):
        RECIPES[name](rng_for(0), size)


@pytest.mark.parametrize("name", ["diffbir_1", "diffbir_2"])
def test_a_name_that_was_given_up_is_answered_with_what_took_its_place(name: str) -> None:
    told = rf"^the recipe '{name}' ha[ds] .*; ask for 'diffbir', or for faces 'diffbir_face'$"
    with pytest.raises(InputError, match=told):
        find_recipe(name)
    result = CliRunner().invoke(degrade, ["preview", "x.png", "--recipe", name.upper(), "--out", "y.png"])
    assert result.exit_code == 2 and "diffbir_face" in result.output and "Traceback" not in result.output


def test_an_unknown_recipe_is_answered_with_the_nearest() -> None:
    assert find_recipe("jpeg") is RECIPES["jpeg"]
    with pytest.raises(InputError, match="did you mean 'deblur'"):
        find_recipe("debluring")
