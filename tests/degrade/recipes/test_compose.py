"""Recipes that a user composes in TOML: what each law draws, what is refused and how, and that a split keeps them."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from degrade.cli.main import degrade
from degrade.core.errors import InputError
from degrade.core.image import write
from degrade.core.random import rng_for
from degrade.operators.chain import apply
from degrade.portraits.paint import paint
from degrade.recipes.library import RECIPES, find_recipe, recorded_recipe
from degrade.recipes.parse_recipe import compose, rebuild
from degrade.recipes.recipe import Recipe
from degrade.splits.make_split import SplitPlan, write_split
from degrade.splits.roles import portrait_sources
from degrade.splits.split import load_split

HEAD = 'name = "mine"\n'
BLUR = HEAD + '[[steps]]\noperator = "GaussianBlur"\nsigma = {uniform = [1, 3]}\n'


def written(folder: Path, text: str, name: str = "mine.toml") -> str:
    (folder / name).write_text(text)
    return str(folder / name)


def one(step: dict, **head: object) -> Recipe:
    (recipe,) = compose({"name": "mine", "steps": [step], **head})
    return recipe


def drawn(recipe: Recipe, count: int = 400, size: int = 512) -> list[tuple]:
    return [recipe(rng_for(seed, recipe.key), size, f"{seed:05d}") for seed in range(count)]


def sigmas(law: object, count: int = 400) -> list[float]:
    return [chain[0].sigma for chain in drawn(one({"operator": "GaussianNoise", "sigma": law}), count)]


@pytest.mark.parametrize(
    ("law", "low", "high", "median"),
    [
        ({"uniform": [2, 10]}, 2, 10, 6),
        ({"log_uniform": [1, 100]}, 1, 100, 10),
        ({"one_over_uniform": [0.1, 0.5]}, 2, 10, 1 / 0.3),
        ({"root_uniform": [4, 100]}, 2, 10, math.sqrt(52)),
        ({"square_uniform": [2, 10]}, 4, 100, 36),
        ({"integer": [3, 9]}, 3, 9, 6),
        ({"choice": [1, 2, 30]}, 1, 30, 2),
    ],
)
def test_a_law_fills_its_interval_and_has_its_median(law: dict, low: float, high: float, median: float) -> None:
    values = sigmas(law, 1000)
    margin = 0.05 * (high - low)
    assert low <= min(values) <= low + margin and high - margin <= max(values) <= high
    assert np.median(values) == pytest.approx(median, rel=0.12)


def test_a_fixed_value_stays_and_weights_are_obeyed() -> None:
    assert set(sigmas(4.5, 20)) == {4.5}
    values = sigmas({"choice": [1, 2, 3], "weights": [6, 0, 2]}, 1000)
    assert 2 not in values
    assert values.count(1) / 1000 == pytest.approx(0.75, abs=0.05)


def test_steps_are_chosen_shuffled_repeated_and_left_out() -> None:
    noise, jpeg = {"operator": "GaussianNoise", "sigma": 5}, {"operator": "Jpeg", "quality": 50}
    blur = {"operator": "GaussianBlur", "sigma": 1}
    kinds = lambda step: [tuple(type(each).__name__[0] for each in chain) for chain in drawn(one(step))]  # noqa: E731
    assert {*kinds({"one_of": [noise, jpeg]})} == {("G", "Q"), ("J",)}
    assert len({*kinds({"shuffle": [noise, jpeg, {"operator": "Quantize"}]})}) == 6
    counts = [len(chain) for chain in kinds({"steps": [jpeg], "repeat": {"integer": [1, 3]}})]
    assert {*counts} == {1, 2, 3}
    assert 100 < kinds({**jpeg, "chance": 0.3}).count(("J",)) < 140
    for chain in drawn(one({"shuffle": [blur, noise, jpeg], "in_order": [1, 3]}), 50):
        names = [type(each).__name__ for each in chain]
        assert names.index("GaussianBlur") < names.index("Jpeg")


def test_same_takes_the_value_of_the_field_before() -> None:
    step = {"operator": "AnisotropicBlur", "sigma_x": {"uniform": [1, 3]}, "sigma_y": {"same": "sigma_x"}, "angle": 0}
    assert all(chain[0].sigma_x == chain[0].sigma_y for chain in drawn(one(step), 20))


def test_lengths_scale_with_the_base_and_not_at_all_with_base_0() -> None:
    step = {"operator": "GaussianBlur", "sigma": 4, "size": 41}
    blurs = [one(step, base=base)(rng_for(0), 128)[0] for base in (512, 256, 0)]
    assert [(blur.sigma, blur.size) for blur in blurs] == [(1.0, 11), (2.0, 21), (4.0, 41)]
    assert [
        one({"operator": "MotionBlur", "k": k, "direction": 0, "angle": 0})(rng_for(0), 256)[0].k
        for k in (2, 10, 11, 20, 21)
    ] == [3, 5, 7, 11, 11]
    for size, block in ((512, 16), (256, 8), (64, 2)):
        assert one({"operator": "Mosaic", "block": 16})(rng_for(0), size)[0].block == block
    for size in (32, 48, 300):
        with pytest.raises(InputError, match="whole number|an integer in 2"):
            one({"operator": "Mosaic", "block": 16})(rng_for(0), size)


def test_a_path_at_half_the_size_has_the_same_form() -> None:
    """Its mean square turn, turn^2 * length, stays; and a sinc keeps its share of the frequencies."""
    step = {"operator": "ShakeBlur", "length": 20, "turn": 10}
    whole, half = (one(step)(rng_for(0), size)[0] for size in (512, 256))
    assert half.length == whole.length / 2
    assert half.turn**2 * half.length == pytest.approx(whole.turn**2 * whole.length)
    assert one({"operator": "SincBlur", "cutoff": 1.5, "size": 21})(rng_for(0), 256)[0].cutoff == 3


def test_a_gaussian_is_cut_where_imgaug_cuts_it_and_the_cut_scales() -> None:
    for sigma, size, half in ((3, 9, 5), (4.9, 15, 7), (5, 13, 7), (7.9, 21, 11)):
        step = {"operator": "GaussianBlur", "sigma": sigma, "size": {"imgaug_width": "sigma"}}
        assert [one(step)(rng_for(0), side)[0].size for side in (512, 256)] == [size, half]


def test_the_order_of_a_shuffle_changes_nothing_that_is_drawn() -> None:
    jpeg, blur = {"operator": "Jpeg", "quality": {"integer": [1, 99]}}, {"operator": "GaussianBlur", "sigma": 1}
    noise = {"operator": "GaussianNoise", "sigma": {"uniform": [1, 9]}}
    for seed in range(9):
        chains = [one({kind: [blur, noise, jpeg]})(rng_for(seed), 64) for kind in ("shuffle", "steps")]
        drawn = [{type(each).__name__: each for each in chain} for chain in chains]
        assert all(drawn[0][kind] == drawn[1][kind] for kind in ("GaussianBlur", "GaussianNoise", "Jpeg"))


def test_the_result_is_made_of_8_bit_values_and_of_the_promised_side() -> None:
    small = one({"operator": "Resize", "library": "cv2", "filter": "area", "side": 0.25}, scale=4)
    levels = apply(small(rng_for(0), 64), paint(1, 64)) * 255
    assert levels.shape == (16, 16, 3)
    np.testing.assert_allclose(levels, np.rint(levels), atol=1e-4)
    with pytest.raises(InputError, match="ends at 16 x 16 px, expected 64 x 64 px"):
        replace(small, scale=1, draw=replace(small.draw, scale=1))(rng_for(0), 64)


@pytest.mark.parametrize("last", [{"height": 64, "width": 100}, {"height": 100, "width": 64}, {"factor": 1.02}])
def test_a_last_step_that_gives_no_square_or_another_side_is_refused(last: dict) -> None:
    with pytest.raises(InputError, match=r"ends at \d+ x \d+ px, expected 64 x 64 px; end with a Resize of side = 1"):
        one({"operator": "Resize", "library": "pil", "filter": "box", **last})(rng_for(0), 64)


def test_a_side_on_the_way_may_be_no_square_but_not_wider_than_four_references() -> None:
    resize = {"operator": "Resize", "library": "pil", "filter": "box"}
    there = one({"steps": [{**resize, "height": 20, "width": 90}, {**resize, "side": 1}]})
    assert apply(there(rng_for(0), 64), paint(1, 64)).shape == (64, 64, 3)
    with pytest.raises(InputError, match="enlarges 64 px to 300"):
        one({"steps": [{**resize, "height": 20, "width": 300}, {**resize, "side": 1}]})(rng_for(0), 64)


def test_a_side_is_rounded_as_the_resize_says() -> None:
    resize = {"operator": "Resize", "library": "pil", "filter": "box", "side": 0.6}
    for rounding, side in (("nearest", 34), ("down", 33)):
        chain = one({"steps": [{**resize, "rounding": rounding}, {**resize, "side": 1}]})(rng_for(0), 56)
        assert (chain[0].height, chain[0].width) == (side, side)
    with pytest.raises(InputError, match="rounding must be one of .*, got 'donw'"):
        one({"steps": [{**resize, "rounding": "donw"}, {**resize, "side": 1}]})(rng_for(0), 56)


@pytest.mark.slow
def test_a_grid_fills_its_cells_equally_over_a_split_and_other_images_change_nothing(tmp_path: Path) -> None:
    text = HEAD + '[[steps]]\noperator = "Jpeg"\nquality = {grid = [20, 50, 80]}\nchroma = {grid = ["420", "444"]}\n'
    plan = SplitPlan(find_recipe(written(tmp_path, text)), "test", 32)
    faces = portrait_sources("test", 12)
    write_split(tmp_path / "all", faces, plan, progress=False)
    cells = [record["operators"][0]["drawn"] for record in load_split(tmp_path / "all").records]
    assert sorted(cells.count(cell) for cell in set(cells)) == [2] * 6
    write_split(tmp_path / "some", faces[5:9], plan, progress=False)
    some = load_split(tmp_path / "some").records
    assert [record["lq_sha256"] for record in some] == [
        record["lq_sha256"] for record in load_split(tmp_path / "all").records[5:9]
    ]


def test_another_file_is_another_recipe_but_comments_and_order_are_not(tmp_path: Path) -> None:
    mine = find_recipe(written(tmp_path, BLUR))
    same = find_recipe(written(tmp_path, "# why\nversion = 1\n" + BLUR.replace("[1, 3]", "[1,3]"), "same.toml"))
    other = find_recipe(written(tmp_path, BLUR.replace("[1, 3]", "[1, 4]"), "other.toml"))
    assert mine.key.startswith("mine@1:") and mine.key != other.key
    assert mine.draw == same.draw
    assert find_recipe(written(tmp_path, "# why\n" + BLUR, "comment.toml")).key == mine.key


def test_a_split_keeps_the_whole_recipe_so_that_training_can_draw_it_anew(tmp_path: Path) -> None:
    name = written(tmp_path, 'severities = ["weak", "strong"]\n' + BLUR.replace("[1, 3]", "[1, 3]"))
    recipe = find_recipe(f"{name}:strong")
    write_split(tmp_path / "out", portrait_sources("test", 1), SplitPlan(recipe, "test", 32), progress=False)
    Path(name).unlink()
    assert recorded_recipe(load_split(tmp_path / "out").info) == recipe
    assert rebuild(recipe.document) == recipe
    assert recorded_recipe({"recipe": "jpeg", "recipe_version": 1}) is RECIPES["jpeg"]
    with pytest.raises(InputError, match="jpeg@2"):
        recorded_recipe({"recipe": "jpeg", "recipe_version": 2})


def test_the_command_takes_a_file_where_it_takes_a_task(tmp_path: Path) -> None:
    (tmp_path / "faces").mkdir()
    write(tmp_path / "faces" / "a.png", paint(2, 64))
    words = ["run", str(tmp_path / "faces"), str(tmp_path / "out"), "--size", "64", "--workers", "1", "--recipe"]
    result = CliRunner().invoke(degrade, [*words, written(tmp_path, BLUR)])
    assert result.exit_code == 0, result.output
    assert load_split(tmp_path / "out").info["recipe"] == "mine"
    other = CliRunner().invoke(degrade, [*words, written(tmp_path, BLUR.replace("3]", "4]"))])
    assert other.exit_code == 2 and "holds another split (another text of the recipe mine)" in other.output
    preset = CliRunner().invoke(degrade, [*words, "jpeg"])
    assert preset.exit_code == 2 and "(recipe mine, not jpeg" in preset.output
    assert load_split(tmp_path / "out").info["recipe_document"] not in other.output + preset.output
    again = CliRunner().invoke(degrade, [*words[:2], str(tmp_path / "jpeg"), *words[3:], "jpeg"])
    assert again.exit_code == 0
    mine = [*words[:2], str(tmp_path / "jpeg"), *words[3:], written(tmp_path, BLUR)]
    shown = CliRunner().invoke(degrade, mine).output
    assert "(recipe jpeg, not mine" in shown and len(shown) < 300, shown


def test_severities_are_asked_for_behind_the_name_of_the_file(tmp_path: Path) -> None:
    text = (
        HEAD
        + 'severities = ["weak", "strong"]\n[[steps]]\noperator = "Jpeg"\n'
        + "quality = {severity = [90, {integer = [5, 9]}]}"
    )
    name = written(tmp_path, text)
    weak, strong = find_recipe(f"{name}:weak"), find_recipe(f"{name}:strong")
    assert (weak.name, strong.name) == ("mine_weak", "mine_strong")
    assert {chain[0].quality for chain in drawn(weak, 5)} == {90}
    assert {chain[0].quality for chain in drawn(strong, 99)} == {5, 6, 7, 8, 9}
    for asked, told in (("", "has severities"), (":storng", "did you mean 'strong'")):
        with pytest.raises(InputError, match=told):
            find_recipe(name + asked)
