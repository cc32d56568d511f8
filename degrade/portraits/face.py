"""The face itself: a relief that is lit, with skin colour, ears, folds, pores, freckles."""

import numpy as np

from degrade.portraits.canvas import Canvas, Field, bump, ramp, shade
from degrade.portraits.features import paint_brows, paint_eyes, paint_mouth


def paint_face(canvas: Canvas) -> None:
    """Ears, skin and features; hair comes later."""
    for side in (-1, 1):
        _paint_ear(canvas, side)
    height = relief(canvas)
    colours = shade(canvas, height, _albedo(canvas), shine=canvas.person.rng("shine").uniform(0.05, 0.16))
    colours *= _occlusion(canvas, height)[:, :, None] ** np.array([0.7, 1.0, 1.1])
    canvas.lay(colours, canvas.cover(canvas.outline))
    _paint_nostrils(canvas)
    _paint_folds(canvas)
    paint_mouth(canvas)
    paint_eyes(canvas)
    paint_brows(canvas)


def relief(canvas: Canvas) -> Field:
    """Height of the head and its features towards the viewer, in face units."""
    rng, person = canvas.person.rng("relief"), canvas.person
    u, v, across = canvas.u, canvas.v, np.abs(canvas.u)
    height = 0.50 * np.sqrt(np.clip(canvas.inside, 0, 1))
    brow = rng.uniform(0.02, 0.055) if person.masculine else rng.uniform(0.01, 0.03)
    height += brow * bump(across, v, (0.22, -0.19), (0.20, 0.07))
    height -= rng.uniform(0.055, 0.085) * bump(across, v, (0.20, -0.03), (0.13, 0.09))  # eye sockets
    height += 0.035 * bump(across, v, (0.25, 0.0), (0.11, 0.06))  # eyeballs
    height += rng.uniform(0.03, 0.06) * bump(across, v, (0.32, 0.20), (0.15, 0.12))  # cheek bones
    height -= rng.uniform(0.0, 0.03) * bump(across, v, (0.38, 0.42), (0.10, 0.16))  # hollow cheeks
    height += rng.uniform(0.02, 0.05) * bump(u, v, (0, person.jaw[1] - 0.12), (0.16, 0.09))  # chin
    height += 0.03 * bump(u, v, (0, 0.53), (0.22, 0.13))  # the mouth's barrel
    height -= 0.015 * bump(u, v, (0, 0.66), (0.14, 0.03))
    height -= 0.010 * bump(u, v, (0, 0.43), (0.025, 0.04))  # philtrum
    height += _nose(canvas, rng)
    return height


def _nose(canvas: Canvas, rng: np.random.Generator) -> Field:
    length, wide = rng.uniform(0.31, 0.36), rng.uniform(0.85, 1.2) * (1.1 if canvas.person.masculine else 0.95)
    v = canvas.v * (0.34 / length)
    u = canvas.u - 0.16 * float(np.sin(canvas.person.yaw)) * ramp(-0.16, 0.30, v) * ramp(0.46, 0.36, v)
    profile = ramp(-0.16, 0.34, v) * ramp(0.40, 0.32, v + 2.5 * u * u)
    ridge = rng.uniform(0.10, 0.15) * profile * np.exp(-((u / (wide * (0.058 + 0.035 * profile))) ** 2))
    tip = 0.075 * bump(u, v, (0, 0.295), (0.066 * wide, 0.060))
    wings = 0.055 * bump(np.abs(u), v, (0.092 * wide, 0.325), (0.036, 0.036))
    return ridge + tip + wings + 0.03 * bump(u, v, (0, -0.08), (0.06, 0.12))


def _albedo(canvas: Canvas) -> np.ndarray:
    """Skin colour with blushed and darker places, spots and pores."""
    rng, person = canvas.person.rng("skin"), canvas.person
    across, v = np.abs(canvas.u), canvas.v
    red = rng.uniform(0.3, 1.0) * bump(across, v, (0.32, 0.24), (0.15, 0.12))
    red += rng.uniform(0.2, 0.8) * bump(canvas.u, v, (0, 0.30), (0.09, 0.07)) + 0.25 * canvas.noise(rng, 7)
    dark = rng.uniform(0.1, 0.6) * bump(across, v, (0.22, 0.09), (0.10, 0.05)) + 0.12 * canvas.noise(rng, 24)
    pores = sum(canvas.noise(rng, cells) for cells in (64, 128, 256) if cells <= canvas.size) * rng.uniform(0.012, 0.03)
    blush = np.clip(red, -1, 2)[:, :, None] * np.array([0.03, -0.10, -0.08])
    shadow = (np.clip(dark, -1, 1) * 0.22 - pores)[:, :, None] * np.array([0.8, 1.0, 1.0])
    albedo = person.skin * (1 + blush - shadow)
    if rng.random() < 0.25 * (1 - person.tone):
        albedo *= _freckles(canvas, rng)
    return np.clip(albedo, 0.01, 1)


