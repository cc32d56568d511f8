"""The arrays that callers from Python give and get: 8-bit or float, checked where they come in, given back in kind."""

from pathlib import Path

import numpy as np

from degrade.core.errors import InputError
from degrade.core.image import Image, from_uint8, read, to_uint8, write
from degrade.core.storage.paths import user_path


def as_image(array: np.ndarray, name: str = "array") -> Image:
    """The contract image of an array (H, W, 3), RGB: uint8, or float in [0, 1]. A float32 array is not copied.

    Raises InputError for anything else; `name` is what the sentence calls the array.

    >>> as_image(np.full((1, 1, 3), 51, np.uint8)).tolist() == [[[np.float32(0.2)] * 3]]
    True
    >>> as_image(np.zeros((4, 4)))
    Traceback (most recent call last):
    degrade.core.errors.InputError: array: expected an RGB image of shape (H, W, 3), got shape (4, 4)
    """
    _check_shape(array, name)
    if array.dtype == np.uint8:
        return from_uint8(np.ascontiguousarray(array))
    if array.dtype.kind != "f":
        raise InputError(f"{name}: expected uint8, or float in [0, 1], got {array.dtype}; convert it")
    low, high = float(array.min()), float(array.max())
    if not (low >= 0 and high <= 1):  # written so that NaN fails too
        raise InputError(f"{name}: expected float values in [0, 1], got [{low:g}, {high:g}]; scale and clip them")
    return np.ascontiguousarray(array, np.float32)


def as_uint8(array: np.ndarray, name: str = "array") -> np.ndarray:
    """An array (H, W, 3), RGB, in 8 bits: uint8 as it is, what else as_image takes rounded to the nearest of 0..255.

    >>> as_uint8(np.full((1, 1, 3), 0.2)).tolist()
    [[[51, 51, 51]]]
    """
    _check_shape(array, name)
    return np.ascontiguousarray(array) if array.dtype == np.uint8 else to_uint8(as_image(array, name))


def in_kind_of(array: np.ndarray, image: Image) -> np.ndarray:
    """A contract image in the number type of `array`; 8 bits are rounded to the nearest as in a file.

    >>> in_kind_of(np.zeros((1, 1, 3), np.uint8), np.full((1, 1, 3), 0.2, np.float32)).tolist()
    [[[51, 51, 51]]]
    """
    return to_uint8(image) if array.dtype == np.uint8 else image.astype(array.dtype, copy=False)


def read_image(path: Path | str, background: str | None = None) -> Image:
    """An image file as a float32 array (H, W, 3), sRGB, in [0, 1]; EXIF orientation is applied.

    PNG, JPEG, WebP, TIFF or BMP of 8 or 16 bits, HEIC (with the package pillow-heif) or AVIF; grey becomes RGB, and
    other colours sRGB by the profile in the file.
    background: "white" or "black", what an image that is transparent somewhere is laid on. Raises InputError for a file
    that is none of these, for transparency without background, and for more than 89 million pixels (or the environment
    variable FACES_MAX_PIXELS). What is ignored in a file is a warning of the logger "degrade".

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_image(f"{folder}/grey.png", np.full((2, 3, 3), 128, np.uint8))
    ...     read_image(f"{folder}/grey.png").shape
    (2, 3, 3)
    """
    return read(user_path(path), background)


def write_image(path: Path | str, array: np.ndarray) -> None:
    """Write an array (H, W, 3), RGB, uint8 or float in [0, 1], as 8-bit PNG: whole or not at all.

    Values are rounded to the nearest of 256. Folders that are missing are made. Raises InputError for another kind of
    array, for a name that does not end in .png, and where the file cannot be written.

    >>> write_image("face.jpg", np.zeros((8, 8, 3)))
    Traceback (most recent call last):
    degrade.core.errors.InputError: face.jpg: expected a name ending in .png, which keeps every pixel
    """
    place = user_path(path)
    if place.suffix.lower() != ".png":
        raise InputError(f"{path}: expected a name ending in .png, which keeps every pixel")
    write(place, as_image(array))


def _check_shape(array: np.ndarray, name: str) -> None:
    if not isinstance(array, np.ndarray):
        raise InputError(f"{name}: expected a numpy array, got {type(array).__name__}; convert it with numpy.asarray")
    if array.ndim != 3 or array.shape[2] != 3 or 0 in array.shape:
        raise InputError(f"{name}: expected an RGB image of shape (H, W, 3), got shape {array.shape}")
