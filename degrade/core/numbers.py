"""What counts as a number where values come from files and callers: True and False, which Python takes for 1 and 0, do
not.
"""

from typing import TypeGuard


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether it is an int or a float, NaN and infinity among them."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_whole(value: object) -> TypeGuard[int]:
    """Whether it is an int; 1.0 is none."""
    return isinstance(value, int) and not isinstance(value, bool)
