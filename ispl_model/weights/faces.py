"""The faces that ispl-lite is trained on: each as it is and as other photographs of it."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from degrade.core.colour import LUMA
from degrade.core.image import Image, read, write
from degrade.core.progress import progress_bar
from degrade.core.random import rng_for
from degrade.core.storage.files import make_folder
from degrade.recipes.library import find_recipe
from degrade.splits.make_split import SplitPlan, write_split
from degrade.splits.sources import folder_sources, images_by_name, read_list
from degrade.splits.split import Split, load_split

SIZE, VARIANTS = 256, 3


@dataclass(frozen=True)
class Colours:
    """How far colours are varied: gain of each channel around 1, and saturation, drawn uniformly."""

    gain: float
    saturation: tuple[float, float]


# Photographs are yellow by lamps, blue by shade, faded and grey: what is trained on near colours alone pulls theirs
# towards the mean of its faces.
COLOURS = {"near": Colours(0.06, (0.5, 1.2)), "wide": Colours(0.18, (0.0, 1.5))}


def varied_split(faces: Path, out: Path, seed: int, recipe: str, colours: str = "near") -> Split:
    """The faces in `faces` that its train.txt names, as they are and varied, degraded by a recipe.

    A split of VARIANTS faces of each, made in `out` where it is missing. seed: of everything drawn; colours: a name of
    COLOURS.
    """
    names = read_list(faces / "train.txt")
    made = out / "faces" if colours == "near" else out / f"faces-{colours}"
    make_folder(made)
    for name, file in progress_bar(images_by_name(faces, names).items(), "varied faces", unit="face"):
        face = read(file)
        for variant in range(VARIANTS):
            path = made / f"{name}-{variant}.png"
            if not path.exists():
                write(path, varied(face, rng_for(seed, name, variant), COLOURS[colours]) if variant else face)
    chosen = find_recipe(recipe)
    split = out / f"{made.name.replace('faces', 'split')}-{chosen.name}"
    write_split(split, folder_sources(made), SplitPlan(chosen, "train", SIZE, seed))
    return load_split(split)


def varied(image: Image, rng: np.random.Generator, colours: Colours) -> Image:
    """Another photograph of the face: turned, nearer or farther, in other light. All draws are uniform.

    Turned by up to 6 degrees, 0.88 to 1.12 times as large, shifted by up to 8 of 256 px; gamma e^-0.3 to e^0.3, then
    its colours, and contrast times 0.85 to 1.15.
    """
    side = image.shape[0]
    matrix = cv2.getRotationMatrix2D(((side - 1) / 2,) * 2, rng.uniform(-6, 6), rng.uniform(0.88, 1.12))
    matrix[:, 2] += rng.uniform(-8, 8, 2) * side / 256
    image = cv2.warpAffine(image, matrix, (side, side), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    image = np.clip(image, 0, 1) ** np.exp(rng.uniform(-0.3, 0.3)) * rng.uniform(1 - colours.gain, 1 + colours.gain, 3)
    grey = (image @ np.array(LUMA, np.float32))[..., None]
    image = grey + rng.uniform(*colours.saturation) * (image - grey)
    mean = image.mean()
    return np.clip(mean + rng.uniform(0.85, 1.15) * (image - mean), 0, 1).astype(np.float32)
