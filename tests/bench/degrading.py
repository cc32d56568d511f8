"""How long degradations take at 512 px on one core, and how that compares with other programs on the same images.

imgaug and albumentations are compared with where they can be imported; nothing here installs them.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from degrade.core.image import Image, to_uint8, write
from degrade.core.parallel import one_thread
from degrade.core.random import rng_for
from degrade.operators.base import next_odd
from degrade.operators.blur.gaussian import GaussianBlur, SharpenHalo, imgaug_width
from degrade.operators.blur.kernels import AnisotropicBlur, DefocusBlur, SincBlur
from degrade.operators.blur.motion import MotionBlur
from degrade.operators.chain import Operator, apply
from degrade.operators.digital.compression import Jpeg, Webp
from degrade.operators.digital.resize import Resize
from degrade.operators.noise.additive import GaussianNoise
from degrade.operators.noise.signal_dependent import SaltPepperNoise, SensorNoise, ShotNoise, SpeckleNoise
from degrade.portraits.paint import paint
from degrade.recipes.library import RECIPES
from degrade.splits.make_split import SplitPlan, write_split
from degrade.splits.sources import folder_sources
from tests.bench.timing import milliseconds, reached
from tests.degrade.operators.test_every_operator import EXAMPLES

SIDE = 512
DRAWS = 24  # of a recipe; its time is the mean over them
FACES = 200  # degraded to disk by one worker and by two
SCRIPT = "dual_blind_hifacegan"  # the recipe that other programs are written after


def lines() -> Iterator[str]:
    """The report, line by line."""
    portrait = paint(3, SIDE)
    with one_thread():
        yield f"ms per image, {SIDE} px, one core, image in memory to image in memory"
        yield from _recipes(portrait)
        yield from _operators(portrait)
        yield from _pipelines(portrait)
    yield from _workers()


def _recipes(portrait: Image) -> Iterator[str]:
    for name in RECIPES:
        yield f"{name:<32} {milliseconds(partial(_ours, name, portrait), repeats=3) / DRAWS:>7.1f}"


def _ours(name: str, portrait: Image) -> None:
    """DRAWS images of a recipe, the same ones at every call."""
    recipe = RECIPES[name]
    for number in range(DRAWS):
        apply(recipe(rng_for(number, recipe.key, "face"), SIDE, f"{number:05d}"), portrait)


def _operators(portrait: Image) -> Iterator[str]:
    theirs = _albumentations()
    yield "" if theirs else "albumentations: not installed"
    for operator in EXAMPLES:
        ours, line = milliseconds(partial(operator, portrait)), f"{_shortened(operator):<56}"
        if operator in theirs:
            other = milliseconds(partial(theirs[operator], image=portrait))
            yield f"{line} {ours:>7.1f}   albumentations {other:.1f}, {other / ours:.1f} times ours"
        else:
            yield f"{line} {ours:>7.1f}"


def _shortened(operator: Operator) -> str:
    text = repr(operator)
    return text if len(text) <= 56 else text[:53] + "..."


def _pipelines(portrait: Image) -> Iterator[str]:
    """Our recipe beside the same one in other programs, a round of each in turn, so that a busy machine slows all."""
    pixels = to_uint8(portrait)
    works: dict[str, Callable[[], None]] = {"ours": partial(_ours, SCRIPT, portrait)}
    works["plain numpy and OpenCV"] = partial(_plain, pixels)
    imgaug = _imgaug()
    if imgaug is not None:
        works["imgaug"] = partial(_theirs, imgaug, pixels)
    times = _side_by_side(works)
    for name, spent in times.items():
        yield f"{SCRIPT}, {name}: {spent / DRAWS:.1f} ms"
    yield f"{SCRIPT}: plain numpy and OpenCV / ours {times['plain numpy and OpenCV'] / times['ours']:.2f}"
    if imgaug is None:
        yield "imgaug: not installed"
    else:
        yield reached(f"{SCRIPT}: imgaug / ours", times["imgaug"] / times["ours"], 3)


def _theirs(pipeline: Callable, pixels: np.ndarray) -> None:
    for _ in range(DRAWS):
        pipeline(image=pixels)


def _side_by_side(works: dict[str, Callable[[], None]], rounds: int = 5) -> dict[str, float]:
    """Median ms of each work."""
    rounds_of = [[milliseconds(work, repeats=1) for work in works.values()] for _ in range(rounds)]
    return {name: statistics.median(spent) for name, spent in zip(works, zip(*rounds_of, strict=True), strict=True)}


def _plain(pixels: np.ndarray) -> None:
    """The recipe SCRIPT as one writes it at first: 8-bit images, numpy's generator, OpenCV's filters."""
    rng = np.random.default_rng(0)
    for _ in range(DRAWS):
        image = pixels
        for stage in rng.permutation(4):
            image = (_plain_blur, _plain_noise, _plain_jpeg, _plain_reduction)[stage](rng, image)


def _plain_blur(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    if rng.random() < 0.5:
        sigma = rng.uniform(3, 8)
        width = next_odd(imgaug_width(sigma))
        return cv2.GaussianBlur(image, (width, width), sigma)
    k, direction = next_odd(rng.integers(10, 21)), rng.uniform()
    kernel = np.zeros((k, k), np.float32)
    kernel[:, k // 2] = np.linspace(direction, 1 - direction, k)
    turn = cv2.getRotationMatrix2D((k // 2, k // 2), rng.uniform(0, 360), 1)
    kernel = cv2.warpAffine(kernel, turn, (k, k))
    return cv2.filter2D(image, -1, kernel / kernel.sum())


def _plain_noise(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    kind = rng.integers(3)
    if kind == 0:
        noise = rng.normal(0, rng.uniform(20, 40), image.shape)
    elif kind == 1:
        noise = rng.laplace(0, rng.uniform(20, 40), image.shape)
    else:
        noise = rng.poisson(rng.uniform(15, 30), image.shape) * rng.choice([-1, 1], image.shape)
    return np.clip(np.rint(image + noise), 0, 255).astype(np.uint8)


def _plain_jpeg(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(17, 52))])
    return cv2.imdecode(data, cv2.IMREAD_COLOR)


def _plain_reduction(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    share = rng.uniform(1 / 8, 1 / 4)
    small = cv2.resize(image, None, fx=share, fy=share, interpolation=cv2.INTER_CUBIC)
    return cv2.resize(small, image.shape[1::-1], interpolation=cv2.INTER_CUBIC)


def _imgaug() -> Callable | None:
    """The authors' pipeline in imgaug; None where it cannot be imported."""
    kinds = {"float": (16, 32, 64), "int": (8, 16, 32, 64), "uint": (8, 16, 32, 64)}
    types = {kind: [getattr(np, f"{kind}{bits}") for bits in widths] for kind, widths in kinds.items()}
    vars(np).setdefault("sctypes", types)  # imgaug 0.4.0 reads it, and numpy 2 has it no more
    try:
        from imgaug import augmenters as iaa
    except ImportError:
        return None
    every = {"per_channel": True}
    return iaa.Sequential(
        [
            iaa.OneOf([iaa.GaussianBlur((3, 8)), iaa.MotionBlur(k=(10, 20))]),
            iaa.OneOf(
                [
                    iaa.AdditiveGaussianNoise(scale=(20, 40), **every),
                    iaa.AdditiveLaplaceNoise(scale=(20, 40), **every),
                    iaa.AdditivePoissonNoise(lam=(15, 30), **every),
                ]
            ),
            iaa.JpegCompression((50, 85)),
            iaa.Sequential([iaa.Resize((0.125, 0.25), "cubic"), iaa.Resize({"height": SIDE, "width": SIDE}, "cubic")]),
        ],
        random_order=True,
    )


