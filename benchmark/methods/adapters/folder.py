"""folder:DIR: images that were restored elsewhere, paired with the test split by name.

folder:DIR/{split} where DIR holds a folder for each test set, called as it is.
folder:DIR,pattern={name}_out where the files are called otherwise; folder:DIR,resize=yes for images of other sizes.
"""

import os
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from benchmark.methods.method import Method
from degrade.core.errors import InputError
from degrade.core.image import Image
from degrade.core.storage.files import sha256, sha256_file
from degrade.core.storage.listing import as_on_disk
from degrade.splits.pairing import check_images
from degrade.splits.sources import images_by_name
from ispl_model.adapters.spelling import split_options

SPLIT = "{split}"  # in DIR: what the test set is called, where several have images of the same names
_NAME = "{name}"


def is_folder(method: str) -> bool:
    """Whether the full name of a method is of this kind."""
    return method.startswith("folder:")


def load(device: str, argument: str, size: int) -> Method:
    """The images below a folder; the runner checks names and sizes (`check_files`). The device is not used.

    With `pattern=` only the images that are called so, by what stands for {name}; their ending does not count.
    With `resize=yes` they are brought to `size` by resize_bicubic. Raises InputError for a folder without images, a
    pattern that fits none, and other options.
    """
    resized = size if _parsed(argument)[2] else None
    return Method(f"folder:{argument}", _restore, scale=1, files=_files(argument), resized=resized)


def digest(argument: str) -> str:
    """SHA-256 over the names and contents of all images."""
    files = _files(argument)
    return sha256("\n".join(f"{name} {sha256_file(path)}" for name, path in files.items()).encode())


def check_files(method: Method, names: Collection[str], size: int, others: Collection[str] = ()) -> None:
    """Raise InputError unless the method has one file of that side for each name and no other; says what may help.

    others: names of the test set that were not asked for, whose files are left alone.
    """
    left = set(others).difference(names)
    files = {name: path for name, path in (method.files or {}).items() if name not in left}
    side = None if method.resized else (size, size)
    try:
        check_images(method.name, files, dict.fromkeys(names, side))
    except InputError as error:
        if files.keys() == set(names):
            raise InputError(f"{error}; add ,resize=yes to have them resized") from error
        pattern = _fitting(files, names)
        hint = f"; they are called so with ,pattern={pattern}" if pattern else "; see ,pattern={name}_out and the like"
        raise InputError(f"{error}{hint}") from error


def _restore(_images: Sequence[Image]) -> list[Image]:
    raise TypeError("images of a folder are asked for by name")


def _files(argument: str) -> Mapping[str, Path]:
    folder, pattern, _ = _parsed(argument)
    if not os.path.isdir(folder):  # False too for what cannot be a name
        raise InputError(f"folder:{argument}: expected a folder of images, got nothing there")
    files = images_by_name(folder)
    if pattern == _NAME:
        return files
    called = re.compile("(.+)".join(map(re.escape, pattern.split(_NAME))), re.DOTALL)
    fitting = {found[1]: path for name, path in files.items() if (found := called.fullmatch(name))}
    if not fitting:
        raise InputError(f"folder:{argument}: expected images called {pattern}, got none, but {next(iter(files))}")
    return fitting


def _parsed(argument: str) -> tuple[Path, str, bool]:
    folder, options = split_options("folder", argument, ("pattern", "resize"))
    pattern, resize = options.get("pattern", _NAME), options.get("resize", "no")
    if pattern.count(_NAME) != 1:
        raise InputError(f"folder:{argument}: pattern: expected {_NAME} in it once, such as {_NAME}_out")
    if resize not in ("yes", "no"):
        raise InputError(f"folder:{argument}: resize: expected yes or no, got '{resize}'")
    return as_on_disk(folder), pattern, resize == "yes"


def _fitting(files: Collection[str], names: Collection[str]) -> str | None:
    """The pattern by which there is a file for every name."""
    first = min(names, default="")
    patterns = (_NAME.join(file.split(first, 1)) for file in files if first and first in file)
    fitting = (pattern for pattern in patterns if {pattern.replace(_NAME, name) for name in names} <= set(files))
    return next(fitting, None)