def _freckles(canvas: Canvas, rng: np.random.Generator) -> np.ndarray:
    where = bump(np.abs(canvas.u), canvas.v, (0.18, 0.2), (0.28, 0.18))
    spots = ramp(1.3, 2.2, canvas.noise(rng, 110)) + 0.6 * ramp(1.2, 2.4, canvas.noise(rng, 60))
    strength = rng.uniform(0.35, 0.7) * np.clip(where * spots, 0, 1)
    return 1 - strength[:, :, None] * np.array([0.35, 0.6, 0.75])


def _occlusion(canvas: Canvas, height: Field) -> Field:
    """Hollows see less of the sky: 1 on open skin, less where the surroundings are higher."""
    lower = np.clip(canvas.blur(height, 0.07) - height, 0, 0.05) + np.clip(canvas.blur(height, 0.025) - height, 0, 0.03)
    return np.clip(1 - 9 * lower * ramp(0.02, 0.25, canvas.inside), 0.25, 1)


def _paint_nostrils(canvas: Canvas) -> None:
    u = np.abs(canvas.u - 0.13 * float(np.sin(canvas.person.yaw)))
    v = canvas.v * (0.34 / 0.335)
    hole = bump(u, v, (0.052, 0.352 - 0.02), (0.030, 0.013))
    canvas.darken(np.clip(1.2 * hole, 0, 0.85), (0.25, 0.12, 0.10))
    canvas.darken(0.15 * bump(canvas.u, canvas.v, (0, 0.375), (0.11, 0.022)), (0.45, 0.3, 0.28))


def _paint_folds(canvas: Canvas) -> None:
    """Lines from nose to mouth, under the eyes and, with age, on the forehead and beside the eyes."""
    rng, person = canvas.person.rng("folds"), canvas.person
    across, v = np.abs(canvas.u), canvas.v
    strength = 0.12 + 0.35 * person.age + 0.15 * person.smile
    line = across - (0.13 + 0.16 * ramp(0.30, 0.58, v))
    fold = np.exp(-((line / 0.018) ** 2)) * ramp(0.28, 0.36, v) * ramp(0.60, 0.50, v)
    canvas.darken(strength * fold, (0.6, 0.45, 0.4))
    bag = v - (0.105 - 0.9 * (across - 0.22) ** 2)
    pouch = np.exp(-((bag / 0.02) ** 2)) * ramp(0.36, 0.22, across) * ramp(0.06, 0.14, across)
    canvas.darken(0.35 * (0.3 + person.age) * pouch, (0.6, 0.45, 0.42))
    if person.age > 0.55:
        wave = v + 0.035 * np.cos(canvas.u * 9) + 0.008 * canvas.noise(rng, 12)
        lines = ramp(0.80, 1.0, np.cos(wave * 70)) * bump(canvas.u, v, (0, -0.42), (0.30, 0.08))
        canvas.darken((person.age - 0.5) * 0.8 * lines, (0.6, 0.45, 0.4))


def _paint_ear(canvas: Canvas, side: int) -> None:
    person = canvas.person
    rng = person.rng("ears")
    hidden = side * float(np.sin(person.yaw))  # the far ear slips behind the face, the near one stays on it
    x = side * canvas.x - person.jaw[0] - rng.uniform(-0.01, 0.015) + hidden * (0.35 if hidden > 0 else 0.06)
    y = canvas.y - 0.11
    x = x + 0.16 * y  # the top leans out
    radius = np.sqrt((x / (0.078 - 0.05 * np.clip(y, 0, 1))) ** 2 + (y / 0.20) ** 2)
    rim = 0.03 * np.exp(-(((radius - 0.82) / 0.17) ** 2)) + 0.018 * bump(x, y, (0.012, -0.01), (0.016, 0.09))
    height = 0.03 * np.sqrt(np.clip(1 - radius, 0, 1)) + rim
    colours = shade(canvas, height, person.skin * np.array([1.0, 0.82, 0.78]), wrap=0.4)
    canvas.lay(colours * 0.85, np.clip((1 - radius) * 0.078 / (2 * canvas.step) + 0.5, 0, 1))
    hollow = bump(x, y, (-0.02, 0.02), (0.024, 0.06)) + 0.4 * bump(x, y, (0.025, -0.06), (0.014, 0.06))
    canvas.darken(0.7 * np.clip(hollow, 0, 1) * (radius < 1), (0.35, 0.2, 0.17))
