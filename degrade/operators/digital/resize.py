"""Resizing with the library and the filter named, because they differ by up to 14 dB in one picture."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any

import cv2
import numpy as np
from PIL import Image as Pillow

from degrade.core.colour import decode, encode
from degrade.core.doubles import single
from degrade.core.image import Image
from degrade.core.interpolation import WEIGHTS, interpolate
from degrade.core.resize import resize_pil
from degrade.operators.base import SIDE, check_flag, check_integer, check_range
from degrade.operators.words import Words

_CV2 = {
    "area": cv2.INTER_AREA,
    "nearest": cv2.INTER_NEAREST,
    "lanczos": cv2.INTER_LANCZOS4,
}
_PIL = {
    "box": Pillow.Resampling.BOX,
    "bilinear": Pillow.Resampling.BILINEAR,
    "bicubic": Pillow.Resampling.BICUBIC,
    "lanczos": Pillow.Resampling.LANCZOS,
}
ROUNDINGS: dict[str, Callable[[float], int]] = {"nearest": round, "down": math.floor}
FILTERS = {"cv2": (*WEIGHTS, *_CV2), "pil": tuple(_PIL), "matlab": ("bicubic",)}


def check_rounding(name: str) -> None:
    """ValueError unless it is one of ROUNDINGS."""
    if name not in ROUNDINGS:
        raise ValueError(f"Resize: rounding must be one of {sorted(ROUNDINGS)}, got {name!r}")


@dataclass(frozen=True)
class Resize:
    """Resize in float with one named filter; overshoot is clipped, nothing is rounded.

    library, filter: "cv2" linear, cubic (a = -0.75) or lanczos (4 lobes) take no average when reducing, so they
        alias, and nearest takes the pixel at floor(place * factor), half a pixel up and left of the middle;
        "cv2" area and all of "pil" (box, bilinear, bicubic a = -0.5, lanczos of 3 lobes) are antialiased.
        "matlab" bicubic is imresize(A, [height width]): the kernel of "pil" bicubic, antialiased; the two differ
        only at borders, which MATLAB mirrors with the edge repeated and Pillow leaves out of the mean.
    factor: each side is divided by it and rounded, 1/64 to 1024; below 1 enlarges.
    height, width: sides of the result in pixels, 1 to 16384; in the place of a factor, which is then 0.
    linear_light: decode sRGB before and encode after, so that light is averaged and not its code values.
    rounding: of a side divided by `factor`, to the "nearest" whole pixel or "down"; at least 1 px either way.
    Source: the libraries named, OpenCV's resize, Pillow's Image.resize and MATLAB's imresize; the cubic kernel is that
        of Keys, IEEE TASSP 1981, Lanczos' that of Duchon, J. Applied Meteorology 1979.
    """

    library: Annotated[str, Words("library")]
    filter: Annotated[str, Words("filter")]
    factor: Annotated[float, Words("factor")] = 0.0
    height: Annotated[int, Words("result height", "px")] = 0
    width: Annotated[int, Words("result width", "px")] = 0
    linear_light: Annotated[bool, Words("in linear light")] = field(default=False, metadata={"added_later": True})
    rounding: Annotated[str, Words("rounding")] = field(default="nearest", metadata={"added_later": True})

    def __post_init__(self) -> None:
        if self.library not in FILTERS:
            raise ValueError(f"Resize: library must be one of {sorted(FILTERS)}, got {self.library!r}")
        if self.filter not in FILTERS[self.library]:
            raise ValueError(
                f"Resize: filter of {self.library} must be in {FILTERS[self.library]}, got {self.filter!r}"
            )
        if (self.factor == 0) == (self.height == self.width == 0):
            got = f"factor {self.factor}, height {self.height}, width {self.width}"
            raise ValueError(f"Resize: expected a factor, or a height and a width, got {got}")
        if self.factor:
            check_range(self, "factor", 1 / 64, 1024)
        else:
            check_integer(self, "height", 1, SIDE)
            check_integer(self, "width", 1, SIDE)
        check_flag(self, "linear_light")
        check_rounding(self.rounding)

    def realised(self, height: int, width: int) -> dict[str, Any]:
        """The whole pixels that a side divided by `factor` comes out at."""
        if self.factor == 0:
            return {"height": self.height, "width": self.width}
        whole = ROUNDINGS[self.rounding]
        return {"height": max(1, whole(height / self.factor)), "width": max(1, whole(width / self.factor))}

    def __call__(self, image: Image) -> Image:
        sides = self.realised(*image.shape[:2])
        if self.linear_light:
            return encode(self._resize(decode(image), sides["height"], sides["width"]))
        return self._resize(image, sides["height"], sides["width"])

    def _resize(self, image: Image, height: int, width: int) -> Image:
        if self.library == "pil":
            return resize_pil(image, height, width, _PIL[self.filter])
        if self.library == "matlab":
            return _resize_matlab(image, height, width)
        resized = _resize_cv2(image, height, width, self.filter)
        return np.clip(resized, 0, 1, out=resized)


def _resize_cv2(image: Image, height: int, width: int, name: str) -> Image:
    if name in WEIGHTS:
        return interpolate(image, height, width, name)
    return single(cv2.resize(image.astype(np.float64), (width, height), interpolation=_CV2[name]))


def _resize_matlab(image: Image, height: int, width: int) -> Image:
    """Pillow's bicubic, a = -0.5, inside mirrored borders as wide as its kernel reaches."""
    reach = (math.ceil(2 * max(1.0, old / new)) for old, new in zip(image.shape, (height, width), strict=False))
    return resize_pil(image, height, width, Pillow.Resampling.BICUBIC, tuple(reach))
