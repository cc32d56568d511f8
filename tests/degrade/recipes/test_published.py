"""What the presets draw against what their authors published, with the file it was read from.

That each number of a preset is the published one, and that a change of any is seen, is in test_published_steps.
"""

import math
from collections import Counter
from functools import cache

import cv2
import numpy as np
import pytest
from scipy import ndimage

from degrade.core.random import rng_for
from degrade.operators.blur.gaussian import GaussianBlur
from degrade.operators.chain import apply
from degrade.operators.digital.resize import Resize
from degrade.portraits.paint import paint
from degrade.recipes.library import RECIPES
from tests.degrade.recipes.published_steps import OWN

CHAINS = 1200
WIDTHS = {"BSRGAN": [*range(7, 26, 2)], "Real-ESRGAN": [*range(7, 22, 2)]}

# A pair is an interval, a list the only values. Noise in 8-bit steps, lengths in pixels, angles in degrees.
_SCRIPT = "Lotayou/Face-Renovation:degrade.py, eea8c65"
_BLUR = {"MotionBlur.k": [*range(11, 22, 2)], "MotionBlur.direction": (0, 1), "MotionBlur.angle": (0, 360)}
_BLUR |= {"GaussianBlur.sigma": (3, 8)}
_NOISE = {"GaussianNoise.sigma": (20, 40), "LaplaceNoise.scale": (20, 40), "PoissonNoise.lam": (15, 30)}
_MIXTURE = _BLUR | _NOISE | {"Resize.factor": (1 / 0.25, 1 / 0.125)}


def _face(sigma: tuple, factor: tuple, noise: tuple, quality: tuple) -> dict[str, tuple | list]:
    """The four ranges as the files print them; OpenCV takes the quality without its fraction."""
    axes = dict.fromkeys(("GaussianBlur.sigma", "AnisotropicBlur.sigma_x", "AnisotropicBlur.sigma_y"), sigma)
    widths = dict.fromkeys(("GaussianBlur.size", "AnisotropicBlur.size"), [41])
    rest = {"AnisotropicBlur.angle": (-180, 180), "Resize.factor": factor, "GaussianNoise.sigma": noise}
    return axes | widths | rest | {"Jpeg.quality": [*range(*quality)]}


def _imagenet_c(place: int) -> dict[str, tuple | list]:
    side = int(512 * [0.6, 0.5, 0.4, 0.3, 0.25][place])
    return {
        "GaussianNoise.sigma": [255 * [0.08, 0.12, 0.18, 0.26, 0.38][place]],
        "ShotNoise.gain": [255 / [60, 25, 12, 5, 3][place]],
        "SaltPepperNoise.share": [[0.03, 0.06, 0.09, 0.17, 0.27][place]],
        "SpeckleNoise.sigma": [255 * [0.15, 0.2, 0.35, 0.45, 0.6][place]],
        "GaussianBlur.sigma": [[1, 2, 3, 4, 6][place]],
        "GaussianBlur.border": ["repeat"],
        "DefocusBlur.radius": [[3, 4, 6, 8, 10][place]],
        "Resize.height": [side, 512],
        "Jpeg.quality": [[25, 18, 15, 10, 7][place]],
    }


