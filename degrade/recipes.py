"""Recipes: the six tasks of the paper, their relatives, the simulated real domain, and the presets of the field.

A recipe never changes: other parameters are a new version. Lengths are those of `base` pixels and scale with
size / base; factors, noise levels, JPEG quality and chances do not scale.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from importlib import resources
from typing import Any

import numpy as np

from degrade.blur import sample_cut_gaussian_blur, sample_gaussian_blur, sample_motion_blur
from degrade.compose import compose, read_recipe, rebuild
from degrade.compress import Quantize, sample_jpeg
from degrade.errors import InputError, unknown
from degrade.mosaic import sample_mosaic
from degrade.noise import sample_gaussian_noise, sample_laplace_noise, sample_poisson_noise, sample_sensor_noise
from degrade.pipeline import Operator
from degrade.recipe import Chain, Recipe
from degrade.resize import Resize, sample_resize
from degrade.tone import sample_fade, sample_sharpen_halo

BASE = 512


def _one_of(rng: np.random.Generator, count: int) -> int:
    return int(rng.integers(count))


def _shuffled(rng: np.random.Generator, stages: list[Chain]) -> Chain:
    """The stages in random order, each followed by the rounding of a saved file."""
    return tuple(operator for place in rng.permutation(len(stages)) for operator in (*stages[place], Quantize()))


def _sr4(rng: np.random.Generator, size: int) -> Chain:
    return Resize("pil", "bicubic", factor=4.0), Quantize()


def _mosaic16(rng: np.random.Generator, size: int) -> Chain:
    return sample_mosaic(rng, (16, 16), size / BASE), Quantize()


def _noise(rng: np.random.Generator) -> Operator:
    samplers = (sample_gaussian_noise, sample_laplace_noise, sample_poisson_noise)
    intervals = ((20.0, 40.0), (20.0, 40.0), (15.0, 30.0))
    kind = _one_of(rng, 3)
    return samplers[kind](rng, intervals[kind])


def _blur(rng: np.random.Generator, size: int) -> Operator:
    if _one_of(rng, 2):
        return sample_motion_blur(rng, (10, 20), size / BASE)
    return sample_cut_gaussian_blur(rng, (3.0, 8.0), size / BASE)


def _denoise(rng: np.random.Generator, size: int) -> Chain:
    return _noise(rng), Quantize()


def _deblur(rng: np.random.Generator, size: int) -> Chain:
    return _blur(rng, size), Quantize()


def _jpeg(rng: np.random.Generator, size: int) -> Chain:
    return (sample_jpeg(rng, (50, 85)),)


def _reduce(rng: np.random.Generator) -> Operator:
    return sample_resize(rng, (4.0, 8.0), (("cv2", "cubic"),))


def _enlarge(size: int) -> Operator:
    return Resize("cv2", "cubic", height=size, width=size)


def _mixture(rng: np.random.Generator, size: int, quality: tuple[int, int]) -> Chain:
    stages = [(_blur(rng, size),), (_noise(rng),), (sample_jpeg(rng, quality),), (_reduce(rng), _enlarge(size))]
    return _shuffled(rng, stages)


def _dual_blind(rng: np.random.Generator, size: int) -> Chain:
    return _mixture(rng, size, (50, 85))


def _dual_blind_hifacegan(rng: np.random.Generator, size: int) -> Chain:
    return _mixture(rng, size, (17, 51))


def _dual_blind_eqn2(rng: np.random.Generator, size: int) -> Chain:
    stages = (_blur(rng, size), _reduce(rng), _noise(rng), sample_jpeg(rng, (50, 85)), _enlarge(size))
    return tuple(operator for stage in stages for operator in (stage, Quantize()))


_KERNELS = (
    ("cv2", "linear"),
    ("cv2", "area"),
    ("cv2", "cubic"),
    ("pil", "box"),
    ("pil", "bilinear"),
    ("pil", "bicubic"),
    ("pil", "lanczos"),
)


def _facerenov_blur(rng: np.random.Generator, size: int) -> Operator:
    if _one_of(rng, 3) == 0:
        return sample_motion_blur(rng, (3, 11), size / BASE)
    return sample_gaussian_blur(rng, (0.5, 3.0), size / BASE)


def _facerenov_resize(rng: np.random.Generator, size: int) -> Chain:
    """Reduced once or twice for the web, perhaps compressed while small, and enlarged again by another program."""
    chain: list[Operator] = [sample_resize(rng, (2.0, 6.0), _KERNELS)]
    if _one_of(rng, 2):
        chain += [Quantize(), sample_resize(rng, (1.0, 1.5), _KERNELS)]
    chain.append(sample_jpeg(rng, (50, 95)) if _one_of(rng, 2) else Quantize())
    library, name = _KERNELS[_one_of(rng, len(_KERNELS))]
    return (*chain, Resize(library, name, height=size, width=size))


def _facerenov_simulated(rng: np.random.Generator, size: int) -> Chain:
    stages: list[Chain] = [
        (_facerenov_blur(rng, size),),
        _facerenov_resize(rng, size),
        (sample_sensor_noise(rng, (3.0, 20.0), (0.3, 3.0)),),
    ]
    if _one_of(rng, 2):
        stages.append((sample_sharpen_halo(rng, (0.3, 1.5), (0.8, 2.5), size / BASE),))
    if _one_of(rng, 2):
        stages.append((sample_fade(rng),))
    chroma = ("420", "420", "422", "444")[_one_of(rng, 4)]
    stages.append((sample_jpeg(rng, (30, 90), chroma),))
    return (*_shuffled(rng, stages), sample_jpeg(rng, (50, 95)))


TASKS = ("sr4", "mosaic16", "denoise", "deblur", "jpeg", "dual_blind")
_PAPER = "ISPL paper, Sec. 4.1; ranges it does not print are those of Lotayou/Face-Renovation, degrade.py"
_SCRIPT = (
    "Lotayou/Face-Renovation, degrade.py: imgaug compression 50-85 is JPEG quality 51 down to 17. The script "
    "compresses BGR as if it were RGB; this recipe compresses RGB"
)
_EQUATION = "ISPL paper, eq. 2 to the letter: blur, reduce, noise, JPEG, enlarge"
_OWN = "this project: a stand-in for FaceRenov outside the synthetic family, not a published preset"

_BLURS = (
    "one of [MotionBlur(k 10..20 made odd, direction 0..1, angle 0..360) | "
    "GaussianBlur(sigma 3..8, cut where imgaug cuts it)]"
)
_NOISES = "one of [GaussianNoise(sigma 20..40) | LaplaceNoise(scale 20..40) | PoissonNoise(lam 15..30)]"
_DOWN = "Resize(cv2 cubic, factor 1/(0.125..0.25))"
_MIXED = "shuffle [{} | {} | Jpeg(quality {}, 420) | {} and back], each rounded"
_REAL = (
    "shuffle [one of [MotionBlur(k 3..11) | 67 % GaussianBlur(sigma 0.5..3)] | Resize(7 filters, factor 2..6), "
    "50 %: again 1..1.5, 50 %: Jpeg(quality 50..95), and back | SensorNoise(shot 3..20 log, read 0.3..3 log) | "
    "50 %: SharpenHalo(amount 0.3..1.5, sigma 0.8..2.5) | 50 %: Fade(black 5..50, white 200..250, saturation 0.3..0.9, "
    "warmth -0.03..0.12) | Jpeg(quality 30..90, 420 half the time, 422, 444)], each rounded + Jpeg(quality 50..95)"
)
_RANGES = {
    "sr4": "Resize(pil bicubic, factor 4)",
    "mosaic16": "Mosaic(block 16)",
    "denoise": _NOISES,
    "deblur": _BLURS,
    "jpeg": "Jpeg(quality 50..85, 420)",
    "dual_blind": _MIXED.format(_BLURS, _NOISES, "50..85", _DOWN),
    "dual_blind_hifacegan": _MIXED.format(_BLURS, _NOISES, "17..51", _DOWN),
    "dual_blind_eqn2": f"{_BLURS} + {_DOWN} + {_NOISES} + Jpeg(quality 50..85, 420) + back, each rounded",
    "facerenov_simulated": _REAL,
}


def _presets() -> list[Recipe]:
    """The recipes of degrade/presets/, whose name and version stand for their document."""
    files = sorted((resources.files("degrade") / "presets").iterdir(), key=lambda path: path.name)
    documents = [tomllib.loads(path.read_text()) for path in files if path.name.endswith(".toml")]
    return [replace(recipe, document="") for document in documents for recipe in compose(document)]


_OWN_DRAWS = (
    Recipe("sr4", 1, "synthetic", 4, BASE, _PAPER, _sr4, _RANGES["sr4"]),
    Recipe("mosaic16", 1, "synthetic", 1, BASE, _PAPER, _mosaic16, _RANGES["mosaic16"]),
    Recipe("denoise", 1, "synthetic", 1, BASE, _PAPER, _denoise, _RANGES["denoise"]),
    Recipe("deblur", 1, "synthetic", 1, BASE, _PAPER, _deblur, _RANGES["deblur"]),
    Recipe("jpeg", 1, "synthetic", 1, BASE, _PAPER, _jpeg, _RANGES["jpeg"]),
    Recipe("dual_blind", 1, "synthetic", 1, BASE, _PAPER, _dual_blind, _RANGES["dual_blind"]),
    Recipe(
        "dual_blind_hifacegan", 1, "synthetic", 1, BASE, _SCRIPT, _dual_blind_hifacegan, _RANGES["dual_blind_hifacegan"]
    ),
    Recipe("dual_blind_eqn2", 1, "synthetic", 1, BASE, _EQUATION, _dual_blind_eqn2, _RANGES["dual_blind_eqn2"]),
    Recipe("facerenov_simulated", 1, "real", 1, BASE, _OWN, _facerenov_simulated, _RANGES["facerenov_simulated"]),
)
RECIPES: dict[str, Recipe] = {recipe.name: recipe for recipe in (*_OWN_DRAWS, *_presets())}


def find_recipe(name: str) -> Recipe:
    """The recipe of that name, or of a TOML file FILE.toml or FILE.toml:SEVERITY (see degrade.compose).

    Raises InputError naming the nearest recipe, or saying what is wrong with the file.
    """
    if name in RECIPES:
        return RECIPES[name]
    path, dot, severity = name.rpartition(".toml")
    if not dot or (severity and not severity.startswith(":")):
        raise unknown("task", name, RECIPES)
    recipe = read_recipe(f"{path}.toml", severity[1:] or None)
    if recipe.name in RECIPES:
        raise InputError(f"{path}.toml: the name '{recipe.name}' is one of the project's recipes; choose another")
    return recipe


def recorded_recipe(info: Mapping[str, Any]) -> Recipe:
    """The recipe that a split.json tells of, a user's own from the document it keeps.

    Raises InputError when this version of the project does not have it.
    """
    recipe = rebuild(info["recipe_document"]) if "recipe_document" in info else find_recipe(info["recipe"])
    if recipe.version != info["recipe_version"]:
        got = f"{recipe.name}@{recipe.version}"
        raise InputError(f"{info['recipe']}@{info['recipe_version']}: expected that recipe version, got {got}")
    return recipe
