"""Numbers: what counts as one where values come from files and callers, and how many of a thing, in words.

True and False, which Python takes for 1 and 0, are none.
"""

from typing import TypeGuard


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether it is an int or a float, NaN and infinity among them."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_whole(value: object) -> TypeGuard[int]:
    """Whether it is an int; 1.0 is none."""
    return isinstance(value, int) and not isinstance(value, bool)


def counted(count: int, thing: str) -> str:
    """How many of a thing, whose plural ends in "s".

    >>> counted(1, "face"), counted(0, "face"), counted(2, "file")
    ('1 face', '0 faces', '2 files')
    """
    return f"{count} {thing}{'' if count == 1 else 's'}"
