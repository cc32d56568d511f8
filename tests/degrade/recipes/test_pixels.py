"""The pixels of a recipe's version are a promise: the same on every machine, and after every change of the code."""

import hashlib

import numpy as np

from degrade.core.image import from_uint8, to_uint8
from degrade.operators.blur.gaussian import GaussianBlur
from degrade.operators.digital.resize import FILTERS, Resize
from degrade.recipes.degrade_image import degrade_image
from degrade.recipes.library import RECIPES
from tests.degrade.elsewhere import elsewhere
from tests.degrade.operators.test_every_operator import EXAMPLES
from tests.degrade.recipes.golden import GOLDEN

PROMISED = {recipe: pixels for recipe, (_, pixels) in GOLDEN.items()}
SIDE = 256


def picture() -> np.ndarray:
    """Slopes with edges under a little noise, (SIDE, SIDE, 3) uint8, in whole numbers alone."""
    down, across = np.mgrid[0:SIDE, 0:SIDE]
    slopes = [np.abs((3 * down + step * across) % 512 - 256) * 7 // 8 + 8 for step in (1, 2, 5)]
    noise = np.random.SFC64(0).random_raw(SIDE * SIDE * 3).reshape(SIDE, SIDE, 3) % 17
    return (np.stack(slopes, axis=2) + noise.astype(int) - 8).astype(np.uint8)


def made() -> dict[str, str]:
    """Name and version of every recipe: a hash of the pixels of four images, which draw differently."""
    given, found = picture(), {}
    for name in RECIPES:
        images = [degrade_image(given, name, name=one)[0] for one in ("first", "second", "third", "fourth")]
        found[RECIPES[name].key] = hashlib.sha256(b"".join(image.tobytes() for image in images)).hexdigest()[:12]
    return found


def test_every_recipe_makes_the_pixels_that_its_version_promised() -> None:
    assert made() == PROMISED


def operated() -> dict[str, str]:
    """Every example of an operator, and every filter: a hash of the pixels that it makes of a float image."""
    filters = [
        (library, name, factor) for library in FILTERS for name in FILTERS[library] for factor in (0.8, 1.3, 4.0)
    ]
    resizes = [Resize(library, name, factor) for library, name, factor in filters]
    image = GaussianBlur(0.7)(from_uint8(picture()))
    return {repr(each): hashlib.sha256(to_uint8(each(image)).tobytes()).hexdigest() for each in (*EXAMPLES, *resizes)}


def test_they_are_those_of_a_machine_without_ipp_and_avx512() -> None:
    assert elsewhere(made) == PROMISED


def test_every_operator_makes_the_same_pixels_there() -> None:
    assert elsewhere(operated) == operated()
