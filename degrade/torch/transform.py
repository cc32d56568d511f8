"""One image degraded where a training reads it."""

from pathlib import Path
from typing import TypeVar

import numpy as np
import torch

from degrade.core.errors import InputError
from degrade.core.random import check_whole
from degrade.recipes.degrade_image import degrade_image
from degrade.recipes.library import find_recipe
from degrade.recipes.recipe import Recipe

Pixels = TypeVar("Pixels", np.ndarray, torch.Tensor)


class Degrade:
    """Degrades an image by what (seed, recipe, key) draw and by nothing else: no worker, order or global random state.

    recipe: a name of `degrade.list_recipes`, or FILE.toml. Raises InputError for an unknown one, and for a seed
    that is no whole number.
    """

    def __init__(self, recipe: Recipe | Path | str, seed: int = 0) -> None:
        self.recipe = find_recipe(recipe)
        check_whole(seed, "seed")
        self.seed = seed

    def __call__(self, image: Pixels, key: str, epoch: int | None = None) -> Pixels:
        """The degraded image, of the same kind, smaller where the recipe reduces it; always values of 8 bits.

        image: an array (H, W, 3) or a tensor (3, H, W), RGB, uint8 or float in [0, 1]. key: the file's name without
        suffix gives the pixels that `degrade run` writes for the same 8-bit image and seed. epoch: draws the image
        anew in every epoch; None draws as for a split. Raises InputError as `degrade.degrade_image`.

        >>> face = torch.full((3, 64, 64), 200, dtype=torch.uint8)
        >>> degraded = Degrade("denoise", seed=7)(face, "face_001")
        >>> degraded.shape, degraded.dtype, torch.equal(degraded, Degrade("denoise", seed=7)(face, "face_001"))
        (torch.Size([3, 64, 64]), torch.uint8, True)
        """
        if isinstance(image, torch.Tensor):
            return as_tensor(self._drawn(_as_array(image), key, epoch))
        return self._drawn(image, key, epoch)

    def _drawn(self, array: np.ndarray, key: str, epoch: int | None) -> np.ndarray:
        return degrade_image(array, self.recipe, self.seed, key, epoch)[0]


def as_tensor(array: np.ndarray) -> torch.Tensor:
    """(H, W, 3) => (3, H, W) of the same numbers."""
    return torch.from_numpy(np.ascontiguousarray(array.transpose(2, 0, 1)))


def _as_array(image: torch.Tensor) -> np.ndarray:
    if image.ndim != 3 or image.shape[0] != 3:
        raise InputError(f"image: expected a tensor of shape (3, H, W), got {tuple(image.shape)}; give one RGB image")
    try:
        return image.detach().cpu().numpy().transpose(1, 2, 0)
    except (TypeError, RuntimeError) as error:  # of bfloat16, which holds no 8 bits; without numbers; sparse; conjugate
        got = f"{image.dtype} on {image.device}"
        raise InputError(f"image: expected a tensor of uint8, or float in [0, 1], got {got}; convert it") from error
