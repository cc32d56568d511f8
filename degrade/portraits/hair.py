"""Hair on the head and in the face, in strands that follow how it falls."""

from dataclasses import dataclass

import numpy as np

from degrade.portraits.canvas import Canvas, Field, bump, distance, ramp, shade


@dataclass(frozen=True)
class Cut:
    """One haircut, in face units."""

    volume: float  # above the skull
    hairline: float  # above the eyes
    reach: float  # half width of the face that the hair leaves open at eye height
    fall: float  # how far below the eyes it hangs; 0 = not below the ears
    wave: float
    flow: str  # "fall" from the crown, "swept" away from the face, "curls"


CUTS = {
    "short": Cut(0.08, 0.50, 0.52, 0.0, 0.02, "swept"),
    "parted": Cut(0.12, 0.48, 0.51, 0.0, 0.03, "swept"),
    "long": Cut(0.12, 0.53, 0.47, 1.4, 0.035, "fall"),
    "fringe": Cut(0.12, 0.22, 0.46, 1.2, 0.012, "fall"),
    "curly": Cut(0.20, 0.47, 0.49, 0.7, 0.05, "curls"),
    "tied": Cut(0.06, 0.53, 0.53, 0.0, 0.01, "swept"),
    "cropped": Cut(0.025, 0.50, 0.53, 0.0, 0.0, "curls"),
}


def paint_hair_behind(canvas: Canvas) -> None:
    """What hangs behind neck and ears."""
    cut = CUTS.get(canvas.person.style)
    if cut is None or cut.fall == 0:
        return
    rng = canvas.person.rng("hair-behind")
    width = canvas.person.jaw[0] + cut.volume + 0.02 + rng.uniform(0, 0.08)
    bottom = canvas.y - (cut.fall + rng.uniform(-0.3, 0.2))
    strand = _strand_field(canvas, rng, cut)
    edge = 0.03 * canvas.noise(rng, 9) + 0.01 * strand
    edge += 0.3 * cut.wave * (canvas.noise(rng, 26) if cut.flow == "curls" else strand)
    level = np.maximum(np.abs(canvas.x) - width - 0.10 * ramp(0, 1, canvas.y) + edge, bottom + 2 * edge)
    crown = _oval(canvas.x / width, canvas.y / 0.93) - 1
    level = np.where(canvas.y < 0, crown * 0.7 + edge, level)
    canvas.lay(_hair_colours(canvas, rng, level, strand) * 0.55, canvas.cover(level, soft=0.015))


def paint_hair_in_front(canvas: Canvas) -> None:
    """The hair that lies over forehead and temples, with the shadow it throws."""
    cut = CUTS.get(canvas.person.style)
    if cut is None:
        return
    rng = canvas.person.rng("hair")
    strand = _strand_field(canvas, rng, cut)
    edge = 0.03 * canvas.noise(rng, 26) if cut.flow == "curls" else (0.010 + 0.2 * cut.wave) * strand
    level = _cap(canvas, rng, cut) + (edge if cut.volume > 0.05 else 0.2 * edge)
    opacity = canvas.cover(level, soft=0.03 if cut.fall == 0 else 0.012)
    if cut.fall == 0:  # short sides thin out towards the ears
        end = rng.uniform(0.06, 0.2)
        opacity *= np.clip(ramp(end, end - 0.3, canvas.y + 0.05 * strand) * 1.3, 0, 1)
    shadow = canvas.blur(opacity, 0.05) * canvas.cover(canvas.outline)
    canvas.darken(0.6 * np.clip(1.3 * shadow, 0, 1), (0.36, 0.24, 0.2))
    canvas.lay(_hair_colours(canvas, rng, level, strand), opacity)
    _paint_flyaways(canvas, rng, cut)


