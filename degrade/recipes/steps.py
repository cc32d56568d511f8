"""A recipe as plain data: steps that hold operators."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from degrade.core.errors import InputError
from degrade.core.random import draw_seed
from degrade.operators.chain import OPERATORS, Operator
from degrade.operators.digital.compression import Quantize
from degrade.operators.digital.resize import ROUNDINGS, Resize, check_rounding
from degrade.operators.lengths import lengths_of
from degrade.operators.noise.additive import draw_correlated_noise
from degrade.recipes.distributions import Distribution, pick

# Fields that steps have beside the operator's own, each in the place of some of these, and what they mean.
EXTRA = {
    "Resize": {
        "side": "both sides of the result, as a share of the reference's; in the place of factor, height, width."
    },
    "CorrelatedNoise": {
        "level": "in 8-bit steps, above 0 to 255: any covariance of at most that level; in the place of all others."
    },
}
_LARGEST = 4  # no image on the way may be more than this many times as wide as the reference


@dataclass(frozen=True)
class DrawContext:
    """What the steps draw with: the generator, the image's side in px, size / base, and the digits of the cell."""

    rng: np.random.Generator
    size: int
    ratio: float
    digits: tuple[int, ...]


@dataclass(frozen=True)
class Operation:
    """Draws one operator, each field by its law: the sampler of the field. A field `seed` is always drawn.

    A Resize may have `side`, a share of the reference's side, in the place of its sizes, rounded as its `rounding`
    says; a CorrelatedNoise may have `level`, which any covariance is drawn for (see draw_correlated_noise), in the
    place of all its fields.
    """

    name: str
    distributions: tuple[tuple[str, Distribution], ...]

    def draw(self, context: DrawContext) -> tuple[Operator, ...]:
        values: dict[str, Any] = {}
        for name, distribution in self.distributions:
            values[name] = distribution.draw(context.rng, context.digits, values)
        return (self.build(values, context),)

    def build(self, values: dict[str, Any], context: DrawContext) -> Operator:
        if "level" in values:
            return _correlated(context.rng, values["level"])
        try:
            return OPERATORS[self.name](**self._arguments(dict(values), context))
        except (TypeError, ValueError) as error:
            raise InputError(str(error)) from error

    def _arguments(self, values: dict[str, Any], context: DrawContext) -> dict[str, Any]:
        """What the operator is made of: a side in pixels, lengths at the image's size, a seed."""
        if "side" in values:
            check_rounding(rounding := values.pop("rounding", "nearest"))
            values["height"] = values["width"] = max(1, ROUNDINGS[rounding](values.pop("side") * context.size))
        kind = OPERATORS[self.name]
        for field, length in lengths_of(kind).items():
            if field in values:
                values[field] = length.scaled(f"{self.name} {field}", values[field], context.size, context.ratio)
        if any(field.name == "seed" for field in fields(kind)):
            values["seed"] = draw_seed(context.rng)
        return values

    def __str__(self) -> str:
        speaks = {
            name: isinstance(distribution.values[0], str) and distribution.kind != "same"
            for name, distribution in self.distributions
        }
        texts = [
            str(distribution) if speaks[name] else f"{name} {distribution}" for name, distribution in self.distributions
        ]
        return self.name + (f"({', '.join(texts)})" if texts else "")


@dataclass(frozen=True)
class Group:
    """Steps in order, or in a new order each time, in which those numbered in `in_order` (from 0) keep theirs.

    What a step draws does not depend on the order: the steps are drawn as they are written, then the order.
    """

    steps: tuple["Step", ...]
    shuffled: bool = False
    in_order: tuple[int, ...] = ()

    def draw(self, context: DrawContext) -> tuple[Operator, ...]:
        parts = [step.draw(context) for step in self.steps]
        if self.shuffled:
            kept = iter(self.in_order)
            places = context.rng.permutation(len(parts))
            parts = [parts[next(kept) if place in self.in_order else place] for place in places]
        return tuple(operator for part in parts for operator in part)

    def __str__(self) -> str:
        if self.shuffled:
            kept = f" but {' before '.join(str(number + 1) for number in self.in_order)}" if self.in_order else ""
            return f"shuffle{kept} [" + " | ".join(map(str, self.steps)) + "]"
        return " + ".join(map(str, self.steps)) or "nothing"


@dataclass(frozen=True)
class OneOf:
    """One of the options, equally likely or by weight."""

    options: tuple["Step", ...]
    weights: tuple[float, ...] = ()

    def draw(self, context: DrawContext) -> tuple[Operator, ...]:
        return self.options[pick(context.rng, len(self.options), self.weights)].draw(context)

    def __str__(self) -> str:
        shares = [f"{100 * weight / sum(self.weights):g} % " for weight in self.weights] or [""] * len(self.options)
        options = (share + str(option) for share, option in zip(shares, self.options, strict=True))
        return "one of [" + " | ".join(options) + "]"


@dataclass(frozen=True)
class Repeat:
    """The step several times, each time drawn anew."""

    count: Distribution
    step: "Step"

    def draw(self, context: DrawContext) -> tuple[Operator, ...]:
        count = self.count.draw(context.rng, context.digits, {})
        return tuple(operator for _ in range(count) for operator in self.step.draw(context))

    def __str__(self) -> str:
        return f"{self.count} times [{self.step}]"


@dataclass(frozen=True)
class Maybe:
    """The step with that chance, else nothing."""

    chance: float
    step: "Step"

    def draw(self, context: DrawContext) -> tuple[Operator, ...]:
        return self.step.draw(context) if context.rng.random() < self.chance else ()

    def __str__(self) -> str:
        return f"{100 * self.chance:g} %: {self.step}"


Step = Operation | Group | OneOf | Repeat | Maybe


@dataclass(frozen=True)
class Composition:
    """The `draw` of a composed recipe. The chain ends in 8-bit values: a Quantize is added where it would not."""

    name: str
    steps: Group
    base: int | None
    scale: int
    factors: tuple[int, ...] = ()

    def __call__(self, rng: np.random.Generator, size: int, cell: int) -> tuple[Operator, ...]:
        digits = []
        for factor in self.factors:
            cell, digit = divmod(cell, factor)
            digits.append(digit)
        try:
            chain = self.steps.draw(DrawContext(rng, size, size / self.base if self.base else 1.0, tuple(digits)))
            self._check_sides(chain, size)
        except InputError as error:
            raise InputError(f"recipe {self.name}: {error}") from error
        return chain if chain and getattr(chain[-1], "eight_bit", False) else (*chain, Quantize())

    def _check_sides(self, chain: Sequence[Operator], size: int) -> None:
        sides, due = (size, size), (size // self.scale, size // self.scale)
        for operator in chain:
            sides = tuple(operator.realised(*sides).values()) if isinstance(operator, Resize) else sides
            if max(sides) > _LARGEST * size:
                raise InputError(f"a Resize enlarges {size} px to {max(sides)}; keep it below {_LARGEST} times")
        if sides != due:
            share = f"1 / {self.scale}" if self.scale > 1 else "1"
            ends, wanted = (" x ".join(map(str, pair)) for pair in (sides, due))
            raise InputError(f"ends at {ends} px, expected {wanted} px; end with a Resize of side = {share}")


def _correlated(rng: np.random.Generator, level: Any) -> Operator:
    if not isinstance(level, int | float) or not 0 < level <= 255:
        raise InputError(f"CorrelatedNoise: level must be above 0 to 255, got {level!r}")
    return draw_correlated_noise(rng, level)