_IMAGENET_C = "hendrycks/robustness:ImageNet-C/create_c/make_imagenet_c.py, e0377d4"
PUBLISHED = {
    "sr4": ("ISPL paper, Sec. 4.1", {"Resize.factor": [4.0], "Resize.filter": ["bicubic"]}),
    "mosaic16": ("ISPL paper, Sec. 4.1", {"Mosaic.block": [16]}),
    "denoise": (_SCRIPT, _NOISE),
    "deblur": (_SCRIPT, _BLUR),
    "jpeg": ("ISPL paper, Sec. 4.1", {"Jpeg.quality": [*range(50, 86)], "Jpeg.chroma": ["420"]}),
    "dual_blind": (_SCRIPT, _MIXTURE | {"Jpeg.quality": [*range(50, 86)]}),
    "dual_blind_eqn2": ("ISPL paper, eq. 2", _MIXTURE | {"Jpeg.quality": [*range(50, 86)]}),
    "dual_blind_hifacegan": (
        "aleju/imgaug:imgaug/augmenters/arithmetic.py, 049ab03",
        _MIXTURE | {"Jpeg.quality": [*range(round(1 + 99 * (1 - 85 / 101)), round(1 + 99 * (1 - 50 / 101)) + 1)]},
    ),
    "gfpgan": (
        "TencentARC/GFPGAN:options/train_gfpgan_v1.yml, 658df4d",
        _face((0.1, 10), (0.8, 8), (0, 20), (60, 100))
        | dict.fromkeys(("ColourCast.red", "ColourCast.green", "ColourCast.blue"), (-20, 20)),
    ),
    "codeformer_ii": (
        "sczhou/CodeFormer:options/CodeFormer_stage2.yml, aeb20c8",
        _face((1, 15), (4, 30), (0, 20), (30, 80)),
    ),
    "codeformer_iii_small": (
        "sczhou/CodeFormer:options/CodeFormer_stage3.yml, aeb20c8",
        _face((0.1, 10), (1, 12), (0, 15), (60, 100)),
    ),
    "codeformer_iii_large": (
        "sczhou/CodeFormer:options/CodeFormer_stage3.yml, aeb20c8",
        _face((1, 15), (4, 30), (0, 20), (30, 80)),
    ),
    "diffbir": (
        "XPixelGroup/DiffBIR:configs/train/train_stage1.yaml, 185ada0; configs/train/train_stage2.yaml, 7a332cc",
        _face((0.1, 12), (1, 12), (0, 15), (30, 100)),
    ),
    "diffbir_face": (
        "XPixelGroup/DiffBIR:configs/dataset/face_train.yaml, 18fc52a",
        _face((0.1, 10), (0.8, 8), (0, 20), (60, 100)),
    ),
    "difface_test": (
        "zsyOAOA/DifFace:datapipe/prepare/face/make_testing_data.py, cdbc630",
        {
            "AnisotropicBlur.sigma_x": [4, 8, 12, 16],
            "AnisotropicBlur.sigma_y": [4, 8, 12, 16],
            "AnisotropicBlur.angle": [0, 45, 90, 135],
            "AnisotropicBlur.size": [41],
            "Resize.factor": [4, 8, 12, 16, 20, 24, 28, 32, 36, 40],
            "GaussianNoise.sigma": [1, 5, 10, 15, 20],
            "Jpeg.quality": [30, 40, 50, 60, 70],
        },
    ),
    "bsrgan": (
        "cszn/KAIR:utils/utils_blindsr.py, 5480229",
        {
            "AnisotropicBlur.sigma_x": (0, math.sqrt(4 + 4)),
            "AnisotropicBlur.sigma_y": (0, math.sqrt(4 + 4)),
            "AnisotropicBlur.angle": (0, 180),
            "AnisotropicBlur.size": WIDTHS["BSRGAN"],
            "GaussianBlur.sigma": (0, 2 + 0.2 * 4),
            "GaussianBlur.size": WIDTHS["BSRGAN"],
            "Resize.factor": (1, 2 * 4),
            "Resize.height": [256, 128],
            "GaussianNoise.sigma": [*range(2, 26)],
            "GreyNoise.sigma": [*range(2, 26)],
            "Jpeg.quality": [*range(30, 96)],
        },
    ),
    "realesrgan_x4": (
        "xinntao/Real-ESRGAN:options/train_realesrgan_x4plus.yml, 0011624",
        {
            "GaussianBlur.sigma": (0.2, 3),
            "AnisotropicBlur.sigma_x": (0.2, 3),
            "AnisotropicBlur.angle": (-180, 180),
            "GaussianBlur.size": WIDTHS["Real-ESRGAN"],
            "AnisotropicBlur.size": WIDTHS["Real-ESRGAN"],
            "GeneralisedBlur.beta": (0.5, 4),
            "PlateauBlur.beta": (1, 2),
            "SincBlur.cutoff": (math.pi / 5, math.pi),
            "SincBlur.size": WIDTHS["Real-ESRGAN"],
            "Resize.factor": (1 / 1.5, 1 / 0.15),
            "GaussianNoise.sigma": (1, 30),
            "GreyNoise.sigma": (1, 30),
            "ShotNoise.gain": (0.05**2, 3**2),
            "Jpeg.quality": [*range(30, 96)],
        },
    ),
} | {f"imagenet_c_{place + 1}": (_IMAGENET_C, _imagenet_c(place)) for place in range(5)}
FLOORED = ("gfpgan", "codeformer_ii", "codeformer_iii_small", "codeformer_iii_large", "diffbir", "diffbir_face")


