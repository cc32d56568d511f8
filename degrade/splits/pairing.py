"""Folders of images paired by name, never by order; what does not match is refused."""

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from degrade.core.errors import InputError
from degrade.core.formats.container import image_size
from degrade.core.numbers import counted

_SHOWN = 3  # names in a message


def check_images(place: str, files: Mapping[str, Path], sizes: Mapping[str, tuple[int, int] | None]) -> None:
    """Raise InputError unless `files` has exactly the names of `sizes`, each image (height, width) as it says there.

    Sizes are read from the files' headers. A file without a readable one passes, and fails when it is read; so does
    a name whose size is None.
    """
    check_same_names(place, files, sizes)
    wrong = [
        f"{name} ({found[0]}x{found[1]} for {expected[0]}x{expected[1]})"
        for name, expected in sizes.items()
        if expected and (found := image_size(files[name])) and found != expected
    ]
    if wrong:
        raise InputError(f"{place}: expected images of the references' size, got others: {_few(wrong)}")


def check_same_names(place: str, found: Collection[str], expected: Collection[str], beside: str = "") -> None:
    """Raise InputError, naming what is missing or too much, unless `place` holds images of just the expected names.

    beside: where these are from, for the sentence.
    """
    missing = [name for name in expected if name not in found]
    extra = [name for name in found if name not in expected]
    faults = [
        f"{len(names)} {what}: {_few(names)}" for what, names in (("missing", missing), ("extra", extra)) if names
    ]
    if faults:
        names = f"{counted(len(expected), 'name')}{beside and f' in {beside}'}"
        raise InputError(f"{place}: expected one image for each of {names}; {'; '.join(faults)}")


def _few(names: Iterable[str]) -> str:
    names = list(names)
    rest = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + rest
