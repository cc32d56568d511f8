"""A recipe from a stranger is refused before it takes memory or time."""

import time

import pytest

from degrade.core.errors import InputError
from degrade.recipes.parse_recipe import read_recipe

HEAD = 'name = "mine"\n'
STEP = '[[steps]]\noperator = "GaussianBlur"\nsigma = {}\n'


def siblings(count: int, inside: str, repeat: int = 1) -> str:
    return HEAD + f"[[steps]]\nsteps = [{inside}]\nrepeat = {repeat}\n" * count


@pytest.mark.parametrize(
    "text, sentence",
    [
        (siblings(3000, '{operator = "Quantize"}'), "at most 1024 operators"),
        (siblings(17, '{operator = "Quantize"}', 64), "at most 1024 operators"),
        (HEAD + STEP.format("1") * 1025, "at most 1024 operators"),
        (HEAD + f"severities = {[f's{place}' for place in range(20_000)]}\n" + STEP.format("1"), "at most 100"),
        (HEAD + STEP.format(f"{{grid = {[1] * 10_001}}}"), "at most 10000 values"),
        (HEAD + STEP.format(f"{{choice = {[1] * 10_001}}}"), "at most 10000 values"),
        (HEAD + STEP.format("1") + "size = 1000000001\n", "size"),
        (HEAD + STEP.format("1e300"), "sigma"),
        (HEAD + STEP.format("nan"), "sigma"),
        (HEAD + STEP.format("true"), "sigma"),
        (HEAD + STEP.format("9" * 5000), "is not a TOML file"),
        (HEAD + "x = " + "[" * 100_000 + "]" * 100_000, "is not a TOML file"),
        ("# " + "x" * (1 << 20) + "\n" + HEAD + STEP.format("1"), "at most 1048576 bytes"),
    ],
)
def test_a_recipe_without_end_is_a_sentence(text, sentence, tmp_path):
    path, start = tmp_path / "mine.toml", time.process_time()
    path.write_text(text)
    with pytest.raises(InputError, match=sentence):
        read_recipe(path)
    assert time.process_time() - start < 5


def test_as_many_operators_as_may_be_are_read(tmp_path):
    (tmp_path / "mine.toml").write_text(siblings(16, '{operator = "Quantize"}', 64))
    assert read_recipe(tmp_path / "mine.toml").name == "mine"
