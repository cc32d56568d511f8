"""The pixels of a recipe's version are a promise: the same on every machine, and after every change of the code."""

import json
import os
import subprocess
import sys

import pytest

from degrade.recipes.library import find_recipe, list_recipes
from tests.reference.recipe_pixels import FILE, hashes

PROMISED = json.loads(FILE.read_text())
# What other machines lack, switched off: Intel's IPP in OpenCV, AVX-512 in OpenCV and numpy, a kernel of OpenBLAS.
ELSEWHERE = {
    "OPENCV_IPP": "disabled",
    "OPENCV_CPU_DISABLE": "AVX512-SKX",
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    "OPENBLAS_CORETYPE": "Haswell",
}


@pytest.fixture(scope="module")
def made():
    return hashes()


@pytest.mark.parametrize("recipe", list_recipes())
def test_every_recipe_makes_the_pixels_that_its_version_promised(recipe, made):
    key = find_recipe(recipe).key
    told = f"{key} gives other pixels: raise its version, then python -m tests.reference.recipe_pixels"
    assert made[key] == PROMISED[key], told


def test_they_are_those_of_a_machine_without_ipp_and_avx512():
    code = "import json; from tests.reference.recipe_pixels import hashes; print(json.dumps(hashes()))"
    command = [sys.executable, "-W", "ignore", "-c", code]
    done = subprocess.run(command, env=os.environ | ELSEWHERE, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == PROMISED
