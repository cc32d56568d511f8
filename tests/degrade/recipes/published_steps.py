"""What the authors published, number by number, in the order in which each preset's steps have it.

A fact is a name and its numbers: "GaussianBlur.sigma uniform" and the interval's ends, "weights" of the one_of before
it, "chance" of the step. Files and commits are those of test_published.PUBLISHED.
"""

from collections.abc import Iterator
from math import pi
from typing import Any

Fact = tuple[str, tuple[float, ...]]
Facts = list[Fact]

# Documents that are the project's own: no publication has their numbers.
OWN = {
    "facerenov_simulated",
    "rain_haze",
}


def facts_of(steps: list[dict[str, Any]]) -> Iterator[Fact]:
    """Every number in a recipe's steps as tomllib reads them, with its name."""
    for step in steps:
        for key, value in step.items():
            if isinstance(value, list) and all(isinstance(each, dict) for each in value):
                yield from facts_of(value)
            else:
                name = f"{step['operator']}.{key}" if "operator" in step and key != "chance" else key
                yield from _numbers(name, value)


def _numbers(name: str, value: Any) -> Iterator[Fact]:
    """A constant, a list, or an interval with its kind; a word or a truth value is no number."""
    if isinstance(value, dict):
        for kind, ends in value.items():
            yield from _numbers(f"{name} {kind}", ends)
    elif isinstance(value, list):
        yield name, tuple(value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield name, (value,)


def _one(name: str, *numbers: float) -> Facts:
    return [(name, numbers)]


def _axes(kind: str, draw: str, low: float, high: float) -> Facts:
    return [(f"{kind}.{axis} {draw}", (low, high)) for axis in ("sigma_x", "sigma_y")]


def _face(sigma: tuple, factor: tuple, noise: tuple, quality: tuple, colours: Facts | None = None) -> Facts:
    """Kernels of 41 px; a quality uniform between the two, its fraction cut off."""
    return [
        ("GaussianBlur.sigma uniform", sigma),
        ("GaussianBlur.size", (41,)),
        *_axes("AnisotropicBlur", "uniform", *sigma),
        ("AnisotropicBlur.angle uniform", (-180, 180)),
        ("AnisotropicBlur.size", (41,)),
        ("Resize.factor uniform", factor),
        ("GaussianNoise.sigma uniform", noise),
        ("Jpeg.quality integer", (quality[0], quality[1] - 1)),
        ("Resize.side", (1,)),
        *(colours or []),
    ]


_GFPGAN_COLOURS = [  # color_jitter_prob and _shift, gray_prob, color_jitter_pt_prob and its four ranges
    ("chance", (0.3,)),
    *[(f"ColourCast.{colour} uniform", (-20, 20)) for colour in ("red", "green", "blue")],
    ("chance", (0.01,)),
    *[("Fade.black", (0,)), ("Fade.white", (255,)), ("Fade.saturation", (0,)), ("Fade.warmth", (0,))],
    ("chance", (0.3,)),
    ("ColourJitter.brightness uniform", (0.5, 1.5)),
    ("ColourJitter.contrast uniform", (0.5, 1.5)),
    ("ColourJitter.saturation uniform", (0, 1.5)),
    ("ColourJitter.hue uniform", (-0.1, 0.1)),
]
_BLUR = [
    ("GaussianBlur.sigma uniform", (3, 8)),
    ("MotionBlur.k integer", (10, 20)),
    ("MotionBlur.direction uniform", (0, 1)),
    ("MotionBlur.angle uniform", (0, 360)),
]
_NOISE = [
    ("GaussianNoise.sigma uniform", (20, 40)),
    ("LaplaceNoise.scale uniform", (20, 40)),
    ("PoissonNoise.lam uniform", (15, 30)),
]
_REDUCED, _ENLARGED = _one("Resize.factor one_over_uniform", 0.125, 0.25), _one("Resize.side", 1)
_QUALITY = _one("Jpeg.quality integer", 50, 85)
_IMGAUG_QUALITY = _one("Jpeg.quality rounded", 1 + 99 * (1 - 85 / 101), 1 + 99 * (1 - 50 / 101))

_BSRGAN_WIDTHS = tuple(range(7, 26, 2))


def _bsrgan_branch(sf: float) -> Facts:
    """degradation_bsrgan's shuffled steps at that factor; sigmas of 0 are not printed and not reached here."""
    wd, wd2 = 2 + 0.2 * sf, 4 + sf
    blur = [
        *_axes("AnisotropicBlur", "root_uniform", 0.01, wd2),
        ("AnisotropicBlur.angle uniform", (0, 180)),
        ("AnisotropicBlur.size choice", _BSRGAN_WIDTHS),
        ("GaussianBlur.sigma uniform", (0.01, wd)),
        ("GaussianBlur.size choice", _BSRGAN_WIDTHS),
    ]
    return [
        *blur,
        *blur,
        *3 * _one("Resize.factor uniform", 1, 2 * sf),
        ("GaussianBlur.sigma uniform", (0.1, 0.6 * sf)),
        ("GaussianBlur.size", (25,)),
        ("Resize.side", (1 / 4,)),
        ("weights", (0.75, 1 - 0.75)),
        *3 * _one("Resize.side", 1 / 4),
        ("GaussianNoise.sigma integer", (2, 25)),
        ("GreyNoise.sigma integer", (2, 25)),
        ("CorrelatedNoise.level", (25,)),
        ("weights", (1 - 0.6, 0.4, 0.6 - 0.4)),
        ("Jpeg.quality integer", (30, 95)),
        ("chance", (0.9,)),
        ("in_order", (3, 4)),  # the second reduction follows the first
    ]


_BSRGAN = [*_bsrgan_branch(4), *4 * _one("Resize.side", 1 / 2), *_bsrgan_branch(2), ("weights", (0.75, 0.25))]
_BSRGAN += _one("Jpeg.quality integer", 30, 95)

_WIDTHS = tuple(range(7, 22, 2))


def _shaped(kind: str, sigma: tuple, betas: list[Fact]) -> Facts:
    """Round kernels of both halves of beta, then turned ones of both."""
    width, angle = ("size choice", _WIDTHS), ("angle uniform", (-180, 180))
    round_axes, axes = [("sigma_x uniform", sigma), ("angle", (0,))], [("sigma_x uniform", sigma)]
    axes += [("sigma_y uniform", sigma), angle]
    fields = [fact for sides in (round_axes, axes) for beta in betas for fact in (*sides, beta, width)]
    return [(f"{kind}.{field}", numbers) for field, numbers in fields]


def _realesrgan_kernels(sigma: tuple) -> Facts:
    """kernel_prob of the list, times 1 - sinc_prob; below 13 px a sinc's cutoff begins at pi / 3, else at pi / 5."""
    generalised = [("beta uniform", (0.5, 1)), ("beta uniform", (1, 4))]  # betag_range in two halves about 1
    plateau = [("beta", (1,)), ("beta uniform", (1, 2))]  # betap_range: its half below 1 is empty
    return [
        ("GaussianBlur.sigma uniform", sigma),
        ("GaussianBlur.size choice", _WIDTHS),
        *_axes("AnisotropicBlur", "uniform", *sigma),
        ("AnisotropicBlur.angle uniform", (-180, 180)),
        ("AnisotropicBlur.size choice", _WIDTHS),
        *_shaped("GeneralisedBlur", sigma, generalised),
        *_shaped("PlateauBlur", sigma, plateau),
        ("SincBlur.cutoff uniform", (pi / 3, pi)),
        ("SincBlur.size choice", _WIDTHS[:3]),
        ("SincBlur.cutoff uniform", (pi / 5, pi)),
        ("SincBlur.size choice", _WIDTHS[3:]),
        ("weights", (3, 5)),
        ("weights", (*[0.9 * share for share in (0.45, 0.25, 0.12, 0.03, 0.12, 0.03)], 0.1)),
    ]


def _realesrgan_noise(sigma: tuple, scale: tuple) -> Facts:
    """gaussian_noise_prob 0.5, gray_noise_prob 0.4; else Poisson noise, grey as often."""
    kinds = [("GaussianNoise.sigma uniform", sigma), ("GreyNoise.sigma uniform", sigma)]
    kinds += 2 * [("ShotNoise.gain square_uniform", scale)]
    return [*kinds, ("weights", (0.5 * 0.6, 0.5 * 0.4, 0.5 * 0.6, 0.5 * 0.4))]


_SINC = [("SincBlur.cutoff uniform", (pi / 3, pi)), ("SincBlur.size choice", _WIDTHS), ("chance", (0.8,))]
_JPEG = _one("Jpeg.quality integer", 30, 95)
_REALESRGAN = [
    *_realesrgan_kernels((0.2, 3)),
    *3 * _one("Resize.factor one_over_uniform", 1, 1.5),
    *3 * _one("Resize.factor one_over_uniform", 0.15, 1),
    ("weights", (0.2, 0.7, 0.1)),
    *_realesrgan_noise((1, 30), (0.05, 3)),
    *_JPEG,
    ("chance", (0.8,)),
    *_realesrgan_kernels((0.2, 1.5)),
    *3 * _one("Resize.side uniform", 1 / 4, 1.2 / 4),
    *3 * _one("Resize.side uniform", 0.3 / 4, 1 / 4),
    *3 * _one("Resize.side", 1 / 4),
    ("weights", (0.3, 0.4, 0.3)),
    *_realesrgan_noise((1, 25), (0.05, 2.5)),
    *3 * _one("Resize.side", 1 / 4),
    *_SINC,
    *_JPEG,
    *_JPEG,
    *3 * _one("Resize.side", 1 / 4),
    *_SINC,
]
_IMAGENET_C = [
    ("GaussianNoise.sigma severity", tuple(255 * c for c in (0.08, 0.12, 0.18, 0.26, 0.38))),
    ("ShotNoise.gain severity", tuple(255 / c for c in (60, 25, 12, 5, 3))),
    ("SaltPepperNoise.share severity", (0.03, 0.06, 0.09, 0.17, 0.27)),
    ("SaltPepperNoise.salt", (0.5,)),
    ("SpeckleNoise.sigma severity", tuple(255 * c for c in (0.15, 0.2, 0.35, 0.45, 0.6))),
    ("GaussianBlur.sigma severity", (1, 2, 3, 4, 6)),
    ("DefocusBlur.radius severity", (3, 4, 6, 8, 10)),
    ("Resize.side severity", (0.6, 0.5, 0.4, 0.3, 0.25)),
    ("Resize.side", (1,)),
    ("Jpeg.quality severity", (25, 18, 15, 10, 7)),
]
_DIFFACE = [
    ("AnisotropicBlur.sigma_x grid", (4, 8, 12, 16)),
    ("AnisotropicBlur.sigma_y choice", (4, 8, 12, 16)),
    ("AnisotropicBlur.angle grid", (0, 45, 90, 135)),
    ("AnisotropicBlur.size", (41,)),
    ("Resize.factor grid", tuple(range(4, 41, 4))),
    ("GaussianNoise.sigma grid", (1, 5, 10, 15, 20)),
    ("Jpeg.quality grid", (30, 40, 50, 60, 70)),
    ("Resize.side", (1,)),
]
STEPS: dict[str, Facts] = {
    "sr4": _one("Resize.factor", 4),
    "mosaic16": _one("Mosaic.block", 16),
    "denoise": _NOISE,
    "deblur": _BLUR,
    "jpeg": _QUALITY,
    "dual_blind": [*_BLUR, *_NOISE, *_QUALITY, *_REDUCED, *_ENLARGED],
    "dual_blind_eqn2": [*_BLUR, *_REDUCED, *_NOISE, *_QUALITY, *_ENLARGED],
    "dual_blind_hifacegan": [*_BLUR, *_NOISE, *_IMGAUG_QUALITY, *_REDUCED, *_ENLARGED],
    "gfpgan": _face((0.1, 10), (0.8, 8), (0, 20), (60, 100), _GFPGAN_COLOURS),
    "codeformer_ii": _face((1, 15), (4, 30), (0, 20), (30, 80)),
    "codeformer_iii_small": _face((0.1, 10), (1, 12), (0, 15), (60, 100)),
    "codeformer_iii_large": _face((1, 15), (4, 30), (0, 20), (30, 80)),
    "diffbir": _face((0.1, 12), (1, 12), (0, 15), (30, 100)),
    "diffbir_face": _face((0.1, 10), (0.8, 8), (0, 20), (60, 100)),
    "difface_test": _DIFFACE,
    "bsrgan": _BSRGAN,
    "realesrgan_x4": _REALESRGAN,
    "imagenet_c": _IMAGENET_C,
}
