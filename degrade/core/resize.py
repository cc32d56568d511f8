"""Resizing by Pillow's antialiased filters, for what is no degradation."""

import cv2
import numpy as np
from PIL import Image as Pillow

from degrade.core.image import Image


def resize_bicubic(image: Image, height: int, width: int) -> Image:
    """The one "bicubic" of the project, (H, W, 3) to (height, width, 3): antialiased, in float, clipped to [0, 1].

    Source: the kernel of Keys, IEEE TASSP 1981, a = -0.5, as MATLAB's imresize and Pillow have it.
    """
    return resize_pil(image, height, width, Pillow.Resampling.BICUBIC)


def match_scale(image: Image, size: int, scale: int) -> Image:
    """Bring a degraded image to the side a method of `scale` takes in to give `size` out.

    The shorter side becomes size / scale by resize_bicubic, the other follows in proportion; an image
    that has that side already is returned as it is (not copied).
    Source: the ISPL paper, Sec. 4.1 (inputs of super-resolution methods are reduced by bicubic).
    Raises ValueError when size is not a multiple of scale.
    """
    if scale < 1 or size < scale or size % scale:
        raise ValueError(f"match_scale: expected a size that is a multiple of the scale, got {size} and {scale}")
    height, width = image.shape[:2]
    side, shorter = size // scale, min(height, width)
    if shorter == side:
        return image
    return resize_bicubic(image, max(1, round(height * side / shorter)), max(1, round(width * side / shorter)))


def resize_pil(
    image: Image, height: int, width: int, kernel: Pillow.Resampling, border: tuple[int, int] = (0, 0)
) -> Image:
    """The image (H, W, 3) by one of Pillow's antialiased filters, to (height, width, 3) in px, clipped to [0, 1].

    kernel: Pillow's filter. border: (px above and below, px to each side) that are mirrored, the edge repeated, and
    weighed at the borders; with none of them the filter is cut off there, as Pillow does.
    Source: Pillow's Image.resize with a box, which keeps float values of one channel.
    """
    down, right = border
    box = right, down, right + image.shape[1], down + image.shape[0]
    resized = np.empty((height, width, 3), np.float32)
    for channel in range(3):  # each padded by itself: for a large factor the border is several times the image
        plane = cv2.copyMakeBorder(image[:, :, channel], down, down, right, right, cv2.BORDER_REFLECT)
        resized[:, :, channel] = np.asarray(Pillow.fromarray(plane).resize((width, height), kernel, box))
    return np.clip(resized, 0, 1, out=resized)


def resize_plane(plane: np.ndarray, height: int, width: int) -> np.ndarray:
    """resize_bicubic of one channel (H, W), uint8 or float in [0, 1], to float32: a large image is resized by these."""
    values = np.multiply(plane, np.float32(1 / 255)) if plane.dtype == np.uint8 else plane
    resized = Pillow.fromarray(np.ascontiguousarray(values)).resize((width, height), Pillow.Resampling.BICUBIC)
    return np.clip(np.asarray(resized), 0, 1)
