"""Contact sheets: images in rows and columns under short labels."""

from collections.abc import Sequence

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from degrade.core.image import Image, from_uint8, to_uint8

_GAP = 6  # px between images
_LETTERS = 14  # px


def contact_sheet(rows: Sequence[Sequence[tuple[Image, str]]]) -> Image:
    """One image of (image, label) cells; a cell is as large as the largest image, its label stands above it.

    Smaller images are enlarged by repeating pixels where they fit a whole number of times. A label of several
    lines is cut where it leaves its cell. Raises ValueError without any image.
    """
    cells = [cell for row in rows for cell in row]
    if not cells:
        raise ValueError("contact_sheet: expected at least one image")
    height, width = (max(image.shape[axis] for image, _ in cells) for axis in (0, 1))
    strips = [_strip(row, (height, width)) for row in rows]
    sheet_size = max(strip.width for strip in strips), sum(strip.height + _GAP for strip in strips) + _GAP
    sheet, top = Pillow.new("RGB", sheet_size, "white"), _GAP
    for strip in strips:
        sheet.paste(strip, (0, top))
        top += strip.height + _GAP
    return from_uint8(np.asarray(sheet))


def _strip(row: Sequence[tuple[Image, str]], size: tuple[int, int]) -> Pillow.Image:
    """One row; without labels it takes no room for them."""
    head = max((_LETTERS + 4) * (label.count("\n") + 1) + 4 if label else 0 for _, label in row)
    strip = Pillow.new("RGB", (len(row) * (size[1] + _GAP) + _GAP, size[0] + head), "white")
    for column, (image, label) in enumerate(row):
        strip.paste(_cell(image, label, size, head), (column * (size[1] + _GAP) + _GAP, 0))
    return strip


def _cell(image: Image, label: str, size: tuple[int, int], head: int) -> Pillow.Image:
    times = max(1, min(size[0] // image.shape[0], size[1] // image.shape[1]))
    enlarged = np.repeat(np.repeat(to_uint8(image), times, axis=0), times, axis=1)
    cell = Pillow.new("RGB", (size[1], size[0] + head), "white")
    cell.paste(Pillow.fromarray(enlarged), (0, head))
    ImageDraw.Draw(cell).multiline_text((1, 1), label, "black", ImageFont.load_default(_LETTERS), spacing=4)
    return cell
