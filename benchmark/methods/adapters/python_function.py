"""python:PACKAGE.MODULE:FUNCTION: a function from one degraded image to the restored one."""

from collections.abc import Callable
from typing import Any

from benchmark.methods.method import Method
from degrade.core.arrays import as_image
from degrade.core.errors import InputError
from degrade.core.image import Image, to_uint8
from ispl_model.adapters import python_function
from ispl_model.adapters.spelling import split_options

_DTYPES = ("float", "uint8")


def load(device: str, argument: str, size: int) -> Method:
    """The function, given a copy of each image as it is stored: (H, W, 3), RGB, float32 in [0, 1].

    After `,dtype=uint8` it is given 8-bit values instead. It gives an image of the reference's size, uint8 or float
    in [0, 1]. Device and size are not used. Raises InputError when there is no such module or function.
    """
    name, dtype = _parsed(argument)
    function = python_function.find_function(name)
    return Method(f"python:{argument}", lambda images: [_call(name, function, image, dtype) for image in images], 1)


def digest(argument: str) -> str | None:
    """SHA-256 of the module's file; None where it has none. What the module imports is not part of it."""
    return python_function.digest(_parsed(argument)[0])


def _call(name: str, function: Callable[..., Any], image: Image, dtype: str) -> Image:
    given = to_uint8(image) if dtype == "uint8" else image.copy()
    return as_image(function(given), f"python:{name}: what it gives")


def _parsed(argument: str) -> tuple[str, str]:
    name, options = split_options("python", argument, ("dtype",))
    dtype = options.get("dtype", _DTYPES[0])
    if dtype not in _DTYPES:
        raise InputError(f"python:{argument}: dtype: expected {' or '.join(_DTYPES)}, got '{dtype}'")
    return str(name), dtype
