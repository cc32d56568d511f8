"""Eyes, brows and mouth: what a face is recognised by."""

import numpy as np

from degrade.portraits.canvas import Canvas, Field, bump, linear, ramp

_IRISES = ((66, 42, 26), (92, 60, 34), (48, 32, 24), (118, 92, 50), (96, 110, 70), (86, 116, 138), (112, 124, 130))


def paint_eyes(canvas: Canvas) -> None:
    """Both eyes with one iris colour and one gaze."""
    rng, person = canvas.person.rng("eyes"), canvas.person
    last = 3 if person.tone > 0.55 else len(_IRISES)
    iris = linear(*_IRISES[int(rng.integers(last))])
    shape = {
        "half": rng.uniform(0.122, 0.138),
        "up": rng.uniform(0.38, 0.50) - 0.08 * person.smile,
        "low": rng.uniform(0.17, 0.25),
        "tilt": rng.uniform(-0.02, 0.14),
        "lash": rng.uniform(0.5, 0.75) if person.masculine else rng.uniform(0.8, 1.3),
    }
    gaze = (rng.uniform(-0.12, 0.12) - 0.8 * person.yaw, rng.uniform(-0.05, 0.04))
    for side in (-1, 1):
        _paint_eye(canvas, side, shape, iris, gaze)


def _lids(x: Field, shape: dict[str, float]) -> tuple[Field, Field]:
    """Upper and lower lid over x (-1 inner corner .. 1 outer), in half eye widths."""
    arc = np.clip(1 - x * x, 0, 1)
    return -shape["up"] * arc**0.8 * (1 - 0.12 * x), shape["low"] * arc * (1 + 0.22 * x)


Look = tuple[Field, np.ndarray, tuple[float, float]]  # upper lid, iris colour, gaze


def _paint_eye(canvas: Canvas, side: int, shape: dict[str, float], iris: np.ndarray, gaze: tuple[float, float]) -> None:
    half = shape["half"]
    x = (side * canvas.u - 0.25) / half
    y = canvas.v / half + shape["tilt"] * x
    upper, lower = _lids(x, shape)
    beside = ramp(1.12, 0.95, np.abs(x))
    # soft lid folds first, then the ball, then lines and lashes
    crease = y - (1.15 * upper - 0.16)
    canvas.darken(0.50 * np.exp(-((crease / 0.07) ** 2)) * ramp(1.2, 0.7, np.abs(x)), (0.5, 0.36, 0.32))
    canvas.darken(0.22 * np.exp(-(((y - lower - 0.10) / 0.09) ** 2)) * beside, (0.6, 0.42, 0.4))
    opening = canvas.cover(np.maximum(upper - y, y - lower) * half) * (np.abs(x) < 1)
    canvas.lay(_eyeball(canvas, side, x, y, (upper, iris, gaze)), opening)
    rim = np.exp(-(((y - lower - 0.015) / 0.035) ** 2)) * beside
    canvas.darken(0.35 * rim, (0.55, 0.35, 0.34))
    line = np.exp(-(((y - upper + 0.01) / (0.045 + 0.035 * ramp(-0.6, 0.9, x))) ** 2)) * beside
    canvas.darken(np.clip(0.9 * shape["lash"], 0, 0.92) * line, (0.06, 0.045, 0.04))
    _paint_lashes(canvas, side, shape)


def _eyeball(canvas: Canvas, side: int, x: Field, y: Field, look: Look) -> Field:
    upper, iris, gaze = look
    person = canvas.person
    rng = person.rng("iris")
    px, py = x - side * gaze[0], y - gaze[1] + 0.06
    radius = np.sqrt(px * px + py * py) / 0.43
    angle = np.arctan2(py, px)
    fibres = canvas.grained(rng, angle / 6.2832, radius * 0.15, (64, 10))
    light = 0.55 + 0.45 * ramp(-0.1, 0.3, y - upper)
    corner = (1 - 0.35 * np.abs(x) ** 3) * light
    white = corner[:, :, None] * linear(216, 207, 200) * (person.key * 0.55 + person.ambient * 0.6)
    white *= 1 - 0.22 * ramp(0.75, 1.0, np.abs(x))[:, :, None] * np.array([0, 1, 1])
    glow = 0.75 + 0.6 * ramp(-0.5, 0.6, py) + 0.16 * fibres + 0.35 * ramp(0.8, 0.45, radius)
    glow *= 1 - 0.65 * ramp(0.80, 1.0, radius)
    disc = (glow * light)[:, :, None] * iris * (0.5 + person.key * 0.5)
    edge = canvas.step / 0.12
    colours = white + (disc - white) * ramp(1.06 + edge, 0.96 - edge, radius)[:, :, None]
    colours *= 1 - 0.96 * ramp(0.46 + edge, 0.36 - edge, radius)[:, :, None]
    spot = bump(px, py, (0.17 * float(np.sign(person.light[0])), -0.15), (0.075, 0.085))
    weak = bump(px, py, (-0.14 * float(np.sign(person.light[0])), 0.16), (0.10, 0.07))
    return colours + (0.95 * ramp(0.3, 0.7, spot) + 0.06 * weak)[:, :, None]


