"""Gaussian blur, and the halo that sharpening leaves. Lengths are pixels of the image."""

import math
from dataclasses import dataclass, field
from typing import Annotated

import cv2
import numpy as np

from degrade.core.errors import InputError
from degrade.core.image import Image
from degrade.operators.base import check_range
from degrade.operators.lengths import Length, OddLength, check_lengths
from degrade.operators.words import Words

_BORDERS = {"mirror": cv2.BORDER_REFLECT_101, "repeat": cv2.BORDER_REPLICATE}


@dataclass(frozen=True)
class GaussianBlur:
    """Convolve with an isotropic Gaussian.

    sigma: standard deviation in pixels, above 0 to 256.
    size: width of the kernel in pixels, odd, 1 to 2049; or 0, which means 4 sigma to each side. A smaller one cuts the
        Gaussian off and makes the blur milder.
    border: what lies beyond it, "mirror" (the edge itself not again) or "repeat" (the edge again and again, as SciPy's
        mode "nearest").
    Source: the ISPL paper, Sec. 4.1. Its authors' script (Lotayou/Face-Renovation) calls imgaug's
        GaussianBlur, which cuts the kernel as imgaug_width says.
    """

    sigma: Annotated[float, Length(), Words("sigma")]
    size: Annotated[int, OddLength(or_zero=True), Words("kernel width")] = 0
    border: Annotated[str, Words("border")] = field(default="mirror", metadata={"added_later": True})

    def __post_init__(self) -> None:
        check_lengths(self)
        if self.border not in _BORDERS:
            raise ValueError(f"GaussianBlur: border must be one of {sorted(_BORDERS)}, got {self.border!r}")

    def __call__(self, image: Image) -> Image:
        size = self.size or 2 * math.ceil(4 * self.sigma) + 1
        blurred = cv2.GaussianBlur(image, (size, size), self.sigma, borderType=_BORDERS[self.border])
        return np.clip(blurred, 0, 1, out=blurred)


def imgaug_width(sigma: float) -> int:
    """The width in px at which imgaug, and so the authors' script, cuts a Gaussian of that sigma in px.

    int(2.9 sigma) below sigma 5, int(2.6 sigma) from 5 on; as the size of a GaussianBlur it is raised to odd. The blur
    is 1.0 to 1.4 dB milder than that of the whole Gaussian. Raises InputError for a sigma that is no number.
    Source: aleju/imgaug, imgaug/augmenters/blur.py.
    """
    if not isinstance(sigma, int | float):
        raise InputError(f"imgaug_width: expected the name of a field that is a number of pixels, got one of {sigma!r}")
    return int((2.9 if sigma < 5 else 2.6) * sigma)


@dataclass(frozen=True)
class SharpenHalo:
    """Unsharp mask, clipped: image + amount * (image - its Gaussian blur), which leaves bright and dark rims.

    amount: strength, 0 to 100 (1 doubles the detail).
    sigma: of the blur in pixels, above 0 to 256; about the width of the rim.
    Source: unsharp masking, Gonzalez and Woods, Digital Image Processing.
    """

    amount: Annotated[float, Words("strength", "times the detail")]
    sigma: Annotated[float, Length(), Words("sigma")]

    def __post_init__(self) -> None:
        check_range(self, "amount", 0, 100)
        check_lengths(self)

    def __call__(self, image: Image) -> Image:
        size = 2 * math.ceil(4 * self.sigma) + 1
        blurred = cv2.GaussianBlur(image, (size, size), self.sigma, borderType=cv2.BORDER_REFLECT_101)
        sharpened = cv2.addWeighted(image, 1 + self.amount, blurred, -self.amount, 0)
        return np.clip(sharpened, 0, 1, out=sharpened)
