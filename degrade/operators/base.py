"""What operators share: checks of their parameters, and widths of kernels; lengths are in degrade.operators.lengths."""

import math
from dataclasses import Field
from typing import Any, ClassVar, Protocol

from degrade.core.choices import LARGEST_SEED
from degrade.core.image import Image
from degrade.core.numbers import is_number, is_whole

SIDE = 16384  # of an image


class Operator(Protocol):
    """One degradation: a frozen dataclass of its parameters, called on an image."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    def __call__(self, image: Image, /) -> Image: ...


class _Seeded(Protocol):
    @property
    def seed(self) -> int: ...


def check_range(operator: object, field: str, low: float, high: float) -> None:
    """The field is a number in [low, high]."""
    value = getattr(operator, field)
    if not (is_number(value) and low <= value <= high):
        raise ValueError(f"{type(operator).__name__}: {field} must lie in [{low:g}, {high:g}], got {value!r}")


def check_positive(operator: object, field: str, high: float = math.inf) -> None:
    """The field is a finite number above 0, at most `high`."""
    value = getattr(operator, field)
    if not (is_number(value) and 0 < value <= high and value < math.inf):
        limit = "" if high == math.inf else f" and at most {high:g}"
        raise ValueError(f"{type(operator).__name__}: {field} must be above 0{limit}, got {value!r}")


def check_integer(operator: object, field: str, low: int, high: int) -> None:
    """The field is an integer in low..high."""
    value = getattr(operator, field)
    if not (is_whole(value) and low <= value <= high):
        raise ValueError(f"{type(operator).__name__}: {field} must be an integer in {low}..{high}, got {value!r}")


def check_flag(operator: object, field: str) -> None:
    """The field is True or False."""
    value = getattr(operator, field)
    if not isinstance(value, bool):
        raise ValueError(f"{type(operator).__name__}: {field} must be true or false, got {value!r}")


def check_seed(operator: _Seeded) -> None:
    """The operator's `seed` is an integer in [0, 2^63)."""
    if not (is_whole(operator.seed) and 0 <= operator.seed <= LARGEST_SEED):
        raise ValueError(f"{type(operator).__name__}: seed must be an integer in [0, 2^63), got {operator.seed!r}")


def next_odd(length: float) -> int:
    """The smallest odd number that is not below `length`.

    >>> [next_odd(length) for length in (4, 5, 5.5, 6.9)]
    [5, 5, 7, 7]
    """
    return 2 * math.ceil((length - 1) / 2) + 1
