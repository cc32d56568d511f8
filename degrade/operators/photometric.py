"""Changes of light and tone: low light, vignettes, fading, a cast of colour."""

import math
from dataclasses import dataclass
from typing import Annotated

import cv2
import numpy as np

from degrade.core.colour import decode, dimmed, encode, in_channels, luma
from degrade.core.image import Image
from degrade.operators.base import check_range
from degrade.operators.words import Words


@dataclass(frozen=True)
class Fade:
    """What light does to a print over the years: less contrast, less colour, a warm cast.

    black, white: what black and white become, in 8-bit steps, 0 to 255, black below white.
    saturation: share of the colour that is left, 0 (grey) to 1.
    warmth: red is multiplied by 1 + warmth and blue by 1 - warmth, -0.5 to 0.5; clipped.
    Source: no paper's, a linear model of this project; the grey that colour fades to is ITU-R BT.601's luma.
    """

    black: Annotated[float, Words("black becomes", "8-bit steps")]
    white: Annotated[float, Words("white becomes", "8-bit steps")]
    saturation: Annotated[float, Words("colour left")]
    warmth: Annotated[float, Words("warmth")]

    def __post_init__(self) -> None:
        check_range(self, "black", 0, 255)
        check_range(self, "white", 0, 255)
        if self.black >= self.white:
            raise ValueError(f"Fade: expected black < white, got {self.black} and {self.white}")
        check_range(self, "saturation", 0, 1)
        check_range(self, "warmth", -0.5, 0.5)

    def __call__(self, image: Image) -> Image:
        grey = in_channels(luma(image))
        coloured = grey + np.float32(self.saturation) * (image - grey)
        toned = np.float32(self.black / 255) + np.float32((self.white - self.black) / 255) * coloured
        toned *= np.array([1 + self.warmth, 1, 1 - self.warmth], np.float32)
        return np.clip(toned, 0, 1, out=toned)


@dataclass(frozen=True)
class ColourCast:
    """Add a constant to each channel, clipped.

    red, green, blue: what is added, in 8-bit steps, -255 to 255.
    Source: Wang et al., GFPGAN (2021), the colour jitter of the authors' training data (shift up to 20 steps).
    """

    red: Annotated[float, Words("red", "8-bit steps")]
    green: Annotated[float, Words("green", "8-bit steps")]
    blue: Annotated[float, Words("blue", "8-bit steps")]

    def __post_init__(self) -> None:
        for field in ("red", "green", "blue"):
            check_range(self, field, -255, 255)

    def __call__(self, image: Image) -> Image:
        cast = (self.red / 255, self.green / 255, self.blue / 255, 0)  # a scalar, which OpenCV's types leave out
        return _clipped(cv2.add(image, cast))  # type: ignore[call-overload]


@dataclass(frozen=True)
class ColourJitter:
    """Change brightness, contrast, saturation and hue, in this order; clipped after each.

    brightness: every value is multiplied by it, 0 to 10.
    contrast: every distance from the mean luma of the image is multiplied by it, 0 to 10.
    saturation: every distance from the pixel's luma is multiplied by it, 0 (grey) to 10.
    hue: turn of the hue of HSV, as a share of a whole turn, -0.5 to 0.5.
    Source: TencentARC/GFPGAN, ffhq_degradation_dataset.py, whose authors take these four from torchvision.
    """

    brightness: Annotated[float, Words("brightness", "times")] = 1.0
    contrast: Annotated[float, Words("contrast", "times")] = 1.0
    saturation: Annotated[float, Words("saturation", "times")] = 1.0
    hue: Annotated[float, Words("hue", "turns")] = 0.0

    def __post_init__(self) -> None:
        for field in ("brightness", "contrast", "saturation"):
            check_range(self, field, 0, 10)
        check_range(self, "hue", -0.5, 0.5)

    def __call__(self, image: Image) -> Image:
        image = _clipped(image * np.float32(self.brightness))
        if self.contrast != 1:
            image = _away(image, np.float32(luma(image).mean(dtype=np.float64)), self.contrast)
        if self.saturation != 1:
            image = _away(image, in_channels(luma(image)), self.saturation)
        return _turned(image, self.hue) if self.hue else image


def _away(image: Image, middle: np.ndarray | np.float32, times: float) -> Image:
    """The distance of each value from the middle, multiplied."""
    moved = image - middle
    moved *= np.float32(times)
    moved += middle
    return _clipped(moved)


def _turned(image: Image, hue: float) -> Image:
    hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV)
    degrees = hsv[:, :, 0] + np.float32(360 * hue)
    degrees -= (degrees >= 360) * np.float32(360)  # the two as % 360 does it, five times sooner
    degrees += (degrees < 0) * np.float32(360)  # last: what is just below 0 becomes 360 and stays so
    hsv[:, :, 0] = degrees
    return _clipped(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB))


def _clipped(values: np.ndarray) -> Image:
    """In the same memory: a new image would cost as much as the clipping."""
    return np.clip(values, 0, 1, out=values)


@dataclass(frozen=True)
class LowLight:
    """Take too short an exposure: linear light is divided by 2^stops.

    The noise that comes with it is SensorNoise, put after this in a chain.

    stops: 0 to 10; each one halves the light.
    Source: a stop is a factor of two in exposure; linear light is that of sRGB (IEC 61966-2-1).
    """

    stops: Annotated[float, Words("loss", "stops")]

    def __post_init__(self) -> None:
        check_range(self, "stops", 0, 10)

    def __call__(self, image: Image) -> Image:
        return encode(decode(image) * np.float32(2.0**-self.stops))


@dataclass(frozen=True)
class Vignette:
    """Darken towards the corners: linear light times 1 / (1 + k r^2)^2, the cosine-fourth law of a lens.

    loss: share of the light that is lost half a diagonal away from the centre, 0 to 0.95; it fixes k.
    down, right: the centre, as fractions of the height and of the width, 0 to 1.
    Source: cos^4(atan(a r)) = 1 / (1 + a^2 r^2)^2, the natural vignetting of a thin lens.
    """

    loss: Annotated[float, Words("light lost towards the corners")]
    down: Annotated[float, Words("centre down", "share of the height")] = 0.5
    right: Annotated[float, Words("centre right", "share of the width")] = 0.5

    def __post_init__(self) -> None:
        check_range(self, "loss", 0, 0.95)
        check_range(self, "down", 0, 1)
        check_range(self, "right", 0, 1)

    def __call__(self, image: Image) -> Image:
        height, width = image.shape[:2]
        squares = (height**2 + width**2) / 4
        down = (np.arange(height, dtype=np.float32) + 0.5 - self.down * height) ** 2
        right = (np.arange(width, dtype=np.float32) + 0.5 - self.right * width) ** 2
        k = 1 / math.sqrt(1 - self.loss) - 1
        return dimmed(image, 1 / np.square(1 + np.float32(k / squares) * (down[:, None] + right)))
