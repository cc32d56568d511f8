"""Contact sheets: images in rows and columns under short labels."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from degrade.core.image import Image, from_uint8, to_uint8

_GAP = 6  # px between images
_LETTERS = 14  # px at least
_PAGE = 900  # px, as wide as a page shows a sheet; letters have 11 px there

T = TypeVar("T")
Cell = tuple[Image, str]  # an image and its label


def contact_sheet(rows: Sequence[Sequence[Cell]], title: str = "", notes: Sequence[str] = ()) -> Image:
    """One image of (image, label) cells; a cell is as large as the largest image, its label stands above it.

    Smaller images are enlarged by repeating pixels where they fit a whole number of times. A label is broken between
    words where it would leave its cell, and within a longer word. The title stands above the whole and notes below it,
    broken at its width. Letters grow with a wide sheet, so that they can be read where a page shows it smaller.
    Raises ValueError without any image.
    """
    cells = [cell for row in rows for cell in row]
    if not cells:
        raise ValueError("contact_sheet: expected at least one image")
    height, width = (max(image.shape[axis] for image, _ in cells) for axis in (0, 1))
    across = max(map(len, rows)) * (width + _GAP) + _GAP
    letters = max(_LETTERS, round(across * 11 / _PAGE))
    font, larger = _font(letters), _font(round(1.15 * letters))
    strips = [_text(title, larger, across)] if title else []
    for row in rows:
        fitting = [(image, broken(label, font, width - _GAP)) for image, label in row]
        strips.append(_strip(fitting, (height, width), font))
    strips += [_text(note, font, across) for note in notes]
    sheet, top = Pillow.new("RGB", (across, sum(strip.height + _GAP for strip in strips) + _GAP), "white"), _GAP
    for strip in strips:
        sheet.paste(strip, (0, top))
        top += strip.height + _GAP
    return from_uint8(np.asarray(sheet))


def folded(row: Sequence[T], columns: int) -> list[Sequence[T]]:
    """A row as lines of at most so many cells, about equally long."""
    lines = -(-len(row) // columns)
    length = -(-len(row) // lines)
    return [row[start : start + length] for start in range(0, len(row), length)]


def broken(label: str, font: ImageFont.FreeTypeFont, width: int) -> str:
    """The label with line ends so that each line fits into so many px: between words, within a word that is longer."""
    lines: list[str] = []
    for line in label.split("\n"):
        lines.append("")
        for word in line.split():
            longer = f"{lines[-1]} {word}".strip()
            if lines[-1] and font.getlength(longer) > width:
                lines.append("")
                longer = word
            while font.getlength(longer) > width and (fits := _fitting(longer, font, width)) < len(longer):
                lines[-1], longer = longer[:fits], longer[fits:]
                lines.append("")
            lines[-1] = longer
    return "\n".join(lines)


def _font(letters: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(letters)
    assert isinstance(font, ImageFont.FreeTypeFont), "Pillow gives no other where a size is asked for"
    return font


def _fitting(word: str, font: ImageFont.FreeTypeFont, width: int) -> int:
    """How many letters of a word fit, one at least."""
    return max(1, sum(font.getlength(word[:count]) <= width for count in range(1, len(word) + 1)))


def _text(text: str, font: ImageFont.FreeTypeFont, width: int) -> Pillow.Image:
    """Lines over the whole width."""
    lines = broken(text, font, width - 2 * _GAP)
    strip = Pillow.new("RGB", (width, _high(lines, font)), "white")
    ImageDraw.Draw(strip).multiline_text((_GAP, 1), lines, "black", font, spacing=4)
    return strip


def _high(lines: str, font: ImageFont.FreeTypeFont) -> int:
    """px that lines take; 0 without any."""
    return (round(font.size) + 4) * (lines.count("\n") + 1) + 4 if lines else 0


def _strip(row: Sequence[Cell], size: tuple[int, int], font: ImageFont.FreeTypeFont) -> Pillow.Image:
    """One row; without labels it takes no room for them."""
    head = max(_high(label, font) for _, label in row)
    strip = Pillow.new("RGB", (len(row) * (size[1] + _GAP) + _GAP, size[0] + head), "white")
    for column, (image, label) in enumerate(row):
        strip.paste(_cell(image, label, size, head, font), (column * (size[1] + _GAP) + _GAP, 0))
    return strip


def _cell(image: Image, label: str, size: tuple[int, int], head: int, font: ImageFont.FreeTypeFont) -> Pillow.Image:
    times = max(1, min(size[0] // image.shape[0], size[1] // image.shape[1]))
    enlarged = np.repeat(np.repeat(to_uint8(image), times, axis=0), times, axis=1)
    cell = Pillow.new("RGB", (size[1], size[0] + head), "white")
    cell.paste(Pillow.fromarray(enlarged), (0, head))
    ImageDraw.Draw(cell).multiline_text((1, 1), label, "black", font, spacing=4)
    return cell
