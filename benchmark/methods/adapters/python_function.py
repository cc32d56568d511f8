"""python:PACKAGE.MODULE:FUNCTION: a function from one degraded contract image to the restored one.

The module is looked for as Python does and in the current folder.
"""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from benchmark.methods.method import Method
from degrade.core.errors import InputError
from degrade.core.files import sha256_file
from degrade.core.image import Image


def load(device: str, name: str, size: int) -> Method:
    """The function, given a copy of each image as it is stored: float32, (H, W, 3), RGB, [0, 1].

    It must give such an image of the reference's side. Device and size are not used.
    Raises InputError when there is no such module or function.
    """
    function = _function(name)
    return Method(f"python:{name}", lambda images: [function(image.copy()) for image in images], scale=1)


def digest(name: str) -> str | None:
    """SHA-256 of the module's file; None where it has none. What the module imports is not part of it."""
    file = getattr(_module(name), "__file__", None)
    return sha256_file(Path(file)) if file else None


def _function(name: str) -> Callable[[Image], Image]:
    module, attribute = _module(name), name.partition(":")[2]
    function = getattr(module, attribute, None)
    if not callable(function):
        raise InputError(f"python:{name}: expected a function '{attribute}' in {module.__name__}, got none")
    return function


def _module(name: str) -> ModuleType:
    module, colon, function = name.partition(":")
    if not (module and colon and function):
        raise InputError(f"python:{name}: expected PACKAGE.MODULE:FUNCTION after python:")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)
    try:
        return importlib.import_module(module)
    except Exception as error:  # whatever the user's module does when it is imported
        raise InputError(f"python:{name}: {module} cannot be imported ({type(error).__name__}: {error})") from error
