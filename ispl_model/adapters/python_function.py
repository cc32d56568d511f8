"""PACKAGE.MODULE:FUNCTION: a function of the user's, looked for as Python does and in the current folder."""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any
from weakref import WeakKeyDictionary

from degrade.core.arrays import as_image
from degrade.core.errors import InputError, cut
from degrade.core.image import Image, to_uint8
from degrade.core.storage.files import sha256_file
from ispl_model.adapters.model import ImageModel, found_by_trying
from ispl_model.adapters.spelling import parse_side, split_options

_KIND, _OPTIONS, _DTYPES, _SIDE = "python", ("dtype", "size"), ("float", "uint8"), "512"
# Of modules when they were imported: a process that lives long, as a worker of a cluster, keeps them when files change.
_digests: WeakKeyDictionary[ModuleType, str | None] = WeakKeyDictionary()


def load(argument: str, _device: str = "cpu") -> ImageModel:
    """The function of `PACKAGE.MODULE:FUNCTION[,dtype=uint8][,size=SIDE]` as a model of aligned faces.

    It is given a copy of each, (size, size, 3), RGB, float32 in [0, 1] or, after dtype=uint8, 8 bits, and gives one as
    large or a whole multiple of it, uint8 or float in [0, 1]. size: 512 px unless given. Raises InputError when there
    is no such function, or it does not give that of a grey image.
    """
    path, options = split_options(_KIND, argument, _OPTIONS)
    name, dtype = f"{_KIND}:{path}", options.get("dtype", _DTYPES[0])
    if dtype not in _DTYPES:
        raise InputError(f"{name}: dtype: expected {' or '.join(_DTYPES)}, got '{dtype}'")
    function = find_function(str(path))

    def run(image: Image) -> Image:
        given = to_uint8(image) if dtype == "uint8" else image.copy()
        try:
            return as_image(function(given), f"{name}: what it gives")
        except InputError:
            raise
        except (Exception, SystemExit) as error:  # whatever the user's function does
            raise InputError(f"{name}: fails ({type(error).__name__}: {cut(str(error))})") from error

    return found_by_trying(name, run, parse_side(name, options.get("size", _SIDE)))


def find_function(name: str) -> Callable[..., Any]:
    """The function; InputError when there is no such module or function, or the module fails when it is imported."""
    module, attribute = _module(name), name.partition(":")[2]
    function = getattr(module, attribute, None)
    if not callable(function):
        raise InputError(f"python:{name}: expected a function '{attribute}' in {module.__name__}, got none")
    return function


def digest(name: str) -> str | None:
    """SHA-256 of the module's file as it was imported; None where it has none. What it imports is not part of it."""
    return _digests[_module(str(split_options(_KIND, name, _OPTIONS)[0]))]


def _module(name: str) -> ModuleType:
    module, colon, function = name.partition(":")
    if not (module and colon and function):
        raise InputError(f"python:{name}: expected PACKAGE.MODULE:FUNCTION after python:")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)
    try:
        found = importlib.import_module(module)
    except (Exception, SystemExit) as error:  # whatever the user's module does when it is imported
        said = f"{type(error).__name__}: {cut(str(error))}"
        raise InputError(f"python:{name}: {module} cannot be imported ({said})") from error
    if found not in _digests:
        file = getattr(found, "__file__", None)
        _digests[found] = sha256_file(Path(file)) if file else None
    return found
