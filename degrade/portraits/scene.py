"""What is around the face: background, neck and clothes, glasses."""

import numpy as np

from degrade.portraits.canvas import Canvas, Field, bump, linear, ramp, shade


def paint_background(canvas: Canvas) -> None:
    """A wall, a room out of focus or greenery, lit from the same side as the face."""
    rng, person = canvas.person.rng("background"), canvas.person
    first, second = _muted(rng), _muted(rng)
    tilt = rng.uniform(-1, 1)
    share = np.clip(0.5 + 0.4 * (tilt * canvas.frame_x + canvas.frame_y) + 0.12 * canvas.noise(rng, 4), 0, 1)
    canvas.colour[:] = first + (second - first) * share[:, :, None]
    kind = str(rng.choice(["wall", "blobs", "bokeh", "leaves"]))
    if kind == "wall":
        canvas.colour *= (1 + 0.02 * canvas.noise(rng, 128) + 0.05 * canvas.noise(rng, 16))[:, :, None]
    elif kind == "bokeh":
        _paint_bokeh(canvas, rng)
    else:
        _paint_blobs(canvas, rng, green=kind == "leaves")
    canvas.colour *= (1 + 0.25 * float(person.light[0]) * canvas.frame_x)[:, :, None]


def _paint_bokeh(canvas: Canvas, rng: np.random.Generator) -> None:
    for _ in range(14):
        x, y, radius = rng.uniform(-1, 1), rng.uniform(-1, 0.8), rng.uniform(0.05, 0.17)
        disc = canvas.cover(np.hypot(canvas.frame_x - x, canvas.frame_y - y) - radius, soft=0.02)
        canvas.colour += (rng.uniform(0.05, 0.35) * disc)[:, :, None] * linear(*rng.uniform(120, 255, 3))


def _paint_blobs(canvas: Canvas, rng: np.random.Generator, green: bool) -> None:
    for cells in (4, 7, 13, 24):
        colour = linear(rng.uniform(30, 120), rng.uniform(70, 140), rng.uniform(20, 70)) if green else _muted(rng)
        canvas.lay(colour, rng.uniform(0.3, 0.7) * ramp(-0.6, 1.8, canvas.noise(rng, cells)))


def _muted(rng: np.random.Generator) -> np.ndarray:
    """A colour such as rooms have: any brightness, mostly little saturation."""
    colour, share = linear(*rng.uniform(25, 225, 3)), rng.uniform(0.1, 0.6)
    return colour * share + (1 - share) * colour.mean()


def paint_body(canvas: Canvas) -> None:
    """Neck with the shadow of the chin, then clothes over the shoulders."""
    rng, person = canvas.person.rng("body"), canvas.person
    half = rng.uniform(0.36, 0.42) if person.masculine else rng.uniform(0.29, 0.34)
    jaw = person.jaw[1]
    x = canvas.x - 0.08 * float(np.sin(person.yaw))
    spread = half + 0.5 * np.clip(canvas.y - jaw - 0.05, 0, 1) ** 1.5
    height = 0.8 * half * np.sqrt(np.clip(1 - (x / spread) ** 2, 0, 1))
    height += 0.02 * bump(np.abs(x) - 0.5 * half, canvas.y, (0, jaw + 0.3), (0.05, 0.3))
    colours = shade(canvas, height, person.skin * 0.88)
    colours *= (1 + 0.02 * canvas.noise(rng, 128))[:, :, None]
    neck = canvas.cover(np.abs(x) - spread) * (canvas.y > 0.2)
    canvas.lay(colours, neck)
    shadow = ramp(jaw + 0.30, jaw - 0.02, canvas.y + 0.10 * np.abs(x) + 0.15 * float(person.light[0]) * x)
    canvas.darken(0.72 * shadow * neck, (0.32, 0.2, 0.17))
    _paint_clothes(canvas, rng, half)


