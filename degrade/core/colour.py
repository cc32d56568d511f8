"""Linear light: the curve of sRGB and its inverse, and what happens to light before a picture is encoded."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from degrade.core.image import Image
from degrade.operators.base import check_range

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def decode(image: Image) -> np.ndarray:
    """sRGB values to linear light, both in [0, 1]. Source: IEC 61966-2-1."""
    return np.where(image <= 0.04045, image / 12.92, cv2.pow((image + 0.055) / 1.055, 2.4))


def encode(light: np.ndarray) -> Image:
    """Linear light in [0, 1] to sRGB values; the inverse of `decode`."""
    encoded = np.where(light <= 0.0031308, light * 12.92, 1.055 * cv2.pow(light, 1 / 2.4) - 0.055)
    return np.clip(encoded, 0, 1, out=encoded)


def luma(image: Image) -> np.ndarray:
    """(H, W) weighted mean of the encoded channels. Source: ITU-R BT.601.

    Not a matrix product: its last bit depends on the processor, the threads and the layout in memory.
    """
    red, green, blue = (image[:, :, channel] * weight for channel, weight in enumerate(_LUMA))
    return red + green + blue


@dataclass(frozen=True)
class LowLight:
    """Take too short an exposure: linear light is divided by 2^stops.

    The noise that comes with it is SensorNoise, put after this in a chain.

    stops: 0 to 10; each one halves the light.
    """

    stops: float

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

    loss: float
    down: float = 0.5
    right: float = 0.5

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
        falloff = (1 + np.float32(k / squares) * (down[:, None] + right)) ** -2
        return encode(decode(image) * falloff.astype(np.float32)[:, :, None])
