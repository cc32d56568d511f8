"""Laws over the table of operators at the ends of every field: a number is refused by name, or it works in silence."""

import subprocess
import sys
import warnings
from dataclasses import fields, replace

import numpy as np
import pytest

from degrade.core.image import check_image
from degrade.operators.chain import Operator
from degrade.operators.digital.resize import FILTERS, Resize
from degrade.operators.lengths import WIDTH
from tests.degrade.operators.test_every_operator import EXAMPLES

TRIED = (0, 1e-9, 1e-6, 0.01, 0.3, 1, 3, 51, 256, WIDTH)
NO_NUMBERS = (True, "3", None, float("nan"))
BEYOND = (*NO_NUMBERS, -1000, 1_000_000, 1e-12, 10**9, -(10**9), 1e9, -1e9, float("inf"), -float("inf"))


def numbers(operator: Operator) -> list[str]:
    values = {each.name: getattr(operator, each.name) for each in fields(operator) if each.name != "seed"}
    return [name for name, value in values.items() if isinstance(value, int | float) and not isinstance(value, bool)]


CASES = [(operator, name) for operator in EXAMPLES for name in numbers(operator)]


def changed(operator: Operator, **values: float) -> Operator | None:
    """The operator with those values; None where it refuses them, by its name."""
    try:
        return replace(operator, **values)
    except ValueError as error:
        assert str(error).startswith(f"{type(operator).__name__}: "), error
        return None


def accepted(operator: Operator, name: str) -> list[Operator]:
    made = (changed(operator, **{name: value}) for value in TRIED)
    return [each for each in made if each is not None]


@pytest.mark.parametrize(("operator", "name"), CASES, ids=lambda case: case if isinstance(case, str) else repr(case))
def test_no_number_is_taken_without_a_bound_and_nothing_but_numbers(operator: Operator, name: str) -> None:
    taken = [value for value in BEYOND if changed(operator, **{name: value}) is not None]
    assert set(taken) <= {1e-12}  # a level of nearly nothing is a level


@pytest.mark.slow
@pytest.mark.parametrize(("operator", "name"), CASES, ids=lambda case: case if isinstance(case, str) else repr(case))
def test_every_number_that_is_taken_works_and_warns_of_nothing(operator: Operator, name: str) -> None:
    """Each alone, and with every other field at the smallest and at the largest that the operator takes."""
    image = np.random.default_rng(0).random((12, 9, 3)).astype(np.float32)
    made = accepted(operator, name)
    assert made
    ends = [
        {each: getattr(found[end], each) for each in numbers(operator) if (found := accepted(operator, each))}
        for end in (0, -1)
    ]
    corners = (
        changed(replace(operator, **{name: getattr(one, name)}), **{k: v for k, v in end.items() if k != name})
        for one in (made[0], made[-1])
        for end in ends
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for each in (*made, *filter(None, corners)):
            check_image(each(image))


_LARGE = """
import resource, sys
import numpy as np
from degrade.operators.digital.resize import Resize
image = np.zeros((2048, 2048, 3), np.float32)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
Resize({library!r}, {filter!r}, factor=1024)(image)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.parametrize(("library", "name"), [(library, name) for library in FILTERS for name in FILTERS[library]])
def test_the_largest_factor_takes_no_gigabyte(library: str, name: str) -> None:
    code = _LARGE.format(library=library, filter=name)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) * 1024 < 5e8


def test_a_factor_of_a_million_is_refused_in_one_sentence() -> None:
    for factor in (1e6, 1e-6):
        with pytest.raises(ValueError, match=r"^Resize: factor must lie in \[0\.015625, 1024\], got"):
            Resize("matlab", "bicubic", factor=factor)
