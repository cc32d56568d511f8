"""Mistakes in a recipe of the user's: one sentence with the nearest right name, whatever is written."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from degrade.cli.main import degrade
from degrade.core.errors import InputError
from degrade.core.random import rng_for
from degrade.operators.chain import OPERATORS
from degrade.recipes.library import find_recipe
from degrade.recipes.parse_recipe import compose
from tests.degrade.recipes.test_compose import BLUR, HEAD, written


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (BLUR.replace("sigma", "sgima"), "unknown key 'sgima'; did you mean 'sigma'"),
        (BLUR.replace("GaussianBlur", "GausianBlur"), "did you mean 'GaussianBlur'"),
        (BLUR.replace("uniform", "unifrom"), "did you mean 'uniform'"),
        ("vresion = 2\n" + BLUR, "did you mean 'version'"),
        (BLUR + "seed = 3", "unknown key 'seed'"),
        (BLUR.replace("[1, 3]", "[3, 1]"), "the lower first"),
        (BLUR.replace("[1, 3]", "[-1, 3]"), "sigma must lie in [1e-06, 256] pixels"),
        (BLUR.replace("sigma = {uniform = [1, 3]}", ""), "GaussianBlur needs sigma"),
        (BLUR.replace("mine", "Mine!"), "lower-case letters"),
        (BLUR.replace("mine", "gfpgan"), "choose another"),
        (BLUR + "chance = 2", "chance must lie in"),
        (BLUR + 'size = {imgaug_width = "angle"}', "imgaug_width needs a field before it"),
        (HEAD, "expected 'steps"),
        (HEAD + "steps = []", "expected a list of steps"),
        (HEAD + "[[steps]]\nshufle = []", "did you mean 'shuffle'"),
        (HEAD + '[[steps]]\noperator = "Jpeg"\nquality = 50\none_of = []', "expected one of"),
        (HEAD + "[[steps]]\nsteps = []\nrepeat = 1000", "at most 64"),
        ("name = ", "is not a TOML file"),
    ],
)
def test_a_mistake_is_reported_in_one_line_with_the_nearest_right_name(text: str, told: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(
        degrade, ["preview", "x.png", "--recipe", written(tmp_path, text), "--out", str(tmp_path / "a.png")]
    )
    with pytest.raises(InputError) as error:
        find_recipe(str(tmp_path / "mine.toml"))
    assert told in str(error.value) and "\n" not in str(error.value)
    assert result.exit_code == 2 and "Traceback" not in result.output


_NUMBERS = st.one_of(st.integers(-5, 600), st.floats(allow_nan=True), st.booleans(), st.text(max_size=3))


_LAWS = st.one_of(
    _NUMBERS,
    st.dictionaries(
        st.sampled_from(["uniform", "log_uniform", "one_over_uniform", "integer", "choice", "grid", "same", "weights"]),
        st.lists(_NUMBERS, max_size=3),
        max_size=2,
    ),
)


_FIELDS = sorted(
    {name for kind in OPERATORS.values() for name in kind.__dataclass_fields__} | {"side", "level", "chance"}
)


_OPERATIONS = st.builds(
    lambda name, fields: {"operator": name, **fields},
    st.sampled_from([*OPERATORS, "Nothing"]),
    st.dictionaries(st.sampled_from(_FIELDS), _LAWS, max_size=4),
)


_STEPS = st.recursive(
    _OPERATIONS,
    lambda step: st.builds(
        lambda kind, steps: {kind: steps}, st.sampled_from(["one_of", "shuffle", "steps"]), st.lists(step)
    ),
    max_leaves=4,
)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(
    st.fixed_dictionaries(
        {"name": st.just("mine"), "steps": st.lists(_STEPS, max_size=3)},
        optional={
            "base": _NUMBERS,
            "scale": _NUMBERS,
            "severities": st.lists(st.text(max_size=2)),
            "version": _NUMBERS,
        },
    )
)
def test_whatever_is_written_is_a_recipe_or_told_as_an_input_error(document: dict) -> None:
    try:
        for recipe in compose(document):
            recipe(rng_for(0), 64)
    except InputError as error:
        assert str(error)