def _albumentations() -> dict[Operator, Callable]:
    """What it has of the examples, with their parameters as far as it takes them; {} without it."""
    try:
        import albumentations as alb
    except ImportError:
        return {}
    ellipse = {"sigma_x_limit": (2, 2), "sigma_y_limit": (0.7, 0.7), "noise_limit": (1, 1)}
    halo = {"blur_limit": (11, 11), "sigma_limit": (1.2, 1.2), "alpha": (1, 1)}
    speckle = {"multiplier": (0.76, 1.24), "per_channel": True, "elementwise": True}
    return {
        AnisotropicBlur(2.0, 0.7, 30.0): alb.AdvancedBlur(blur_limit=(17, 17), **ellipse, p=1),
        DefocusBlur(2.5): alb.Defocus(radius=(3, 3), alias_blur=(0.1, 0.1), p=1),
        GaussianBlur(1.7): alb.GaussianBlur(blur_limit=(15, 15), sigma_limit=(1.7, 1.7), p=1),
        GaussianNoise(80.0, seed=3): alb.GaussNoise(std_range=(0.31, 0.31), per_channel=True, p=1),
        Jpeg(40): alb.ImageCompression(quality_range=(40, 40), compression_type="jpeg", p=1),
        MotionBlur(7, 0.3, 40.0): alb.MotionBlur(blur_limit=(7, 7), p=1),
        Resize("cv2", "cubic", factor=2.3): alb.Resize(223, 223, interpolation=cv2.INTER_CUBIC, p=1),
        SaltPepperNoise(0.2, 0.3, seed=3): alb.SaltAndPepper(amount=(0.2, 0.2), p=1),
        SensorNoise(30.0, 5.0, seed=3): alb.ISONoise(p=1),
        SharpenHalo(1.5, 1.2): alb.UnsharpMask(**halo, p=1),
        ShotNoise(3.0, seed=3): alb.ShotNoise(scale_range=(0.1, 0.1), p=1),
        SincBlur(1.2, 7): alb.RingingOvershoot(blur_limit=(7, 7), cutoff=(1.2, 1.2), p=1),
        SpeckleNoise(60.0, seed=3): alb.MultiplicativeNoise(**speckle, p=1),
        Webp(40): alb.ImageCompression(quality_range=(40, 40), compression_type="webp", p=1),
    }


def _workers() -> Iterator[str]:
    """The faces are four portraits, rolled, as painting many takes longer than degrading them."""
    with tempfile.TemporaryDirectory() as folder:
        portraits = [paint(seed, SIDE) for seed in range(4)]
        for number in range(FACES):
            rolled = np.roll(portraits[number % 4], number, axis=1)
            write(Path(folder, "faces", f"face_{number:03d}.png"), rolled)
        faces, plan = folder_sources(Path(folder, "faces")), SplitPlan(RECIPES[SCRIPT], "test", SIDE)
        spent = []
        for workers in (1, 2):
            start = time.perf_counter()
            write_split(Path(folder, f"of_{workers}"), faces, plan, workers=workers, progress=False)
            spent.append(time.perf_counter() - start)
    yield f"{FACES} faces to disk, {SCRIPT}: {spent[0]:.1f} s with one worker, {spent[1]:.1f} s with two"
    yield reached("two workers against one", spent[0] / spent[1], 1.8)
