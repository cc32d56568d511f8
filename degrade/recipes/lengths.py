"""Which fields of operators are lengths, and what they come out at when the image is not as wide as the base."""

import math

from degrade.core.errors import InputError
from degrade.operators.base import next_odd

# Fields in pixels, which scale with size / base, and how they are rounded; every other field stays as drawn.
_ELLIPSE = {"sigma_x": "any", "sigma_y": "any", "size": "odd"}
LENGTHS: dict[str, dict[str, str]] = {
    "AnisotropicBlur": _ELLIPSE,
    "DefocusBlur": {"radius": "any"},
    "FilmGrain": {"size": "any"},
    "GaussianBlur": {"sigma": "any", "size": "odd"},
    "GeneralisedBlur": _ELLIPSE,
    "MotionBlur": {"k": "odd, at least 3"},
    "Mosaic": {"block": "whole"},
    "PlateauBlur": _ELLIPSE,
    "Rain": {"length": "odd, at least 3", "width": "at least 1"},
    "Scratches": {"width": "any"},
    "ShakeBlur": {"length": "any", "turn": "bend"},
    "SharpenHalo": {"sigma": "any"},
    "SincBlur": {"cutoff": "frequency", "size": "odd"},
}


def scaled(name: str, field: str, length: float, sides: tuple[float, float]) -> float | int:
    """The field of that operator times size / base, rounded as LENGTHS says; `sides` are the size and size / base.

    Raises InputError for what is no number, longer than the image, or a block that does not come out whole.
    """
    what, rounding, (size, ratio) = f"{name} {field}", LENGTHS[name][field], sides
    if not isinstance(length, int | float):
        raise InputError(f"{what}: expected a number, got {length!r}")
    if rounding == "frequency":
        return min(math.pi, length / ratio)
    if rounding == "bend":  # degrees per pixel of a path that turns like its square root
        return min(180.0, length / math.sqrt(ratio))
    pixels = length * ratio
    if abs(pixels) > size:
        raise InputError(f"{what} would be {pixels:g} px, more than the image's {size}")
    return _rounded(what, pixels, rounding)


def _rounded(what: str, pixels: float, rounding: str) -> float | int:
    if rounding == "at least 1":
        return max(1.0, pixels)
    if rounding.startswith("odd"):
        return max(3 if rounding == "odd, at least 3" else 1, next_odd(pixels)) if pixels else 0
    if rounding == "whole":
        if pixels < 1 or pixels != int(pixels):
            raise InputError(f"{what} would be {pixels:g} px; choose a size that makes it a whole number")
        return int(pixels)
    return pixels
