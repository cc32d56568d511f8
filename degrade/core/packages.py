"""Packages that are installed: their versions, and those that only some commands use and that may be missing."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version

from degrade.core.errors import InputError, cut

_BUILDS = {"opencv-python": "opencv-python-headless"}  # one module, cv2, under another name


def package_version(package: str) -> str | None:
    """The version of a package, or of a build of it under another name; None for one that is not there."""
    for name in (_BUILDS.get(package), package):
        try:
            return version(name) if name else version(package)
        except PackageNotFoundError:
            continue
    return None


class MissingPackage(InputError):
    """A package is not installed, or broken; the message says which, and the command that installs it."""


@contextmanager
def needed_for(what: str) -> Iterator[None]:
    """For a block that imports: raises MissingPackage where that fails. what: that needs it, for the message."""
    try:
        yield
    except ImportError as error:
        name = (error.name or str(error)).partition(".")[0]
        if isinstance(error, ModuleNotFoundError):
            raise MissingPackage(f"{what}: needs the package {name}, which is not here; pip install {name}") from error
        raise MissingPackage(
            f"{what}: a package that it needs is broken ({cut(str(error))}); install it anew"
        ) from error
