"""Painted portraits: one person per seed, the same at any size, with no data and no network.

They are what the `quick` profile and a first try without FFHQ work on: enough like FFHQ (framing,
tones, fine texture) for a restoration network to learn from and for a face detector to find.
"""

import cv2
import numpy as np

from degrade.core.doubles import single
from degrade.core.errors import InputError
from degrade.core.image import Image
from degrade.core.random import rng_for
from degrade.portraits.canvas import VERSION, Canvas, Person, bump, linear
from degrade.portraits.face import paint_face
from degrade.portraits.hair import paint_beard, paint_hair_behind, paint_hair_in_front
from degrade.portraits.scene import paint_background, paint_body, paint_glasses

# dlib finds a face in each of these 72 at 256 px; it misses about one seed in 200.
PORTRAITS = {"train": range(0, 48), "val": range(100_000, 100_008), "test": range(300_000, 300_016)}
_ROOM = 100_000  # seeds of one role
_LARGEST = 2048  # px; takes 1.6 GB
_SMALLEST = 256  # smaller portraits are this one reduced, so that fine detail averages as in a photograph
_LAYERS = (
    paint_background,
    paint_hair_behind,
    paint_body,
    paint_face,
    paint_beard,
    paint_hair_in_front,
    paint_glasses,
)
_TONES = ((0.0, 240, 205, 184), (0.25, 226, 180, 150), (0.5, 199, 146, 111), (0.75, 143, 94, 67), (1.0, 86, 56, 43))
_HAIR = ((28, 22, 20), (45, 32, 25), (78, 52, 34), (115, 76, 46), (168, 124, 76), (214, 178, 122), (140, 62, 30))
_STYLES = ("short", "parted", "long", "fringe", "curly", "tied", "cropped", "bald")
_FEMININE = (0.06, 0.04, 0.34, 0.20, 0.18, 0.17, 0.01, 0.0)
_MASCULINE = (0.38, 0.24, 0.06, 0.0, 0.10, 0.02, 0.12, 0.08)


def portrait_seeds(role: str, count: int) -> range:
    """The first `count` seeds of a role; roles never share a seed.

    Raises ValueError for an unknown role or a count outside 0..100000.
    """
    if role not in PORTRAITS or not 0 <= count <= _ROOM:
        raise ValueError(f"expected one of {sorted(PORTRAITS)} and a count of 0..{_ROOM}, got {role!r}, {count}")
    start = PORTRAITS[role].start
    return range(start, start + count)


def portrait_name(seed: int) -> str:
    """The file stem of a portrait.

    >>> portrait_name(17)
    'portrait_00017'
    """
    return f"portrait_{seed:05d}"


def paint(seed: int, size: int) -> Image:
    """The portrait of one seed as a contract image (size, size, 3), a head crop framed as in FFHQ.

    One seed is one person in one light at any size; below 256 px it is the larger one reduced.
    Takes about 0.15 s at 256 px. Raises InputError for a size outside 16..2048.
    """
    if not 16 <= size <= _LARGEST:
        raise InputError(f"portraits: expected a side from 16 to {_LARGEST} px, got {size}")
    factor = -(-_SMALLEST // size) if size < _SMALLEST else 1
    canvas = Canvas(_person(seed), size * factor)
    for part in _LAYERS:
        part(canvas)
    image = _developed(canvas)
    if factor > 1:
        image = cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA)
    return single(np.clip(image, 0, 1))


def _person(seed: int) -> Person:
    rng = rng_for(seed, "portrait", VERSION, "person")
    masculine = bool(rng.random() < 0.5)
    age, tone = float(rng.random()), float(rng.random())
    style = _STYLES[int(rng.choice(len(_STYLES), p=_MASCULINE if masculine else _FEMININE))]
    key, ambient = _lights(rng)
    return Person(
        seed=seed,
        masculine=masculine,
        age=age,
        tone=tone,
        skin=_skin(rng, tone),
        hair=_hair_colour(rng, tone, age),
        style=style,
        smile=float(np.clip(rng.normal(0.5, 0.4), 0, 1)),
        yaw=float(np.clip(rng.normal(0, 0.11), -0.24, 0.24)),
        pitch=float(np.clip(rng.normal(0, 0.04), -0.08, 0.08)),
        roll=float(np.clip(rng.normal(0, 0.05), -0.13, 0.13)),
        scale=rng.uniform(1.02, 1.14),
        centre=(float(rng.normal(0, 0.02)), rng.uniform(-0.13, -0.06)),
        jaw=_jaw(rng, masculine),
        light=_light(rng),
        key=key,
        ambient=ambient,
    )


def _jaw(rng: np.random.Generator, masculine: bool) -> tuple[float, float, float]:
    width = rng.uniform(0.53, 0.58) if masculine else rng.uniform(0.50, 0.555)
    length = rng.uniform(0.82, 0.92) if masculine else rng.uniform(0.78, 0.86)
    return width, length, rng.uniform(0.05, 0.22) if masculine else rng.uniform(0.16, 0.34)


def _light(rng: np.random.Generator) -> np.ndarray:
    side = float(rng.choice([-1, 1])) * rng.uniform(0.1, 0.95)
    direction = np.array([side, -rng.uniform(0.2, 0.75), rng.uniform(0.7, 1.1)])
    return direction / np.linalg.norm(direction)


def _lights(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    warmth = rng.uniform(-0.10, 0.14)
    tint = np.array([1 + warmth, 1.0, 1 - warmth])
    fill = rng.uniform(0.16, 0.42)
    return (1.5 - fill) * tint, fill * (2 - tint)


def _skin(rng: np.random.Generator, tone: float) -> np.ndarray:
    table = np.array(_TONES)
    colour = [float(np.interp(tone, table[:, 0], table[:, channel])) for channel in (1, 2, 3)]
    redness, yellowness = rng.normal(0, 3), rng.normal(0, 5)
    return linear(colour[0], colour[1] - redness, colour[2] - yellowness)


def _hair_colour(rng: np.random.Generator, tone: float, age: float) -> np.ndarray:
    choice = min(int(abs(rng.normal(0, 0.6 + 2.4 * (1 - tone)))), len(_HAIR) - 1)
    grey = float(np.clip((age - 0.72) * 3.5 + rng.normal(0, 0.15), 0, 0.92)) if age > 0.6 else 0.0
    return linear(*_HAIR[choice]) * (1 - grey) + linear(186, 182, 178) * grey


def _developed(canvas: Canvas) -> np.ndarray:
    """Linear light to display values: shoulder, vignette, gamma, film grain."""
    rng = canvas.person.rng("film")
    exposure, depth = rng.uniform(1.05, 1.4), rng.uniform(0.0, 0.25)
    vignette = 1 - depth * (1 - bump(canvas.frame_x, canvas.frame_y, (0, 0), (1.5, 1.5)))
    light = np.maximum(canvas.colour, 0) * vignette[:, :, None]
    display = (1 - np.exp(-exposure * light)) ** (1 / 2.2)
    strength = rng.uniform(0.004, 0.014)
    fine = canvas.size >= 2 * _SMALLEST
    display += ((0.5 if fine else 1.0) * strength * canvas.noise(rng, _SMALLEST))[:, :, None]
    if fine:
        display += (strength * canvas.noise(rng, 2 * _SMALLEST))[:, :, None]
    return display
