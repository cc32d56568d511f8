"""Sheets of faces: a column for each method, folded where they are many, and maps of what they miss."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from benchmark.specs.titles import TASKS
from degrade.core.contact_sheet import Cell, contact_sheet, folded
from degrade.core.image import Image, from_uint8
from degrade.core.resize import resize_bicubic

GAIN = 4  # of the differences in a residual map
_SIDE = 256  # px at most of one face
_WIDTH, _HEIGHT = 1600, 2000  # px at most of a sheet's faces: with heads and title an A4 page at 190 dots an inch
_APART = 6  # px, as contact_sheet has it
_LEAST = 48  # px of one face, whatever is asked for

Column = tuple[str, Sequence[Image]]  # its head, an image for each face


@dataclass(frozen=True)
class SheetSize:
    """faces: in rows, the first of a split, so that nobody chooses them. columns: beside each other; more go below."""

    faces: int = 4
    columns: int = 6


def heading(task: str, where: str, split: str, shown: int, count: int) -> str:
    """The title of a sheet: task, where its numbers stand (such as `S2S, profile lite`), split, and how many of its
    N images are shown.
    """
    which = f"all N = {count} images" if shown == count else f"the first {shown} of N = {count} images"
    return f"{TASKS.get(task, task)}, {where}\nSplit {split}, {which}"


def sheet(columns: Sequence[Column], size: SheetSize, title: str, notes: Sequence[str] = ()) -> Image:
    """The images of each column; where they are more than fit beside each other, a face has several lines."""
    return _sheet([(head, [[image] for image in images]) for head, images in columns], size, title, notes)


def residual_sheet(columns: Sequence[Column], reference: Sequence[Image], size: SheetSize, title: str) -> Image:
    """The images, and below each how far it is from the reference, which stands last with the scale of these maps."""
    shown = [(head, [[a, residual(a, b)] for a, b in zip(images, reference, strict=True)]) for head, images in columns]
    scale = scale_bar(reference[0].shape[0])
    shown.append(("Reference", [[image, scale] for image in reference]))
    note = f"Below each image: {GAIN} x |image - reference|, mean of the three channels; black: equal, white: {_WHITE}."
    return _sheet(shown, size, title, [note])


def residual(image: Image, reference: Image) -> Image:
    """GAIN x |image - reference|, the mean of its channels as grey, cut at 1."""
    distance = np.abs(image - reference).mean(axis=2, keepdims=True)
    return np.clip(GAIN * np.repeat(distance, 3, axis=2), 0, 1).astype(np.float32)


_WHITE = f"{round(255 / GAIN)} of 255 grey levels apart, or more"


def scale_bar(side: int) -> Image:
    """The greys of a residual map with the differences that they stand for, in 8-bit steps, (side, side, 3)."""
    cell = Pillow.new("RGB", (side, side), "white")
    left, right, top, bottom = round(0.1 * side), round(0.25 * side), round(0.1 * side), round(0.9 * side)
    ramp = np.linspace(255, 0, bottom - top).round().astype(np.uint8)
    cell.paste(Pillow.fromarray(np.repeat(ramp[:, None], right - left, axis=1)), (left, top))
    draw, font = ImageDraw.Draw(cell), ImageFont.load_default(max(8, round(0.075 * side)))
    draw.rectangle((left, top, right, bottom), outline="black")
    for share in (0, 0.25, 0.5, 0.75, 1):
        text = f"{round(share * 255 / GAIN)}" + (" and more" if share == 1 else "")
        place = bottom - share * (bottom - top)
        draw.line((right, place, right + 0.03 * side, place), "black")
        draw.text((right + 0.06 * side, place), text, "black", font, anchor="lm")
    return from_uint8(np.asarray(cell))


def failed_face(side: int, word: str = "failed") -> Image:
    """What stands in place of an image that a method did not restore, or that is not there, (side, side, 3)."""
    cell = Pillow.new("RGB", (side, side), "lightgrey")
    font = ImageFont.load_default(max(8, round(0.15 * side)))
    ImageDraw.Draw(cell).text((side / 2, side / 2), word, "black", font, anchor="mm")
    return from_uint8(np.asarray(cell))


def _sheet(
    columns: Sequence[tuple[str, Sequence[Sequence[Image]]]], size: SheetSize, title: str, notes: Sequence[str]
) -> Image:
    """A column has for each face the images that stand below each other in it."""
    faces = list(zip(*(own for _, own in columns), strict=True))
    lines = folded([head for head, _ in columns], size.columns)
    depth = len(faces[0][0])
    side = _side(len(lines[0]), len(faces) * len(lines) * depth)
    rows: list[list[Cell]] = []
    for face in faces:
        cells = folded([(stack, head) for stack, (head, _) in zip(face, columns, strict=True)], size.columns)
        for line in cells:
            for place in range(depth):
                labelled = place == 0 and (not rows or len(lines) > 1)
                rows.append([(_small(stack[place], side), head if labelled else "") for stack, head in line])
    return contact_sheet(rows, title, notes)


def _side(columns: int, rows: int) -> int:
    """px of a face, so that all of them fit the page."""
    fitting = min((_WIDTH - _APART) // columns, (_HEIGHT - _APART) // rows) - _APART
    return max(_LEAST, min(_SIDE, fitting))


def _small(image: Image, side: int) -> Image:
    height, width = image.shape[:2]
    share = side / max(height, width)
    return image if share >= 1 else resize_bicubic(image, max(1, round(share * height)), max(1, round(share * width)))