def _paint_lashes(canvas: Canvas, side: int, shape: dict[str, float]) -> None:
    rng = canvas.person.rng(f"lashes{side}")
    count = 34
    x = np.linspace(-0.75, 1.03, count) + rng.normal(0, 0.015, count)
    upper, lower = _lids(x, shape)
    length = shape["lash"] * (0.10 + 0.13 * (x + 0.8) / 1.8)
    steps = np.linspace(0, 1, 4)[None, :]
    lean = (0.1 + 0.75 * x)[:, None] * length[:, None]
    for lid, way, reach in ((upper, -1.0, 1.0), (lower, 0.8, 0.45)):
        px = x[:, None] + lean * steps * reach
        py = lid[:, None] + way * reach * length[:, None] * steps**1.4 - shape["tilt"] * x[:, None]
        curves = canvas.pixels(side * (0.25 + px * shape["half"]), py * shape["half"])
        canvas.darken((0.85 if way < 0 else 0.3) * canvas.strokes(curves, 0.0045), (0.05, 0.04, 0.04))


def paint_brows(canvas: Canvas) -> None:
    """Hairs along an arc over each eye, over a soft shadow of the same form."""
    person = canvas.person
    rng = person.rng("brows")
    arch, rise = rng.uniform(0.02, 0.07), rng.uniform(0.155, 0.20)
    thick = rng.uniform(0.036, 0.055) if person.masculine else rng.uniform(0.022, 0.038)
    colour = person.hair * (0.7 if person.hair.mean() < 0.3 else 0.5)
    dense = rng.uniform(0.5, 0.9)
    for side in (-1, 1):
        _paint_brow(canvas, side, (arch, rise, thick, dense), colour)


def _paint_brow(canvas: Canvas, side: int, shape: tuple[float, float, float, float], colour: np.ndarray) -> None:
    arch, rise, thick, dense = shape
    rng = canvas.person.rng(f"brow{side}")
    along = (side * canvas.u - 0.085) / 0.33  # 0 at the nose, 1 at the temple
    centre = -rise - arch * np.sin(np.clip(along, 0, 1) * 2.4) + 0.05 * np.clip(along - 0.6, 0, 1)
    half = thick * (0.45 + 0.55 * ramp(0.0, 0.25, along)) * ramp(1.08, 0.45, along)
    inside = ramp(1.3, 0.2, np.abs(canvas.v - centre) / np.maximum(half, 1e-3)) * ramp(-0.04, 0.12, along)
    canvas.lay(colour, 0.6 * dense * inside * ramp(-0.02, 0.3, along) * ramp(1.08, 0.95, along))
    for tone in (0.6, 1.0, 1.5):
        t = rng.beta(1.3, 1.1, 90)
        middle = -rise - arch * np.sin(t * 2.4) + 0.05 * np.clip(t - 0.6, 0, 1)
        reach = thick * (0.45 + 0.55 * np.clip(t / 0.25, 0, 1)) * np.clip((1.08 - t) / 0.6, 0.1, 1)
        start = middle + reach * rng.uniform(-0.9, 0.9, 90)
        steps = np.linspace(0, 1, 3)[None, :]
        across = 0.085 + 0.33 * t[:, None] + (0.02 + 0.05 * t[:, None]) * steps
        down = start[:, None] - (0.05 * (1 - t[:, None]) - 0.015 * t[:, None]) * steps
        curves = canvas.pixels(side * across, down)
        canvas.lay(colour * tone, 0.7 * dense * canvas.strokes(curves, 0.005))


