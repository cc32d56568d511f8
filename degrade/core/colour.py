"""The curve of sRGB and its inverse, luma, and YCbCr."""

import cv2
import numpy as np

from degrade.core.doubles import single
from degrade.core.image_type import Image

LUMA = (0.299, 0.587, 0.114)  # weights of red, green and blue; ITU-R BT.601
# Rows Y, Cb, Cr with chroma around 0, of JPEG; ITU-T T.871.
TO_YCC = (LUMA, (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))


def decode(image: Image) -> np.ndarray:
    """sRGB values to linear light, both in [0, 1]. Source: IEC 61966-2-1."""
    light = _power((image + 0.055) / 1.055, 2.4)
    np.copyto(light, image / 12.92, where=image <= 0.04045)
    return light


def encode(light: np.ndarray) -> Image:
    """Linear light in [0, 1] to sRGB values; the inverse of `decode`."""
    encoded = _power(light, 1 / 2.4)
    encoded *= 1.055
    encoded -= 0.055
    np.copyto(encoded, light * 12.92, where=light <= 0.0031308)
    return np.clip(encoded, 0, 1, out=encoded)


def dimmed(image: Image, share: np.ndarray) -> Image:
    """`encode(decode(image) * share)` for shares (H, W) of the light, above 0 and at most 1, to the last bits.

    Where the curve is a power so is its inverse, and a share of the light is a power of it of the value + 0.055. Only
    what the share leaves in, or brings to, the curve's straight part is decoded.
    """
    shares = in_channels(share)
    dim: np.ndarray = image + 0.055
    dim *= in_channels(_power(share, 1 / 2.4))
    dim -= 0.055
    straight = np.flatnonzero(dim <= 0.04045)
    if straight.size:
        light = decode(np.take(image, straight)[None])[0] * np.take(shares, straight)
        np.put(dim, straight, 12.92 * light)
    return dim


def _power(base: np.ndarray, exponent: float) -> np.ndarray:
    return single(cv2.pow(base.astype(np.float64), exponent))


def in_channels(plane: np.ndarray) -> np.ndarray:
    """(H, W) as (H, W, 3) of three equal channels, which is five times faster to reckon with than (H, W, 1)."""
    return cv2.merge((plane, plane, plane))


def luma(image: Image) -> np.ndarray:
    """(H, W) weighted mean of the encoded channels. Source: ITU-R BT.601.

    Not a matrix product: its last bit depends on the processor, the threads and the layout in memory.
    """
    red, green, blue = (image[:, :, channel] * weight for channel, weight in enumerate(np.array(LUMA, np.float32)))
    return red + green + blue
