"""As strong as the authors' pipeline: means of imgaug over 10 to 20 draws of the same 60 faces at 512 px.

PSNR here is over 10 draws of each face, SSIM over 2 of them; PSNR and SSIM (Gaussian window) on RGB.
"""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from degrade.core.image import Image, read
from degrade.core.random import rng_for
from degrade.operators.chain import apply
from degrade.recipes.library import RECIPES
from degrade.recipes.parse_recipe import compose

DRAWS, DRAWS_OF_SSIM = 10, 2
DOWN = [
    {"operator": "Resize", "library": "cv2", "filter": "cubic", "factor": {"one_over_uniform": [0.125, 0.25]}},
    {"operator": "Resize", "library": "cv2", "filter": "cubic", "side": 1},
]
(DOWN_ALONE,) = compose({"name": "down", "steps": DOWN})
(STRONG_JPEG,) = compose({"name": "strong", "steps": [{"operator": "Jpeg", "quality": {"integer": [17, 51]}}]})


@pytest.fixture(scope="module")
def faces() -> list[Image]:
    if "FACES_HQ" not in os.environ:
        pytest.skip("FACES_HQ is not set: the faces the authors' pipeline was measured on are not here")
    folder = Path(os.environ["FACES_HQ"])
    return [read(folder / name) for name in (folder / "test.txt").read_text().split()[:60]]


def psnr(degraded: Image, face: Image) -> float:
    return -20 * np.log10(cv2.norm(degraded, face) / np.sqrt(face.size))


def ssim(degraded: Image, face: Image) -> float:
    """Wang et al. (2004): window of 11 px with sigma 1.5; the mean over the places where it fits."""

    def mean(values: np.ndarray) -> np.ndarray:
        return cv2.GaussianBlur(values, (11, 11), 1.5)[5:-5, 5:-5]

    one, other = mean(degraded), mean(face)
    both = one * other
    squares, covariance = mean(degraded**2 + face**2) - one**2 - other**2, mean(degraded * face) - both
    ratios = (2 * both + 0.01**2) * (2 * covariance + 0.03**2) / ((one**2 + other**2 + 0.01**2) * (squares + 0.03**2))
    return float(ratios.mean())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("recipe", "decibel", "within", "similarity"),
    [
        (RECIPES["dual_blind_hifacegan"], 22.8, 0.5, 0.45),
        (RECIPES["dual_blind"], 22.65, 0.5, 0.445),
        (RECIPES["denoise"], 19.02, 0.3, 0.195),
        (RECIPES["deblur"], 27.78, 0.3, 0.780),
        (DOWN_ALONE, 28.46, 0.3, 0.800),
        (STRONG_JPEG, 33.54, 0.3, 0.890),
        (RECIPES["jpeg"], 36.54, 0.3, 0.935),
    ],
    ids=["mixture 17-51", "mixture 50-85", "noise", "blur", "down", "jpeg 17-51", "jpeg 50-85"],
)
def test_means_over_the_faces_are_those_of_the_authors_pipeline(
    recipe, decibel: float, within: float, similarity: float, faces: list[Image]
) -> None:
    decibels, similarities = [], []
    for number, face in enumerate(faces):
        for draw in range(DRAWS):
            degraded = apply(recipe(rng_for(draw, recipe.name, number), 512), face)
            decibels.append(psnr(degraded, face))
            if draw < DRAWS_OF_SSIM:
                similarities.append(ssim(degraded, face))
    print(f"{recipe.name}: {np.mean(decibels):.2f} dB, {np.mean(similarities):.3f}")
    assert np.mean(decibels) == pytest.approx(decibel, abs=within)
    assert np.mean(similarities) == pytest.approx(similarity, abs=0.03)