@cache
def chains(name: str, size: int = 512) -> list[tuple]:
    recipe = RECIPES[name]
    return [recipe(rng_for(seed, recipe.key, "published"), size, f"{seed:05d}") for seed in range(CHAINS)]


def drawn(name: str, key: str) -> list:
    """The values of that field; a Resize has a factor or a side, so a 0 is none of them."""
    kind, field = key.split(".")
    operators = (operator for chain in chains(name) for operator in chain if type(operator).__name__ == kind)
    return [value for operator in operators if (value := getattr(operator, field)) != 0 or kind != "Resize"]


def test_every_recipe_is_held_against_a_publication_or_is_the_projects_own() -> None:
    own = {name for name in RECIPES if {name, name.rpartition("_")[0]} & OWN}  # with its severity or without
    assert set(PUBLISHED) == RECIPES.keys() - own
    assert all(RECIPES[name].compared and RECIPES[name].not_compared for name in RECIPES)
    for name, (source, _) in PUBLISHED.items():
        assert source in RECIPES[name].compared, name


@pytest.mark.slow
@pytest.mark.parametrize(("name", "key"), [(name, key) for name, (_, facts) in PUBLISHED.items() for key in facts])
def test_a_field_is_drawn_from_the_published_values_and_fills_them(name: str, key: str) -> None:
    found, expected = drawn(name, key), PUBLISHED[name][1][key]
    if isinstance(expected, list):
        near = {value if isinstance(value, str) else round(value, 9) for value in found}
        assert near == {value if isinstance(value, str) else round(value, 9) for value in expected}
    else:
        low, high = expected
        margin = 0.08 * (high - low)
        assert low <= min(found) <= low + margin
        assert high - margin <= max(found) <= high


@pytest.mark.parametrize("name", FLOORED)
def test_the_pipelines_for_faces_have_their_order_and_floor_the_small_side(name: str) -> None:
    kinds = Counter()
    for blur, down, noise, jpeg, up, *_ in chains(name):
        kinds[type(blur).__name__] += 1
        names = [type(each).__name__ for each in (down, noise, jpeg, up)]
        assert names == ["Resize", "GaussianNoise", "Jpeg", "Resize"]
        assert (down.library, down.filter, up.filter, up.height, jpeg.chroma) == ("cv2", "linear", "linear", 512, "420")
        assert down.realised(512, 512) == dict.fromkeys(("height", "width"), int(512 / down.factor))
    assert kinds["GaussianBlur"] / CHAINS == pytest.approx(0.5, abs=0.05)


def test_difface_makes_42_px_of_a_twelfth_25_of_a_twentieth_and_12_of_a_fortieth() -> None:
    sides = {chain[1].factor: chain[1].realised(512, 512)["height"] for chain in chains("difface_test")}
    assert sides == {4: 128, 8: 64, 12: 42, 16: 32, 20: 25, 24: 21, 28: 18, 32: 16, 36: 14, 40: 12}


@pytest.mark.parametrize(("size", "sides"), [(224, [134, 112, 89, 67, 56]), (512, [307, 256, 204, 153, 128])])
def test_pixelate_has_the_floor_of_the_side_times_c(size: int, sides: list[int]) -> None:
    for place, side in enumerate(sides):
        found = {chain[0].height for chain in chains(f"imagenet_c_{place + 1}", size) if isinstance(chain[0], Resize)}
        assert found == {side}


@pytest.mark.parametrize("name", ["realesrgan_x4", "bsrgan"])
def test_the_factors_on_the_way_floor_the_side_too(name: str) -> None:
    steps = [each for chain in chains(name) for each in chain if isinstance(each, Resize) and each.factor]
    assert steps and all(each.realised(512, 512)["height"] == int(512 / each.factor) for each in steps)


def test_a_quality_cut_to_a_whole_number_never_is_the_highest_and_has_the_others_equally_often() -> None:
    """Uniform in 60..100, the fraction cut off: 60 to 99, each with 1 in 40."""
    counts = Counter(drawn("gfpgan", "Jpeg.quality"))
    assert counts[100] == 0
    assert sum(counts[quality] for quality in range(60, 70)) / CHAINS == pytest.approx(0.25, abs=0.04)


