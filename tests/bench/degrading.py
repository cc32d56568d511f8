"""How long degradations take at 512 px on one core, image in memory to image in memory, beside other programs.

Processor time, the least of several rounds in which each program has its turn. The other programs run in environments
of their own (tests/bench/environments.py) and are left out where these cannot be made.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from degrade.core.image import Image, to_uint8, write
from degrade.core.parallel import one_thread
from degrade.core.random import rng_for
from degrade.operators.base import next_odd
from degrade.operators.blur.gaussian import imgaug_width
from degrade.operators.chain import Operator, apply
from degrade.operators.digital.resize import Resize
from degrade.portraits.paint import paint
from degrade.recipes.library import RECIPES
from tests.bench.environments import MissingPeer, peer
from tests.bench.timing import Reached, least, processor_ms, reached
from tests.degrade.operators.test_every_operator import EXAMPLES

SIDE = 512
DRAWS = 24  # of a recipe; its time is the mean over them
SCRIPT = "dual_blind_hifacegan"  # the recipe that other programs are written after
# The operators that were slow, and what of other programs comes nearest.
NEAREST = {
    "ShotNoise": "albumentations.ShotNoise",
    "SensorNoise": "albumentations.ISONoise",
    "Webp": "albumentations.ImageCompression",
    "Vignette": "albumentations.Illumination, of code values and not of light",
}


def lines() -> Iterator[str | Reached]:
    """The report, line by line."""
    portrait = paint(3, SIDE)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as peers, one_thread():
        image = Path(folder, "portrait.png")
        write(image, portrait)
        found: dict[str, dict[str, Callable[[], float]]] = {}
        for name in ("imgaug", "albumentations", "gfpgan"):
            try:
                found[name] = peers.enter_context(peer(name, "memory", image, DRAWS))
            except MissingPeer as missing:
                yield str(missing)
        yield f"ms per image, {SIDE} px, one core, image in memory to image in memory"
        yield from _recipes(portrait)
        yield from _operators(portrait, found.get("albumentations", {}))
        yield from _resizes(portrait)
        yield from _script(portrait, found.get("imgaug", {}))
        yield from _gfpgan(portrait, {name: found[name] for name in ("albumentations", "gfpgan") if name in found})


def _recipes(portrait: Image) -> Iterator[str]:
    for name, spent in least({name: partial(_ours, name, portrait) for name in RECIPES}, rounds=2).items():
        yield f"{name:<32} {spent / DRAWS:>7.1f}"


def _ours(name: str, portrait: Image) -> float:
    """ms of DRAWS images of a recipe, the same ones at every call."""
    return processor_ms(partial(_drawn, RECIPES[name], portrait))


def _drawn(recipe, portrait: Image) -> None:
    for number in range(DRAWS):
        apply(recipe(rng_for(number, recipe.key, "face"), SIDE, f"{number:05d}"), portrait)


def _operators(portrait: Image, theirs: dict[str, Callable[[], float]]) -> Iterator[str | Reached]:
    compared: set[str] = set()
    for operator in EXAMPLES:
        kind = type(operator).__name__
        works = {"ours": partial(processor_ms, partial(operator, portrait))}
        if kind not in compared:  # the first example is the one that is compared
            works |= {name: work for name, work in theirs.items() if name.partition(".")[0] == kind}
        spent = least(works)
        ours = spent.pop("ours")
        line = f"{_shortened(operator):<56} {ours:>7.1f}"
        if not spent:
            yield line
            continue
        compared.add(kind)
        best = min(spent, key=spent.__getitem__)
        yield f"{line}   albumentations ({best.partition('.')[2]}) {spent[best]:.1f}"
        if kind in NEAREST:
            yield reached(f"{kind}: ours / {NEAREST[kind]}", ours / spent[best], 2, at_most=True)


def _shortened(operator: Operator) -> str:
    text = repr(operator)
    return text if len(text) <= 56 else text[:53] + "..."


def _resizes(portrait: Image) -> Iterator[Reached]:
    """MATLAB's kernel is Pillow's; only what lies beyond the border differs."""
    for factor in (0.25, 2, 4, 16):
        kinds = {
            library: partial(processor_ms, partial(Resize(library, "bicubic", factor=factor), portrait))
            for library in ("matlab", "pil")
        }
        spent = least(kinds)
        name = f"Resize by {factor:g}, matlab: ours / Pillow's bicubic"
        yield reached(name, spent["matlab"] / spent["pil"], 2, at_most=True)


def _script(portrait: Image, imgaug: dict[str, Callable[[], float]]) -> Iterator[str | Reached]:
    plain = partial(processor_ms, partial(_plain, to_uint8(portrait)))
    spent = least({"ours": partial(_ours, SCRIPT, portrait), "plain numpy and OpenCV": plain, **imgaug})
    for name, ms in spent.items():
        yield f"{SCRIPT}, {'imgaug' if name == SCRIPT else name}: {ms / DRAWS:.1f} ms"
    yield f"{SCRIPT}: plain numpy and OpenCV / ours {spent['plain numpy and OpenCV'] / spent['ours']:.2f}"
    if imgaug:
        yield reached(f"{SCRIPT}: imgaug / ours", spent[SCRIPT] / spent["ours"], 3)


def _gfpgan(portrait: Image, peers: dict[str, dict[str, Callable[[], float]]]) -> Iterator[str | Reached]:
    spent = least(
        {"ours": partial(_ours, "gfpgan", portrait), **{name: works["gfpgan"] for name, works in peers.items()}}
    )
    for name, ms in spent.items():
        yield f"gfpgan, {name}: {ms / DRAWS:.1f} ms"
    titles = {"albumentations": "albumentations' nearest chain", "gfpgan": "GFPGAN's own data set"}
    for name in peers:
        yield reached(f"gfpgan: {titles[name]} / ours", spent[name] / spent["ours"], 1)


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
