"""What portraits are painted with: coordinates that follow the head, noise, light, hair strokes.

Lengths are in face units: the frame is 2 wide, the eyes lie on y = 0 and about 0.5 apart, y points down.
Nothing here depends on the size of the image except how finely it is sampled.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.ndimage import map_coordinates, shift

from degrade.core.interpolation import interpolate
from degrade.core.random import rng_for

Field = np.ndarray  # (H, W) float64: sines and powers in float32 differ from one processor to another
VERSION = 1
HEAD_WIDTH = 0.60  # radius of the ball the face is drawn on, sideways and upwards
HEAD_HEIGHT = 0.98


@dataclass(frozen=True)
class Person:
    """What more than one part of a portrait needs to know; colours are linear RGB, angles radians."""

    seed: int
    masculine: bool
    age: float  # 0 young adult .. 1 old
    tone: float  # 0 palest .. 1 darkest skin
    skin: np.ndarray
    hair: np.ndarray
    style: str
    smile: float  # 0 neutral .. 1
    yaw: float
    pitch: float
    roll: float
    scale: float
    centre: tuple[float, float]  # of the eye line, in the frame
    jaw: tuple[float, float, float]  # half width of the face, length below the eyes, taper
    light: np.ndarray  # unit vector towards the light: x right, y down, z to the viewer
    key: np.ndarray  # colour of that light
    ambient: np.ndarray

    def rng(self, part: str) -> np.random.Generator:
        """The generator of one part, so that parts can change without moving each other's draws."""
        return rng_for(self.seed, "portrait", VERSION, part)


