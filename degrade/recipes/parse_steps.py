"""Reading the steps of a recipe in TOML: every error names its place and the nearest valid name."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from typing import Any

import numpy as np

from degrade.core.errors import InputError, unknown
from degrade.core.numbers import is_number
from degrade.operators.base import SIDE
from degrade.operators.chain import OPERATORS
from degrade.recipes.distributions import DERIVED, INTERVALS, LISTS, Distribution
from degrade.recipes.steps import EXTRA, DrawContext, Group, Maybe, OneOf, Operation, Repeat, Step

_DISTRIBUTIONS = (*INTERVALS, *LISTS, *DERIVED, "severity")
_KINDS = ("operator", "one_of", "shuffle", "steps")
_DEEPEST, _MOST_REPEATS, _MOST_CELLS, _MOST_VALUES = 8, 64, 10**6, 10**4
_LARGEST = 1e9  # number in a recipe
_MOST_OPERATORS = 1024  # of a recipe, those that are repeated as often as they may come


@dataclass
class Reader:
    """Reads steps and values, and collects the factors of the grid on its way.

    place: which of the severities is read, from 0; severities: how many there are, 0 without any. factors: of the grid,
    how many values each has. depth, operators, repeats: of what is being read, as they are bounded.
    Every method raises InputError that names the place, such as steps[2].sigma, and what is wrong there.
    """

    place: int
    severities: int
    factors: list[int] = field(default_factory=list)
    depth: int = 0
    operators: int = 0
    repeats: int = 1

    def steps(self, where: str, tables: Any) -> tuple[Step, ...]:
        """A list of steps as TOML has it; it may be empty but at the top. `where` names the place in messages."""
        if not isinstance(tables, list) or not tables and where == "steps":
            raise InputError(f"{where}: expected a list of steps, got {tables!r}")
        self.depth += 1
        if self.depth > _DEEPEST:
            raise InputError(f"{where}: expected at most {_DEEPEST} levels of steps")
        found = tuple(self.step(f"{where}[{number}]", table) for number, table in enumerate(tables, 1))
        self.depth -= 1
        return found

    def step(self, where: str, table: Any) -> Step:
        """One step of any kind, with its `chance`."""
        if not isinstance(table, dict):
            raise InputError(
                f"{where}: expected a table with 'operator', 'one_of', 'shuffle' or 'steps', got {table!r}"
            )
        kinds = [kind for kind in _KINDS if kind in table]
        if len(kinds) != 1:
            if not kinds:
                check_keys(where, table, (*_KINDS, "chance", "weights", "repeat"))
            raise InputError(f"{where}: expected one of {', '.join(_KINDS)}, got {', '.join(kinds) or 'none'}")
        chance = table.get("chance", 1)
        if not _is_bounded(chance) or not 0 <= chance <= 1:
            raise InputError(f"{where}: chance must lie in [0, 1], got {chance!r}")
        table = {key: value for key, value in table.items() if key != "chance"}
        step = self.operation(where, table) if kinds == ["operator"] else self.compound(where, kinds[0], table)
        return Maybe(float(chance), step) if chance < 1 else step

    def compound(self, where: str, kind: str, table: dict[str, Any]) -> Step:
        """A step made of others: one_of with its weights, shuffle with its order, steps with their repeat."""
        extra = {"one_of": ("weights",), "shuffle": ("in_order",), "steps": ("repeat",)}[kind]
        check_keys(where, table, (kind, *extra, "chance"))
        if kind == "steps" and "repeat" in table:
            return self.repeat(where, table)
        steps = self.steps(f"{where}.{kind}", table[kind])
        if kind != "one_of":
            return Group(steps, kind == "shuffle", _in_order(where, table.get("in_order", []), len(steps)))
        if not steps:
            raise InputError(f"{where}: one_of needs at least one step")
        return OneOf(steps, _weights(where, table, len(steps)))

    def repeat(self, where: str, table: dict[str, Any]) -> Repeat:
        """Steps that are repeated; 64 times at most, with the repeats around them."""
        count = self.distribution(f"{where}.repeat", table["repeat"])
        ends, before = count.extremes(), self.repeats
        if not all(isinstance(end, int) and end >= 0 for end in ends) or max(ends) * before > _MOST_REPEATS:
            raise InputError(f"{where}: repeat must be whole and at most {_MOST_REPEATS} in all, got {count}")
        self.repeats = max(1, before * max(ends))
        steps = self.steps(f"{where}.steps", table["steps"])
        self.repeats = before
        return Repeat(count, Group(steps))

    def operation(self, where: str, table: dict[str, Any]) -> Operation:
        """An operator with a law for each of its fields, each tried at the law's ends."""
        self.operators += self.repeats
        if self.operators > _MOST_OPERATORS:
            raise InputError(f"{where}: expected at most {_MOST_OPERATORS} operators in all, with their repeats")
        name = table["operator"]
        if not isinstance(name, str) or name not in OPERATORS:
            raise unknown("operator", str(name), OPERATORS)
        known = {each.name: each for each in fields(OPERATORS[name]) if each.name != "seed"}
        extra = EXTRA.get(name, {})
        check_keys(f"{where} ({name})", table, ("operator", "chance", *known, *extra))
        missing = [key for key, each in known.items() if each.default is MISSING and key not in table]
        if missing and not ("level" in extra and "level" in table):
            fields_known = f"known fields: {', '.join(known)}; `degrade operators {name}` explains them"
            raise InputError(f"{where}: {name} needs {', '.join(missing)}; {fields_known}")
        order = [key for key in (*extra, *known) if key in table]
        operation = Operation(name, tuple((key, self.distribution(f"{where}.{key}", table[key])) for key in order))
        for number, (key, distribution) in enumerate(operation.distributions):
            if distribution.kind in DERIVED and distribution.values[0] not in order[:number]:
                raise InputError(
                    f"{where}.{key}: {distribution.kind} needs a field before it, got {distribution.values[0]!r}"
                )
        _try_extremes(where, operation)
        return operation

    def distribution(self, where: str, value: Any) -> Distribution:
        """The law of a field: a plain value, or a table with the name of one law, such as {uniform = [1, 2]}."""
        if not isinstance(value, dict):
            return Distribution("fixed", (_plain(where, value),))
        kinds = [kind for kind in _DISTRIBUTIONS if kind in value]
        if len(kinds) != 1:
            check_keys(where, value, (*_DISTRIBUTIONS, "weights"))
            raise InputError(f"{where}: expected one law, such as {{uniform = [1, 2]}}, got {value!r}")
        kind, values = kinds[0], value[kinds[0]]
        check_keys(where, value, (kind, "weights") if kind == "choice" else (kind,))
        if kind in DERIVED:
            return Distribution(kind, (values,))
        _check_list(where, kind, values)
        if kind == "severity":
            return self.severity(where, values)
        if kind in INTERVALS:
            return Distribution(kind, _interval(where, kind, values))
        plain = tuple(_plain(where, each) for each in values)
        if kind == "grid":
            return self.grid(where, plain)
        return Distribution(kind, plain, _weights(where, value, len(plain)))

    def severity(self, where: str, values: list[Any]) -> Distribution:
        """The law of the severity that is read, of a list with one for each."""
        if len(values) != self.severities:
            raise InputError(
                f"{where}: expected a value for each of the {self.severities} severities, got {len(values)}"
            )
        return self.distribution(where, values[self.place])

    def grid(self, where: str, values: tuple[Any, ...]) -> Distribution:
        """A factor of the factorial grid, noted as the next one."""
        self.factors.append(len(values))
        if math.prod(self.factors) > _MOST_CELLS:
            raise InputError(f"{where}: the grid has more than {_MOST_CELLS} cells")
        return Distribution("grid", values, place=len(self.factors) - 1)


