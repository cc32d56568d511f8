"""What the methods without a network share: chosen parameters, the noise of an image, a blur to undo."""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypedDict

import numpy as np

from benchmark.methods.method import Method
from degrade.core.errors import InputError
from degrade.core.image import Image
from degrade.core.resize import match_scale
from degrade.core.storage import strict_json

BASE = 512  # px; lengths in a GRID are of an image of this side and scale with it, as those of the recipes
_ROUNDING = 1 / (255 * math.sqrt(12))  # deviation of the error of rounding to 8 bits


class _Chosen(TypedDict):
    method: str
    parameters: dict[str, float]


def tuned_method(name: str, restore: Callable[..., Image], parameters_file: Path | None, size: int) -> Method:
    """The method `name` with the parameters that benchmark.runs.checkpoints chose.

    restore: from a contract image and the parameters by name to the restored one. What is stored smaller is enlarged
    to `size` first. Raises InputError when there is no file or it holds another method's.
    """
    if parameters_file is None:
        raise InputError(f"{name}: expected a file of parameters, got none; `benchmark run` chooses them")
    parameters = read_parameters(parameters_file, name)
    return Method(
        name, lambda images: [restore(match_scale(image, size, 1), **parameters) for image in images], scale=1
    )


def read_parameters(path: Path, name: str) -> Mapping[str, float]:
    """The chosen parameters of a parameters.json; InputError when it is damaged or another method's."""
    chosen = strict_json.read_object(path, _Chosen, "a file of chosen parameters", "remove it")
    if chosen["method"] != name:
        raise InputError(f"{path}: expected parameters of {name}, got those of {chosen['method']}")
    return chosen["parameters"]


def noise_level(image: Image) -> float:
    """Standard deviation of white noise in [0, 1], at least that of rounding to 8 bits.

    The median of the absolute diagonal details over 0.6745, their scale 2 x 2 pixels (Haar), over the three channels.
    Source: Donoho and Johnstone, "Ideal Spatial Adaptation by Wavelet Shrinkage", Biometrika 1994.
    """
    even = image[: image.shape[0] // 2 * 2, : image.shape[1] // 2 * 2]
    details = even[::2, ::2] - even[1::2, ::2] - even[::2, 1::2] + even[1::2, 1::2]
    return max(float(np.median(np.abs(details))) / 2 / 0.6745, _ROUNDING)


def without_blur(image: Image, sigma: float, deconvolve: Callable[[Image, np.ndarray], np.ndarray]) -> Image:
    """Undo a Gaussian blur; sigma in pixels of a 512 px image, 0 for no blur.

    deconvolve: from an image and the point spread function, (k, k) with the sum 1. The image is mirrored beyond its
    borders for it, since it takes the outside for black or for the other side.
    """
    reach = math.ceil(4 * sigma * min(image.shape[:2]) / BASE)
    kernel = gaussian(sigma * min(image.shape[:2]) / BASE, reach)
    margin = min(2 * reach, min(image.shape[:2]) - 1)
    wide = np.pad(image, ((margin, margin), (margin, margin), (0, 0)), mode="reflect")
    restored = deconvolve(wide, kernel)[margin : margin + image.shape[0], margin : margin + image.shape[1]]
    return np.clip(restored, 0, 1).astype(np.float32)


def gaussian(sigma: float, reach: int) -> np.ndarray:
    """(2 reach + 1)^2 float32 weights that sum to 1; a single 1 in the middle for sigma 0."""
    away = np.abs(np.arange(-reach, reach + 1))
    line = np.exp(-(away**2) / (2 * sigma**2)) if sigma else (away == 0).astype(float)
    kernel = np.outer(line, line)
    return (kernel / kernel.sum()).astype(np.float32)