def _paint_clothes(canvas: Canvas, rng: np.random.Generator, half: float) -> None:
    person = canvas.person
    base = linear(*rng.uniform(15, 235, 3))
    base = base * 0.6 + 0.4 * base.mean()
    kind = str(rng.choice(["round", "v", "collar", "high"]))
    jaw, x, y = person.jaw[1], canvas.x, canvas.y
    depth = {"round": 0.30, "v": 0.42, "collar": 0.34, "high": 0.12}[kind]
    open_half = half * {"round": 1.15, "v": 1.0, "collar": 1.0, "high": 1.02}[kind]
    bend = 1.0 if kind in ("v", "collar") else 2.2
    neckline = jaw + depth - depth * 0.85 * np.clip(np.abs(x) / open_half, 0, 2) ** bend
    shoulder = jaw + 0.05 + 0.30 * np.clip(np.abs(x) - half, 0, 2) ** 1.4
    top = np.where(np.abs(x) < open_half, neckline, shoulder - 0.02)
    top = np.maximum(top, shoulder - 0.06)
    folds = canvas.noise(rng, 5) + 0.5 * canvas.noise(rng, 11)
    height = 0.5 * np.sqrt(np.clip(1 - (x / 1.6) ** 2, 0.05, 1)) + 0.05 * folds
    colours = shade(canvas, height, base, wrap=0.3)
    colours *= (1 + _weave(canvas, rng))[:, :, None]
    cover = canvas.cover(top - y)
    canvas.darken(0.4 * canvas.blur(cover, 0.03) * (1 - cover), (0.3, 0.2, 0.2))
    canvas.lay(colours, cover)
    seam = np.exp(-(((y - top - 0.035) / 0.008) ** 2)) + 0.6 * np.exp(-(((y - top) / 0.02) ** 2))
    canvas.darken(0.35 * np.clip(seam, 0, 1) * cover, (0.3, 0.3, 0.3))


def _weave(canvas: Canvas, rng: np.random.Generator) -> Field:
    kind = int(rng.integers(4))
    period = rng.uniform(0.012, 0.03)
    fine = 0.03 * (canvas.noise(rng, 128) + canvas.noise(rng, 256))
    if kind == 0:
        return fine
    if kind == 1:  # knit
        return fine + 0.10 * np.sin(canvas.y * (6.283 / period) + 2 * np.abs(np.sin(canvas.x * (3.14 / period))))
    stripe = np.tanh(4 * np.sin(canvas.y * (6.283 / (6 * period))))
    if kind == 2:
        return fine + 0.25 * stripe
    return fine + 0.12 * stripe + 0.12 * np.tanh(4 * np.sin(canvas.x * (6.283 / (6 * period))))


def paint_glasses(canvas: Canvas) -> None:
    """Glasses on about one face in five: frames, bridge, temples, a reflection."""
    rng, person = canvas.person.rng("glasses"), canvas.person
    if rng.random() > 0.2:
        return
    wide, tall, power = rng.uniform(0.17, 0.20), rng.uniform(0.12, 0.165), rng.choice([2.0, 3.0, 5.0])
    rim, frame = rng.uniform(0.010, 0.022), linear(*rng.uniform(8, 90, 3))
    u, v = np.abs(canvas.u), canvas.v - 0.03
    ring = ((np.abs(u - 0.255) / wide) ** power + (np.abs(v) / tall) ** power) ** (1 / power) - 1
    edge = ring * min(wide, tall)
    line = np.minimum(np.abs(edge) - rim, np.maximum(np.abs(v + 0.04 + 0.3 * u * u) - rim * 0.8, u - (0.262 - wide)))
    temple = np.maximum(np.abs(v + 0.05) - rim, np.maximum(0.25 + wide - u, canvas.outline))
    line = np.minimum(line, temple)
    shadow = canvas.blur(canvas.cover(line), 0.02)
    canvas.darken(0.35 * np.roll(shadow, max(1, round(0.02 / canvas.step)), axis=0), (0.4, 0.3, 0.28))
    glare = canvas.cover(edge) * ramp(0.06, 0.0, np.abs(canvas.u + canvas.v * 0.8 - 0.18 - 0.25 * np.sign(canvas.u)))
    canvas.colour += (rng.uniform(0.0, 0.10) * glare + 0.015 * canvas.cover(edge))[:, :, None]
    shine = 0.8 + 0.6 * bump(canvas.x, canvas.y, (0.4 * float(person.light[0]), -0.1), (0.3, 0.05))
    canvas.lay(shine[:, :, None] * frame, canvas.cover(line))
