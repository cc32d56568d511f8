"""What the user gave is wrong: one sentence with what, expected, got, remedy."""

import difflib
from collections.abc import Iterable


class InputError(Exception):
    """A file, name or option of the user's is wrong. Commands print it as one line and exit 1.

    Faults of a caller in code stay ValueError or TypeError and keep their traceback.
    """


def unknown(kind: str, name: str, known: Iterable[str]) -> InputError:
    """An error for a name that is not known, naming the nearest one that is.

    >>> str(unknown("task", "denose", ["denoise", "jpeg"]))
    "unknown task 'denose'; did you mean 'denoise'? Known: denoise, jpeg"
    """
    names = sorted(known)
    folded = {candidate.lower(): candidate for candidate in names}
    near = difflib.get_close_matches(name.lower(), folded, n=1, cutoff=0.5)
    hint = f"; did you mean '{folded[near[0]]}'?" if near else "."
    return InputError(f"unknown {kind} '{name}'{hint} Known: {', '.join(names)}")