def _cap(canvas: Canvas, rng: np.random.Generator, cut: Cut) -> Field:
    """Negative inside the hair: the skull with its volume, less the open part of the face."""
    width: float | Field
    width, top = canvas.person.jaw[0] + 0.02 + cut.volume * 0.6, 0.86 + cut.volume
    if cut.fall == 0:  # trimmed sides
        width = width - 0.6 * cut.volume * ramp(-0.55, 0.0, canvas.y)
    skull = (_oval(canvas.x / width, canvas.y / top) - 1) * 0.7
    outer = np.where(canvas.y < 0, skull, np.abs(canvas.x) - width)
    part = float(rng.uniform(-0.3, 0.3)) * (1.0 if cut.flow != "curls" else 0.2)
    wobble = 0.015 * canvas.noise(rng, 16)
    if canvas.person.style == "fringe":
        inner = np.minimum(canvas.v + cut.hairline + wobble, cut.reach + wobble - np.abs(canvas.u))
    else:
        side = np.where(canvas.u > part, (canvas.u - part) / (cut.reach - part), (part - canvas.u) / (cut.reach + part))
        inner = _open_face(canvas, cut, rng.uniform(2.0, 3.2), side) + wobble
    if cut.fall:
        inner = np.maximum(inner, canvas.y - cut.fall + 0.3)
    return np.maximum(outer, inner) + 0.01 * canvas.noise(rng, 10)


def _oval(x: Field, y: Field) -> Field:
    """1 on the outline of a skull of half width and half height 1, a little squarer than an ellipse."""
    return (np.abs(x) ** 2.4 + np.abs(y) ** 2.4) ** (1 / 2.4)


def _open_face(canvas: Canvas, cut: Cut, power: float, side: Field) -> Field:
    """Distance into the face from the hairline, which rises to its top where `side` is 0."""
    rise = np.clip((canvas.v + cut.hairline) / (cut.hairline + 0.05), 0, None)
    sway = 1 + 0.10 * np.sin(canvas.y * 4 + 5 * side) * ramp(0, 0.3, canvas.y)
    level = np.minimum(rise, 1.0) - (side / sway) ** power + 2 * np.minimum(canvas.v + cut.hairline, 0)
    return np.clip(distance(level, canvas.step), -0.4, 0.4)


def _strand_field(canvas: Canvas, rng: np.random.Generator, cut: Cut) -> Field:
    """Light and dark strands along the flow of the hair, mean about 0, deviation about 0.7."""
    if cut.flow == "curls":
        return _curls(canvas, rng, 0.05 if cut.fall else 0.014)
    across, along = _flow(canvas, rng, cut)
    lock = canvas.grained(rng, across, along, (14, 1.2))
    fine = canvas.grained(rng, across, along, (48, 2.0))
    hairs = canvas.grained(rng, across, along, (150, 3.0))
    return 0.5 * lock + 0.45 * fine + 0.45 * hairs


def _curls(canvas: Canvas, rng: np.random.Generator, radius: float) -> Field:
    """Overlapping arcs of hair, dark ones first, over soft blobs."""
    field = 0.3 * canvas.noise(rng, 12) - 0.6
    steps, count = np.linspace(0, 1, 7)[None, :], 420 if radius > 0.02 else 900
    for tone in (-1.3, -0.6, 0.1, 0.8, 1.6):
        x, y, start, turn = (
            rng.uniform(low, high, (count, 1)) for low, high in ((-1, 1), (-1.1, 0.9), (0, 6.3), (-5, 5))
        )
        size = radius * rng.uniform(0.5, 1.2, (count, 1)) * (1 + 0.5 * steps)
        curves = canvas.flat_pixels(x + size * np.cos(start + turn * steps), y + size * np.sin(start + turn * steps))
        field += (tone - field) * 0.75 * canvas.strokes(curves, 0.013 if radius > 0.02 else 0.006)
    return field


def _flow(canvas: Canvas, rng: np.random.Generator, cut: Cut) -> tuple[Field, Field]:
    """Coordinates across and along the strands."""
    part, bend = float(rng.uniform(-0.25, 0.25)), float(rng.uniform(-0.5, 0.5))
    if cut.flow == "swept":
        dx, dy = canvas.x - 0.3 * part, canvas.y + 0.15
        along = np.sqrt(dx * dx + dy * dy)
        across = 0.62 * np.arctan2(dx, -dy) + bend * (along - 0.5)
    else:
        width = 0.35 + 0.65 * np.sqrt(np.clip(1 - (np.minimum(canvas.y, 0) / 1.05) ** 2, 0.01, 1))
        across, along = (canvas.x - part * ramp(0.2, -0.8, canvas.y)) / width, canvas.y
    return across + cut.wave * np.sin(along * 9 + 3 * across + 0.8 * canvas.noise(rng, 5)), along


