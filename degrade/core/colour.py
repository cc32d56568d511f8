"""The curve of sRGB and its inverse, luma, and YCbCr."""

import cv2
import numpy as np

from degrade.core.image import Image

LUMA = (0.299, 0.587, 0.114)  # weights of red, green and blue; ITU-R BT.601
# Rows Y, Cb, Cr with chroma around 0, of JPEG; ITU-T T.871.
TO_YCC = (LUMA, (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))


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
    red, green, blue = (image[:, :, channel] * weight for channel, weight in enumerate(np.array(LUMA, np.float32)))
    return red + green + blue