class Canvas:
    """Colours in linear light with the coordinates of every pixel, seen in the pose of one person."""

    def __init__(self, person: Person, size: int) -> None:
        self.person, self.size = person, size
        self.step = 2 / size / person.scale  # face units per pixel
        line = (np.arange(size) + 0.5) * (2 / size) - 1
        self.frame_x, self.frame_y = np.meshgrid(line, line)
        x, y = self.frame_x - person.centre[0], self.frame_y - person.centre[1]
        cosine, sine = float(np.cos(person.roll)) / person.scale, float(np.sin(person.roll)) / person.scale
        self.x, self.y = cosine * x + sine * y, cosine * y - sine * x
        self.u, self.v = _turned(self.x, HEAD_WIDTH, person.yaw), _turned(self.y, HEAD_HEIGHT, person.pitch)
        self.colour = np.zeros((size, size, 3))
        self.inside = self._face_level()  # 1 in the middle of the face, 0 on its outline, negative outside
        self.outline = distance(-self.inside, self.step)

    def _face_level(self) -> Field:
        width, length, taper = self.person.jaw
        below = np.clip(self.y, 0, None) / length
        x = np.abs(self.x - float(0.22 * np.sin(self.person.yaw)) * below * length)
        above = np.clip(-self.y, 0, None) / 0.86
        return 1 - (x / (width * (1 - taper * below * np.minimum(below, 1.2)))) ** 2.4 - below**2.7 - above**2.5

    def pixels(self, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Points on the head (u, v) to pixels (..., 2): the inverse of the fields u and v."""
        person = self.person
        x = HEAD_WIDTH * np.sin(np.arcsin(np.clip(u / HEAD_WIDTH, -0.98, 0.98)) + person.yaw)
        y = HEAD_HEIGHT * np.sin(np.arcsin(np.clip(v / HEAD_HEIGHT, -0.98, 0.98)) + person.pitch)
        return self.flat_pixels(x, y)

    def flat_pixels(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Points in face units (x, y), roll and scale only, to pixels (..., 2)."""
        person = self.person
        cosine, sine = np.cos(person.roll) * person.scale, np.sin(person.roll) * person.scale
        frame = np.stack([cosine * x - sine * y + person.centre[0], cosine * y + sine * x + person.centre[1]], axis=-1)
        return (frame + 1) * (self.size / 2) - 0.5

    def cover(self, distance: Field, soft: float = 0.0) -> Field:
        """Opacity of the inside of a signed distance (face units): one pixel of edge, or `soft` wide."""
        return np.clip(0.5 - distance / max(self.step, soft), 0, 1)

    def lay(self, colour: np.ndarray, opacity: Field) -> None:
        """Paint a colour, or a field of colours, over what is there."""
        self.colour += (np.asarray(colour) - self.colour) * opacity[:, :, None]

    def darken(self, opacity: Field, tint: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> None:
        """Multiply by `tint` where opacity is 1: shadows, creases, lines."""
        self.colour *= 1 - opacity[:, :, None] * (1 - np.asarray(tint))

    def blur(self, field: np.ndarray, sigma: float) -> np.ndarray:
        """Gaussian blur, sigma in face units; wide ones work on a reduced field."""
        pixels, factor = sigma / self.step, 1
        while pixels > 6 and self.size // (2 * factor) >= 32:
            pixels, factor = pixels / 2, factor * 2
        small = cv2.resize(field, (self.size // factor,) * 2, interpolation=cv2.INTER_AREA) if factor > 1 else field
        small = cv2.GaussianBlur(small, (0, 0), max(pixels, 0.1), borderType=cv2.BORDER_REPLICATE)
        return self._enlarged(small) if factor > 1 else small

    def noise(self, rng: np.random.Generator, cells: int) -> Field:
        """Smooth noise, mean 0, deviation about 1, with `cells` grains to the frame at any size."""
        lattice = rng.standard_normal((cells, cells), dtype=np.float32)
        return self._enlarged(lattice)

    def _enlarged(self, field: Field) -> Field:
        return interpolate(field, self.size, self.size, "cubic")

    def grained(self, rng: np.random.Generator, across: Field, along: Field, cells: tuple[int, float]) -> Field:
        """Noise drawn out along lines: `cells` = grains per unit of `across` and of `along`."""
        wide, long = cells
        lattice = rng.standard_normal((256, 32), dtype=np.float32)
        texture = interpolate(lattice, 256, 256, "cubic")
        return map_coordinates(texture, (across * wide, along * (long * 8)), order=1, mode="grid-wrap")

    def thrown_shadow(self, height: Field, softness: float = 0.1) -> Field:
        """1 where the relief itself keeps the light away, 0 in the open; worked out on a coarse grid."""
        light = self.person.light
        flat = float(np.hypot(light[0], light[1]))
        count = 144
        coarse = cv2.resize(height, (count, count), interpolation=cv2.INTER_AREA)
        shadow, step = np.zeros_like(coarse), self.step * self.size / count
        for reach in np.linspace(0.03, 0.36, 12):
            move = -reach / step / flat * light[1::-1]  # down, right
            blocking = shift(coarse, move, order=1, mode="nearest")
            excess = blocking - coarse - reach * light[2] / flat
            shadow = np.maximum(shadow, np.clip(excess / (softness * (0.15 + reach)), 0, 1))
        shadow = cv2.GaussianBlur(shadow, (0, 0), 1.2)
        return np.clip(self._enlarged(shadow), 0, 1)

    def strokes(self, curves: np.ndarray, width: float) -> Field:
        """Opacity of thin curves (count, points, 2) in pixels, `width` in face units; thin ones turn faint."""
        pixels = width / self.step
        mask = np.zeros((self.size, self.size), np.uint8)
        points = np.rint(curves * 16).astype(np.int32)
        cv2.polylines(mask, list(points), False, 255, max(1, round(pixels)), cv2.LINE_AA, 4)
        return mask * (min(1.0, pixels) / 255)


def bump(x: Field, y: Field, centre: tuple[float, float], spread: tuple[float, float]) -> Field:
    """A Gaussian hill of height 1."""
    return np.exp(-(((x - centre[0]) / spread[0]) ** 2) - ((y - centre[1]) / spread[1]) ** 2)


def ramp(low: float | Field, high: float | Field, value: Field) -> Field:
    """0 below `low`, 1 above `high`, smooth between; falls where low > high."""
    share = np.clip((value - low) / (high - low), 0, 1)
    return share * share * (3 - 2 * share)


def distance(level: Field, step: float) -> Field:
    """Signed distance to the zero line of `level`, good near that line: level over its own slope."""
    down, right = np.gradient(level, step)
    return level / np.maximum(np.sqrt(right * right + down * down), 1e-3)


def linear(red: float, green: float, blue: float) -> np.ndarray:
    """An sRGB colour of 0..255 in linear light."""
    return (np.array([red, green, blue]) / 255) ** 2.2


def shade(canvas: Canvas, height: Field, albedo: np.ndarray, shine: float = 0.0, wrap: float = 0.25) -> np.ndarray:
    """Colours of a surface of that height: soft diffuse light, ambient from above, a broad highlight.

    Red light creeps further round than blue (`wrap`), as it does in skin. With `shine` the surface also
    throws shadows on itself.
    """
    person = canvas.person
    down, right = np.gradient(height, canvas.step)
    length = np.sqrt(right * right + down * down + 1)
    light = person.light
    facing = (light[2] - right * light[0] - down * light[1]) / length
    colour = np.empty((*height.shape, 3))
    open_sky = 1 - canvas.thrown_shadow(height) if shine else 1
    for channel, reach in enumerate((1.4 * wrap, 0.8 * wrap, 0.6 * wrap)):
        diffuse = np.clip((facing + reach) / (1 + reach), 0, 1) * (1 - (0.88 + 0.04 * channel) * (1 - open_sky))
        sky = 0.75 - 0.25 * down / length  # the ambient light comes more from above
        colour[:, :, channel] = person.key[channel] * diffuse + person.ambient[channel] * sky
    colour *= albedo
    if shine:
        half = light + np.array([0, 0, 1])
        half /= np.linalg.norm(half)
        glance = np.clip((half[2] - right * half[0] - down * half[1]) / length, 0, 1)
        colour += (shine * (glance**16 + 0.4 * glance**60) * open_sky)[:, :, None] * person.key
    return colour


def _turned(position: Field, radius: float, angle: float) -> Field:
    """Where a point seen at `position` lies on a ball that is turned by `angle`."""
    return radius * np.sin(np.arcsin(np.clip(position / radius, -0.98, 0.98)) - angle)
