"""The pixels of a recipe's version are a promise: the same on every machine, and after every change of the code."""

import hashlib
import json
import os
import subprocess
import sys

import numpy as np

from degrade.recipes.degrade_image import degrade_image
from degrade.recipes.library import RECIPES
from tests.degrade.recipes.golden import GOLDEN

PROMISED = {recipe: pixels for recipe, (_, pixels) in GOLDEN.items()}
SIDE = 256
# What other machines lack, switched off: Intel's IPP in OpenCV, AVX-512 in OpenCV and numpy, a kernel of OpenBLAS.
ELSEWHERE = {
    "OPENCV_IPP": "disabled",
    "OPENCV_CPU_DISABLE": "AVX512-SKX",
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    "OPENBLAS_CORETYPE": "Haswell",
}


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


def test_they_are_those_of_a_machine_without_ipp_and_avx512() -> None:
    code = "import json; from tests.degrade.recipes.test_pixels import made; print(json.dumps(made()))"
    command = [sys.executable, "-W", "ignore", "-c", code]
    done = subprocess.run(command, env=os.environ | ELSEWHERE, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == PROMISED