def _hair_colours(canvas: Canvas, rng: np.random.Generator, level: Field, strand: Field) -> np.ndarray:
    person = canvas.person
    depth = np.clip(-level, 0, 0.25)
    ball = np.clip(1 - (canvas.x / 1.1) ** 2 - (np.minimum(canvas.y, 0) / 1.15) ** 2, 0.02, 1)
    height = 0.5 * np.sqrt(ball) + 0.30 * np.sqrt(depth + 0.01) + 0.004 * strand
    colours = shade(canvas, height, person.hair, wrap=0.5)
    colours *= np.clip(0.85 + 0.38 * strand, 0.2, 2.4)[:, :, None] * (0.55 + 0.45 * ramp(0, 0.10, depth))[:, :, None]
    band = bump(canvas.x, canvas.y, (0.5 * float(person.light[0]), -0.66), (0.6, 0.13))
    band *= np.clip(0.4 + 0.7 * strand, 0, 2)
    return colours + (rng.uniform(0.02, 0.08) * band)[:, :, None] * (person.key * (0.4 + person.hair))


def _paint_flyaways(canvas: Canvas, rng: np.random.Generator, cut: Cut) -> None:
    count = 90
    angle = rng.uniform(-2.8, -0.35, count)
    width, top = canvas.person.jaw[0] + 0.02 + cut.volume * 0.6, 0.86 + cut.volume
    steps = np.linspace(0, 1, 6)[None, :]
    turn = angle[:, None] + rng.uniform(-0.35, 0.35, count)[:, None] * steps
    radius = 0.96 + rng.uniform(0.02, 0.08, count)[:, None] * np.sin(steps * 2.6)
    curves = canvas.flat_pixels(width * np.cos(turn) * radius, top * np.sin(turn) * radius)
    canvas.lay(canvas.person.hair * 0.9, 0.5 * canvas.strokes(curves, 0.004))


def paint_beard(canvas: Canvas) -> None:
    """Stubble, moustache or full beard for some; nothing for most."""
    person = canvas.person
    rng = person.rng("beard")
    kind = str(rng.choice(["none", "stubble", "moustache", "full"], p=[0.38, 0.30, 0.08, 0.24]))
    if not person.masculine or kind == "none":
        return
    across, v = np.abs(canvas.u), canvas.v
    lip = bump(canvas.u, v, (0, 0.455), (0.17, 0.035)) * ramp(0.40, 0.43, v)
    line = 0.52 - 0.55 * ramp(0.25, 0.52, across) + 0.25 * ramp(0.30, 0.0, across)
    cheek = ramp(line - 0.06, line + 0.14, v) * (1 - bump(canvas.u, v, (0, 0.56), (0.21, 0.08)))
    area = 1.3 * lip if kind == "moustache" else 1.1 * lip + cheek
    area = np.clip(area, 0, 1) * canvas.cover(canvas.outline - 0.01, soft=0.05)
    grain = sum(canvas.noise(rng, cells) for cells in (90, 180))
    strength = rng.uniform(0.15, 0.4) if kind == "stubble" else rng.uniform(0.7, 0.9)
    colour = person.hair * 0.7 * (person.key + person.ambient) * 0.5
    canvas.lay(colour, np.clip(strength * area * (0.9 + 0.12 * grain), 0, 0.95))
    if kind != "stubble":
        _paint_beard_hairs(canvas, rng, area)


def _paint_beard_hairs(canvas: Canvas, rng: np.random.Generator, area: Field) -> None:
    count = 2400
    u, v = rng.uniform(-0.55, 0.55, count), rng.uniform(0.1, 0.95, count)
    steps = np.linspace(0, 1, 3)[None, :]
    length = rng.uniform(0.03, 0.07, count)[:, None]
    bend = rng.normal(0, 0.3, count)[:, None] + 0.8 * u[:, None]
    curves = canvas.pixels(u[:, None] + bend * length * steps, v[:, None] + length * steps)
    light = (canvas.person.key + canvas.person.ambient) * 0.6
    for start, tone in ((0, 0.4), (1, 0.9), (2, 1.5)):
        canvas.lay(canvas.person.hair * light * tone, 0.5 * area * canvas.strokes(curves[start::3], 0.005))
