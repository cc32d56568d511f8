"""The distributions that a recipe's values are drawn from."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from degrade.core.numbers import is_whole
from degrade.operators.blur.gaussian import imgaug_width

LISTS = ("choice", "grid")


@dataclass(frozen=True)
class Interval:
    """A law between two numbers.

    text: how the law is written, around "low..high". shape: what a number that is uniform between the two becomes.
    draw: in the place of uniform and shape, from generator, low and high. takes: whether a number may be an end;
    needs: that in words. number: what the ends of a file become.
    """

    text: str = "{}"
    shape: Callable[[float], float] = lambda drawn: drawn
    draw: Callable[[np.random.Generator, Any, Any], float] | None = None
    takes: Callable[[float], bool] = lambda end: True
    needs: str = "numbers"
    number: type = float

    def sample(self, rng: np.random.Generator, low: Any, high: Any) -> float:
        """A number drawn between the two."""
        return self.draw(rng, low, high) if self.draw else self.shape(float(rng.uniform(low, high)))


@dataclass(frozen=True)
class Derived:
    """A law by which a field is made of another one that was drawn before it. text: around that one's name."""

    text: str
    make: Callable[[Any], Any]


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.clip(math.exp(rng.uniform(math.log(low), math.log(high))), low, high))


def _integer(rng: np.random.Generator, low: int, high: int) -> int:
    return int(rng.integers(low, high + 1))


_ABOVE_0: dict[str, Any] = {"takes": lambda end: end > 0, "needs": "numbers above 0"}
_FROM_0: dict[str, Any] = {"takes": lambda end: end >= 0, "needs": "numbers of at least 0"}
INTERVALS = {
    "uniform": Interval(),
    "log_uniform": Interval("{} log", draw=_log_uniform, **_ABOVE_0),
    "one_over_uniform": Interval("1/({})", lambda drawn: 1 / drawn, **_ABOVE_0),
    "root_uniform": Interval("sqrt({})", lambda drawn: drawn**0.5, **_FROM_0),
    "square_uniform": Interval("({})^2", lambda drawn: drawn**2, **_FROM_0),
    "rounded": Interval("{} rounded", round),
    "integer": Interval(draw=_integer, takes=is_whole, needs="two whole numbers", number=int),
}
DERIVED = {
    "same": Derived("as {}", lambda drawn: drawn),
    "imgaug_width": Derived("cut where imgaug cuts it", imgaug_width),
}


@dataclass(frozen=True)
class Distribution:
    """How a value is drawn.

    kind: "fixed", one of INTERVALS with its two ends, "choice" with or without weights, "grid", a factor of the
        factorial grid, or one of DERIVED, of the field that is named.
    place: which factor of the grid.
    """

    kind: str
    values: tuple[Any, ...]
    weights: tuple[float, ...] = ()
    place: int = 0

    def draw(self, rng: np.random.Generator, digits: Sequence[int], before: Mapping[str, Any]) -> Any:
        """A value; `digits` say where in the grid, `before` holds the values of the fields drawn before this one."""
        if interval := INTERVALS.get(self.kind):
            return interval.sample(rng, *self.values)
        if self.kind in DERIVED:
            return DERIVED[self.kind].make(before[self.values[0]])
        if self.kind == "choice":
            return self.values[pick(rng, len(self.values), self.weights)]
        return self.values[digits[self.place] if self.kind == "grid" else 0]

    def extremes(self) -> tuple[Any, ...]:
        """Values between which, or among which, every drawn one lies."""
        interval = INTERVALS.get(self.kind)
        return tuple(map(interval.shape, self.values)) if interval else self.values

    def __str__(self) -> str:
        numbers = [f"{value:g}" if isinstance(value, float) else str(value) for value in self.values]
        if self.kind == "fixed":
            return numbers[0]
        if self.kind in LISTS:
            shares = [f" {100 * weight / sum(self.weights):g} %" for weight in self.weights] or [""] * len(numbers)
            return ("grid {" if self.kind == "grid" else "{") + ", ".join(map(str.__add__, numbers, shares)) + "}"
        law: Interval | Derived = INTERVALS.get(self.kind) or DERIVED[self.kind]
        return law.text.format("..".join(numbers))


def pick(rng: np.random.Generator, count: int, weights: Sequence[float] = ()) -> int:
    """A number below `count`, equally likely or by weight."""
    if not weights:
        return int(rng.integers(count))
    ends = np.cumsum(weights)
    return min(int(np.searchsorted(ends, rng.random() * ends[-1], side="right")), count - 1)