def paint_mouth(canvas: Canvas) -> None:
    """Lips with their own relief of light, teeth when the smile is wide."""
    person = canvas.person
    rng = person.rng("mouth")
    wide = rng.uniform(0.18, 0.215) + 0.04 * person.smile
    full = rng.uniform(0.7, 1.25) * (0.85 if person.masculine else 1.1)
    x, y = canvas.u / wide, (canvas.v - rng.uniform(0.52, 0.55)) / wide
    arc = np.clip(1 - x * x, 0, 1)
    middle = 0.10 * person.smile - 0.28 * person.smile * x * x + 0.03 * np.cos(x * 9) * arc
    gape = max(0.0, person.smile - 0.55) * rng.uniform(0.3, 0.7) * arc
    top = middle - 0.22 * full * arc**0.7 * (1 - 0.22 * np.exp(-((x / 0.13) ** 2)))
    bottom = middle + gape + 0.33 * full * arc**0.6
    lips = canvas.cover(np.maximum(top - y, y - bottom) * wide, soft=0.014) * (np.abs(x) < 1)
    canvas.lay(_lip_colours(canvas, rng, (x, y, middle, gape, bottom)), 0.9 * lips)
    _paint_teeth(canvas, (x, y, middle, gape), wide)
    line = np.exp(-(((y - middle) / 0.035) ** 2)) * ramp(1.08, 0.9, np.abs(x)) * (1 if gape.max() == 0 else 0.6)
    canvas.darken(0.8 * line, (0.20, 0.08, 0.07))
    corners = bump(np.abs(x), y - middle, (1.0, 0), (0.10, 0.08))
    canvas.darken(0.55 * corners, (0.35, 0.2, 0.18))
    canvas.darken(0.28 * bump(x, y - bottom, (0, 0.12), (0.7, 0.10)), (0.5, 0.36, 0.33))


def _lip_colours(canvas: Canvas, rng: np.random.Generator, place: tuple[Field, ...]) -> np.ndarray:
    x, y, middle, gape, bottom = place
    person = canvas.person
    paint = linear(*((150, 40, 50), (176, 72, 84), (190, 100, 100), (120, 44, 60))[int(rng.integers(4))])
    share = 0.0 if person.masculine else float(rng.choice([0.0, 0.0, 0.35, 0.7]))
    natural = person.skin * np.array([0.80, 0.52, 0.54])
    colour = natural * (1 - share) + paint * share
    down = np.clip((y - middle - gape) / np.maximum(bottom - middle - gape, 1e-3), 0, 1)
    light = np.where(y < middle + 0.5 * gape, 0.66, 0.80 + 0.42 * np.sin(down * 2.6) * (1 - 0.3 * np.abs(x)))
    wrinkles = canvas.grained(rng, x * 0.5 + 0.5, y * 0.2, (40, 3))
    light = light * (1 + 0.05 * wrinkles)
    lit = person.key * 0.72 + person.ambient * 0.75
    gloss = rng.uniform(0.02, 0.12) * bump(x, down, (0.15 * float(np.sign(person.light[0])), 0.38), (0.35, 0.18))
    return light[:, :, None] * colour * lit + (gloss * (y > middle + gape))[:, :, None]


def _paint_teeth(canvas: Canvas, place: tuple[Field, ...], wide: float) -> None:
    x, y, middle, gape = place
    if gape.max() == 0:
        return
    person = canvas.person
    hole = canvas.cover(np.maximum(middle - y, y - middle - gape) * wide) * (np.abs(x) < 0.97)
    canvas.lay(linear(60, 22, 22), hole)
    gaps = 0.25 * ramp(0.93, 1.0, np.abs(np.cos(x * 13.5))) * ramp(0.9, 0.2, np.abs(x))
    light = (0.9 - 0.45 * x * x - gaps) * (0.6 + 0.4 * ramp(0.0, 0.08, y - middle))
    teeth = light[:, :, None] * linear(232, 224, 208) * (person.key * 0.55 + person.ambient * 0.6)
    canvas.lay(teeth, hole * ramp(1.0, 0.85, (y - middle) / np.maximum(gape * 0.9, 1e-3)) * ramp(0.95, 0.75, np.abs(x)))
