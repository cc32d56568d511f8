"""Versions of installed packages."""

from importlib.metadata import PackageNotFoundError, version

_BUILDS = {"opencv-python": "opencv-python-headless"}  # one module, cv2, under another name


def package_version(package: str) -> str | None:
    """The version of a package, or of a build of it under another name; None for one that is not there."""
    for name in (_BUILDS.get(package), package):
        try:
            return version(name) if name else version(package)
        except PackageNotFoundError:
            continue
    return None
