"""What the docstrings of operators promise: a source for each, and for each number the bounds that are checked."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

import pytest

from degrade.operators.chain import OPERATORS, Operator
from degrade.operators.lengths import OddLength, lengths_of
from degrade.operators.noise.additive import CorrelatedNoise
from tests.degrade.operators.test_every_operator import EXAMPLES

NUMBER = r"(-?\d+(?:[./]\d+)?|pi)"
RANGE = re.compile(rf"(above )?{NUMBER}(?: \([^)]*\))? to {NUMBER}")
# What a field may be depends on the others: three channels cannot correlate by any three numbers.
MADE = [*EXAMPLES, CorrelatedNoise(9.0, 9.0, 9.0, 0.0, 0.0, 0.0, seed=1)]
BELOW_WHITE = {("Fade", "black", 255.0), ("Fade", "white", 0.0)}  # no white is above the one, no black below the other


@dataclass(frozen=True)
class Bounds:
    """low, high: as documented; above: whether low itself is left out; step: to the next value that is beyond."""

    kind: str
    field: str
    low: float
    high: float
    above: bool
    step: float


def numeric(kind: type) -> list[str]:
    return [each.name for each in fields(kind) if each.name != "seed" and _plain(each.type) in (int, float)]


def _plain(annotation: object) -> object:
    return getattr(annotation, "__origin__", annotation)


def description(kind: type, field: str) -> str:
    parts = re.split(r"\n    (?=\S)", kind.__doc__ or "")
    return next(part for part in parts[1:] if field in part.partition(":")[0].split(", "))


def documented() -> Iterator[Bounds]:
    for name, kind in OPERATORS.items():
        types = {each.name: _plain(each.type) for each in fields(kind)}
        for field in numeric(kind):
            found = RANGE.search(description(kind, field))
            assert found, f"{name}: the description of {field} says no range, such as 0 to 255"
            low, high = (_value(text) for text in found.groups()[1:])
            odd = isinstance(lengths_of(kind).get(field), OddLength)
            step = 2 if odd else 1 if types[field] is int else 1e-6
            yield Bounds(name, field, low, high, bool(found[1]), step)


def _value(text: str) -> float:
    top, _, bottom = text.partition("/")
    return math.pi if text == "pi" else float(top) / float(bottom or 1)


def takes(bounds: Bounds, value: float) -> bool:
    """Whether one of the examples may have this value in the field; 0 in a Resize by `factor` is no side."""
    number = int(value) if bounds.step >= 1 else value
    others = (one for one in MADE if type(one).__name__ == bounds.kind and getattr(one, bounds.field) != value)
    return any(_made(example, bounds.field, number) for example in others)


def _made(example: Operator, field: str, value: float) -> bool:
    try:
        replace(example, **{field: value})
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("name", sorted(OPERATORS))
def test_every_operator_says_whose_law_it_is(name: str) -> None:
    assert re.search(r"^    Source: \S", OPERATORS[name].__doc__ or "", re.MULTILINE)


@pytest.mark.parametrize("bounds", list(documented()), ids=lambda bounds: f"{bounds.kind}.{bounds.field}")
def test_the_documented_bounds_are_those_that_are_checked(bounds: Bounds) -> None:
    lowest = bounds.low + bounds.step if bounds.above else bounds.low
    for value in (lowest, bounds.high):
        assert takes(bounds, value) != ((bounds.kind, bounds.field, value) in BELOW_WHITE)
    for beyond in (lowest - bounds.step, bounds.high + bounds.step):
        assert not takes(bounds, beyond), beyond
