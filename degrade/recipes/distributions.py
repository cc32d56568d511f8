"""The distributions that a recipe's values are drawn from."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from degrade.operators.blur.gaussian import imgaug_width

INTERVALS = ("uniform", "log_uniform", "one_over_uniform", "root_uniform", "square_uniform", "rounded", "integer")
LISTS = ("choice", "grid")
# What a field may be made of another one that was drawn before it.
DERIVED: dict[str, Callable[[Any], Any]] = {"same": lambda drawn: drawn, "imgaug_width": imgaug_width}


@dataclass(frozen=True)
class Distribution:
    """How a value is drawn.

    kind: "fixed"; an interval "uniform", "log_uniform", "one_over_uniform" (1 / uniform), "root_uniform" (square root
        of uniform), "square_uniform", "rounded" (uniform, then to the nearest whole number) or "integer" (both ends
        included) with two values; "choice" with or without weights; "grid", a factor of the factorial grid; one of
        DERIVED, of the field that is named.
    place: which factor of the grid.
    """

    kind: str
    values: tuple[Any, ...]
    weights: tuple[float, ...] = ()
    place: int = 0

    def draw(self, rng: np.random.Generator, digits: Sequence[int], before: Mapping[str, Any]) -> Any:
        """A value; `before` holds those of the fields drawn before this one."""
        if self.kind == "fixed":
            return self.values[0]
        if self.kind in DERIVED:
            return DERIVED[self.kind](before[self.values[0]])
        if self.kind == "choice":
            return self.values[pick(rng, len(self.values), self.weights)]
        if self.kind == "grid":
            return self.values[digits[self.place]]
        low, high = self.values
        if self.kind == "integer":
            return int(rng.integers(low, high + 1))
        if self.kind == "log_uniform":
            return float(np.clip(math.exp(rng.uniform(math.log(low), math.log(high))), low, high))
        drawn = float(rng.uniform(low, high))
        return self._shaped(drawn)

    def _shaped(self, drawn: float) -> float | int:
        if self.kind == "one_over_uniform":
            return 1 / drawn
        if self.kind == "rounded":
            return round(drawn)
        power = {"root_uniform": 0.5, "square_uniform": 2}.get(self.kind, 1)
        return drawn if power == 1 else drawn**power

    def extremes(self) -> tuple[Any, ...]:
        """Values between which, or among which, every drawn one lies."""
        return tuple(map(self._shaped, self.values))

    def __str__(self) -> str:
        numbers = [f"{value:g}" if isinstance(value, float) else str(value) for value in self.values]
        if self.kind == "fixed":
            return numbers[0]
        if self.kind in LISTS:
            shares = [f" {100 * weight / sum(self.weights):g} %" for weight in self.weights] or [""] * len(numbers)
            return ("grid {" if self.kind == "grid" else "{") + ", ".join(map(str.__add__, numbers, shares)) + "}"
        interval = "..".join(numbers)
        forms = {
            "log_uniform": "{} log",
            "one_over_uniform": "1/({})",
            "root_uniform": "sqrt({})",
            "square_uniform": "({})^2",
            "rounded": "{} rounded",
            "same": "as {}",
            "imgaug_width": "cut where imgaug cuts it",
        }
        return forms.get(self.kind, "{}").format(interval)


def pick(rng: np.random.Generator, count: int, weights: Sequence[float] = ()) -> int:
    """A number below `count`, equally likely or by weight."""
    if not weights:
        return int(rng.integers(count))
    ends = np.cumsum(weights)
    return min(int(np.searchsorted(ends, rng.random() * ends[-1], side="right")), count - 1)
