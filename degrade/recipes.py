"""Recipes: the six tasks of the paper, their relatives, and the simulated real domain.

A recipe never changes: other parameters are a new version. Lengths are those of `base` pixels and scale with
size / base; factors, noise levels, JPEG quality and chances do not scale.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from degrade.blur import sample_cut_gaussian_blur, sample_gaussian_blur, sample_motion_blur
from degrade.compress import Quantize, sample_jpeg
from degrade.errors import InputError, unknown
from degrade.mosaic import sample_mosaic
from degrade.noise import sample_gaussian_noise, sample_laplace_noise, sample_poisson_noise, sample_sensor_noise
from degrade.pipeline import Operator
from degrade.resize import Resize, sample_resize
from degrade.tone import sample_fade, sample_sharpen_halo

Chain = tuple[Operator, ...]
BASE = 512


@dataclass(frozen=True)
class Recipe:
    """Draws a chain of operators for a square image.

    domain: "synthetic" or "real"; scale: side of the reference / side of the degraded image;
    base: the side in pixels at which lengths are as written, None when they never scale.
    """

    name: str
    version: int
    domain: str
    scale: int
    base: int | None
    source: str
    draw: Callable[[np.random.Generator, int], Chain]

    def __call__(self, rng: np.random.Generator, size: int) -> Chain:
        """Draw the operators for an image whose shorter side is `size`; InputError when it cannot have them."""
        if size < self.scale or size % self.scale:
            raise InputError(f"{self.name}: expected a size that is a multiple of {self.scale}, got {size}")
        return self.draw(rng, size)

    @property
    def key(self) -> str:
        """Name and version, the recipe's part of a seed."""
        return f"{self.name}@{self.version}"


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
_SCRIPT = "Lotayou/Face-Renovation, degrade.py: imgaug compression 50-85 is JPEG quality 51 down to 17"
_EQUATION = "ISPL paper, eq. 2 to the letter: blur, reduce, noise, JPEG, enlarge"
_OWN = "this project: a stand-in for FaceRenov outside the synthetic family, not a published preset"

RECIPES: dict[str, Recipe] = {
    "sr4": Recipe("sr4", 1, "synthetic", 4, BASE, _PAPER, _sr4),
    "mosaic16": Recipe("mosaic16", 1, "synthetic", 1, BASE, _PAPER, _mosaic16),
    "denoise": Recipe("denoise", 1, "synthetic", 1, BASE, _PAPER, _denoise),
    "deblur": Recipe("deblur", 1, "synthetic", 1, BASE, _PAPER, _deblur),
    "jpeg": Recipe("jpeg", 1, "synthetic", 1, BASE, _PAPER, _jpeg),
    "dual_blind": Recipe("dual_blind", 1, "synthetic", 1, BASE, _PAPER, _dual_blind),
    "dual_blind_hifacegan": Recipe("dual_blind_hifacegan", 1, "synthetic", 1, BASE, _SCRIPT, _dual_blind_hifacegan),
    "dual_blind_eqn2": Recipe("dual_blind_eqn2", 1, "synthetic", 1, BASE, _EQUATION, _dual_blind_eqn2),
    "facerenov_simulated": Recipe("facerenov_simulated", 1, "real", 1, BASE, _OWN, _facerenov_simulated),
}


def find_recipe(name: str) -> Recipe:
    """The recipe of that name; InputError naming the nearest one otherwise."""
    if name not in RECIPES:
        raise unknown("task", name, RECIPES)
    return RECIPES[name]
