"""Parameters of operators that cannot be: ValueError, beginning with the operator's name."""

import math


def check_range(operator: object, field: str, low: float, high: float) -> None:
    """The field is a number in [low, high]."""
    value = getattr(operator, field)
    if not (_is_number(value) and low <= value <= high):
        raise ValueError(f"{type(operator).__name__}: {field} must lie in [{low:g}, {high:g}], got {value!r}")


def check_positive(operator: object, field: str, high: float = math.inf) -> None:
    """The field is a finite number above 0, at most `high`."""
    value = getattr(operator, field)
    if not (_is_number(value) and 0 < value <= high and value < math.inf):
        limit = "" if high == math.inf else f" and at most {high:g}"
        raise ValueError(f"{type(operator).__name__}: {field} must be above 0{limit}, got {value!r}")


def check_integer(operator: object, field: str, low: int, high: int) -> None:
    """The field is an integer in low..high."""
    value = getattr(operator, field)
    if not (isinstance(value, int) and low <= value <= high):
        raise ValueError(f"{type(operator).__name__}: {field} must be an integer in {low}..{high}, got {value!r}")


def check_flag(operator: object, field: str) -> None:
    """The field is True or False."""
    value = getattr(operator, field)
    if not isinstance(value, bool):
        raise ValueError(f"{type(operator).__name__}: {field} must be true or false, got {value!r}")


def check_seed(operator: object) -> None:
    """The operator's `seed` is an integer in [0, 2^63)."""
    if not (isinstance(operator.seed, int) and 0 <= operator.seed < 2**63):
        raise ValueError(f"{type(operator).__name__}: seed must be an integer in [0, 2^63), got {operator.seed!r}")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float)