def _try_extremes(where: str, operation: Operation) -> None:
    """Build the operator at both ends of each law, so that a bad range is reported before any image is made."""
    has_side = any(key == "side" for key, _ in operation.distributions)
    size = SIDE // 4 if has_side else 10**9  # no length is too long for the image, nor the largest `side` for an image
    large = DrawContext(np.random.default_rng(0), size, 1.0, ())
    first: dict[str, Any] = {}
    for key, distribution in operation.distributions:
        first[key] = (
            DERIVED[distribution.kind].make(first[distribution.values[0]])
            if distribution.kind in DERIVED
            else distribution.extremes()[0]
        )
    for key, distribution in operation.distributions:
        for value in distribution.extremes() if distribution.kind not in DERIVED else ():
            try:
                operation.build(first | {key: value}, large)
            except InputError as error:
                raise InputError(f"{where}: {error}") from error


def _check_list(where: str, kind: str, values: Any) -> None:
    if not isinstance(values, list) or not values:
        raise InputError(f"{where}: {kind} needs a list of values, got {values!r}")
    if len(values) > _MOST_VALUES:
        raise InputError(f"{where}: expected at most {_MOST_VALUES} values, got {len(values)}")


def _in_order(where: str, numbers: Any, count: int) -> tuple[int, ...]:
    """Steps counted from 1, as messages count them, to places counted from 0."""
    if not isinstance(numbers, list) or not all(type(number) is int and 1 <= number <= count for number in numbers):
        raise InputError(f"{where}: in_order needs numbers of steps, 1 to {count}, got {numbers!r}")
    return tuple(sorted({number - 1 for number in numbers}))


def _interval(where: str, kind: str, values: list[Any]) -> tuple[float, ...]:
    if len(values) != 2 or not all(map(_is_bounded, values)) or not values[0] <= values[1]:
        raise InputError(f"{where}: {kind} needs two numbers, the lower first, got {values!r}")
    law = INTERVALS[kind]
    if not all(map(law.takes, values)):
        raise InputError(f"{where}: {kind} needs {law.needs}, got {values!r}")
    return tuple(map(law.number, values))


def _weights(where: str, table: Mapping[str, Any], count: int) -> tuple[float, ...]:
    if "weights" not in table:
        return ()
    weights = table["weights"]
    if not isinstance(weights, list) or len(weights) != count or not all(map(_is_bounded, weights)):
        raise InputError(f"{where}: expected {count} weights, one for each option, got {weights!r}")
    if min(weights) < 0 or sum(weights) <= 0:
        raise InputError(f"{where}: weights must be at least 0 and not all 0, got {weights!r}")
    return tuple(map(float, weights))


def _plain(where: str, value: Any) -> Any:
    if not (isinstance(value, str | bool) or _is_bounded(value)):
        raise InputError(f"{where}: expected a number, a text or a law such as {{uniform = [1, 2]}}, got {value!r}")
    return value


def _is_bounded(value: Any) -> bool:
    """Whether it is a number that a recipe may hold: no operator takes a larger one, nor NaN."""
    return is_number(value) and abs(value) <= _LARGEST


def check_keys(where: str, table: Mapping[str, Any], known: Sequence[str]) -> None:
    """Raise InputError for a key that is none of `known`, with the nearest of them; `where` names the table."""
    for key in table:
        if key not in known:
            raise InputError(f"{where}: {unknown('key', str(key), known)}")
