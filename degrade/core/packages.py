"""Packages that only some commands use, and that an installation may lack."""

from collections.abc import Iterator
from contextlib import contextmanager

from degrade.core.errors import InputError


class MissingPackage(InputError):
    """A package is not installed; the sentence says which, and the command that installs it."""


@contextmanager
def needed_for(what: str) -> Iterator[None]:
    """For a block that imports: raises MissingPackage where one is not there. what: that needs it, for the sentence."""
    try:
        yield
    except ModuleNotFoundError as error:
        name = (error.name or str(error)).partition(".")[0]
        raise MissingPackage(f"{what}: needs the package {name}, which is not here; pip install {name}") from error
