"""OpenCV's linear and cubic interpolation, with weights in double.

OpenCV rounds the place of a pixel to float32, or has it in double where Intel's IPP does the work, and so its results
depend on the machine. These are IPP's but for the last bits; the others lie up to 1e-5 away (sides below 100 px).
"""

from collections.abc import Callable
from functools import lru_cache

import cv2
import numpy as np
from scipy.sparse import csr_array

from degrade.core.doubles import single
from degrade.core.image import Image

Weights = Callable[[np.ndarray], list[np.ndarray]]
_A = -0.75  # OpenCV's slope of the cubic at distance 1


def interpolate(image: Image, height: int, width: int, name: str) -> Image:
    """The image at another size, by one of WEIGHTS; the edge is repeated, no average is taken, nothing is clipped."""
    values = image.astype(np.float64)
    if height < len(image):  # the columns are turned to rows and back, while the image is smallest
        return single(_columns(_rows(values, height, name), width, name))
    return single(_rows(_columns(values, width, name), height, name))


def _rows(values: np.ndarray, count: int, name: str) -> np.ndarray:
    mixed = _matrix(len(values), count, name) @ values.reshape(len(values), -1)
    return mixed.reshape(count, *values.shape[1:])


def _columns(values: np.ndarray, count: int, name: str) -> np.ndarray:
    return cv2.transpose(_rows(cv2.transpose(values), count, name))


def _linear(part: np.ndarray) -> list[np.ndarray]:
    return [1 - part, part]


def _cubic(part: np.ndarray) -> list[np.ndarray]:
    """Keys' kernel (IEEE TASSP 1981, eq. 4) with OpenCV's a."""

    def near(distance: np.ndarray) -> np.ndarray:
        return ((_A + 2) * distance - (_A + 3)) * distance**2 + 1

    def far(distance: np.ndarray) -> np.ndarray:
        return ((_A * distance - 5 * _A) * distance + 8 * _A) * distance - 4 * _A

    return [far(1 + part), near(part), near(1 - part), far(2 - part)]


WEIGHTS: dict[str, Weights] = {"linear": _linear, "cubic": _cubic}


@lru_cache(maxsize=64)
def _matrix(old: int, new: int, name: str) -> csr_array:
    """(new, old): a row holds what each old pixel of a line counts for in a new one."""
    # The middle of new pixel i lies at (i + 1/2) old / new - 1/2; in whole numbers no rounding chooses the pixels.
    first, rest = np.divmod((2 * np.arange(new) + 1) * old - new, 2 * new)
    weights = np.stack(WEIGHTS[name](rest / (2 * new)), axis=1)
    count = weights.shape[1]
    places = np.clip(first[:, None] + np.arange(count) - (count // 2 - 1), 0, old - 1)
    return csr_array((weights.ravel(), places.ravel(), np.arange(0, new * count + 1, count)), shape=(new, old))