@pytest.mark.slow
def test_imgaug_rounds_its_quality_so_the_ends_come_less_often() -> None:
    """Uniform in 16.68..50.99, rounded: 51 has 0.49 of 34.31."""
    counts = Counter(
        operator.quality
        for seed in range(6000)
        for operator in RECIPES["dual_blind_hifacegan"](rng_for(seed, "ends"), 512)
        if type(operator).__name__ == "Jpeg"
    )
    length = 99 * 35 / 101
    assert counts[51] / 6000 == pytest.approx((50.990 - 50.5) / length, abs=0.005)
    assert counts[34] / 6000 == pytest.approx(1 / length, abs=0.007)


def test_an_eighth_of_bsrgan_begins_with_matlabs_bicubic_to_one_half() -> None:
    firsts = Counter(
        chain[0].library for chain in chains("bsrgan") if isinstance(chain[0], Resize) and chain[0].height == 256
    )
    assert firsts["matlab"] / CHAINS == pytest.approx(0.125, abs=0.03)
    assert firsts["cv2"] / CHAINS == pytest.approx(0.125, abs=0.03)


@pytest.mark.slow
@pytest.mark.parametrize("name", FLOORED)
def test_the_pipelines_for_faces_give_the_pixels_of_opencv_called_as_the_authors_call_it(name: str) -> None:
    """Their calls one after the other on BGR; without noise, which comes from another generator, and colours."""
    face = paint(3, 512)
    for chain in chains(name)[:6]:
        blur, down, _, jpeg, up = chain[:5]
        axes = (
            (blur.sigma, blur.sigma, 0) if isinstance(blur, GaussianBlur) else (blur.sigma_x, blur.sigma_y, blur.angle)
        )
        side, bgr = int(512 // down.factor), np.ascontiguousarray(face[:, :, ::-1])
        small = cv2.resize(cv2.filter2D(bgr, -1, _gaussian(*axes)), (side, side), interpolation=cv2.INTER_LINEAR)
        data = cv2.imencode(".jpg", small * 255.0, [cv2.IMWRITE_JPEG_QUALITY, jpeg.quality])[1]
        decoded = cv2.imdecode(data, cv2.IMREAD_COLOR).astype(np.float32) / 255
        expected = cv2.resize(decoded, (512, 512), interpolation=cv2.INTER_LINEAR)[:, :, ::-1]
        levels = np.abs(apply((blur, down, jpeg, up), face) - expected) * 255
        assert levels.mean() < 0.02 and (levels > 1).mean() < 0.002


def _gaussian(sigma_x: float, sigma_y: float, angle: float) -> np.ndarray:
    """41 x 41 weights of the covariance R diag(sigma^2) R^T, right and down."""
    cosine, sine = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    rotation = np.array([[cosine, -sine], [sine, cosine]])
    inverse = np.linalg.inv(rotation @ np.diag([sigma_x**2, sigma_y**2]) @ rotation.T)
    places = np.stack(np.meshgrid(np.arange(-20.0, 21), np.arange(-20.0, 21)), axis=-1)
    weights = np.exp(-np.einsum("hwi,ij,hwj->hw", places, inverse, places) / 2)
    return weights / weights.sum()


@pytest.mark.parametrize(("factor", "sigma"), [(4, 2.4), (4, 0.7), (2, 1.2)])
def test_bsrgans_shifted_kernel_and_every_nth_pixel_are_a_blur_and_a_linear_resize(factor: int, sigma: float) -> None:
    """The kernel is moved by (factor - 1) / 2 px with linear interpolation, then convolved; every nth pixel is kept."""
    face, line = paint(5, 128), np.exp(-((np.arange(25) - 12.0) ** 2) / (2 * sigma**2))
    moved = np.interp(np.clip(np.arange(25) + (factor - 1) / 2, 0, 24), np.arange(25), line)
    for axis in (0, 1):
        face = ndimage.convolve1d(face, moved / moved.sum(), axis=axis, mode="mirror")
    linear = Resize("cv2", "linear", factor=factor)
    ours = apply((GaussianBlur(sigma, 25), linear), paint(5, 128))
    np.testing.assert_allclose(ours, face[::factor, ::factor], atol=2e-4)
