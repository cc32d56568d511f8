"""What a recipe is. The recipes themselves are in degrade/recipes/library.py and degrade/recipes/presets/."""

import hashlib
import math
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from degrade.core.errors import InputError
from degrade.operators.chain import Operator

Chain = tuple[Operator, ...]
_GOLDEN = (math.sqrt(5) - 1) / 2


@dataclass(frozen=True)
class Recipe:
    """Draws a chain of operators for a square image.

    domain: "synthetic" or "real"; scale: side of the reference / side of the degraded image;
    base: the side in pixels at which lengths are as written, None when they never scale;
    compared: the files it was compared with, not_compared: what was not;
    draw: from a generator, the side in pixels, and the cell of the factorial grid, 0 where there is none;
    ranges: what is drawn, as text; cells: of the grid, 1 without one;
    document: the JSON text of a recipe that a user composed, else empty.
    """

    name: str
    version: int
    domain: str
    scale: int
    base: int | None
    source: str
    draw: Callable[[np.random.Generator, int, int], Chain]
    compared: str = ""
    not_compared: str = ""
    ranges: str = ""
    cells: int = 1
    document: str = ""

    def __call__(self, rng: np.random.Generator, size: int, name: str = "", epoch: int = 0) -> Chain:
        """Draw the operators for an image whose shorter side is `size`; InputError when it cannot have them.

        The image's name and the epoch choose the cell of a factorial grid and change nothing else.
        """
        if size < self.scale or size % self.scale:
            raise InputError(f"{self.name}: expected a size that is a multiple of {self.scale}, got {size}")
        cell = grid_cell(name, self.cells, epoch) if self.cells > 1 else 0
        return self.draw(rng, size, cell)

    @property
    def digest(self) -> str:
        """Eight digits of the document's SHA-256; empty for the recipes that come with the project."""
        return hashlib.sha256(self.document.encode()).hexdigest()[:8] if self.document else ""

    @property
    def key(self) -> str:
        """Name and version, the recipe's part of a seed; a user's recipe adds its digest."""
        return f"{self.name}@{self.version}" + (f":{self.digest}" if self.document else "")


def grid_cell(name: str, cells: int, epoch: int = 0) -> int:
    """The cell of a factorial grid that an image is in: fixed by its name alone, whatever other images there are.

    The last number in the name counts through the cells in steps of the golden section. So names that differ in
    that number only and are consecutive (FFHQ's, the portraits') fill every cell equally, to within one, and a
    short run of them spreads over every factor. Other names are spread by the hash of the rest of the name, which
    is equal on average only. The epoch counts like the number.

    >>> sorted(grid_cell(f"{number:05d}", 6) for number in range(65000, 65006))
    [0, 1, 2, 3, 4, 5]
    """
    numbers = list(re.finditer(r"[0-9]+", name))
    number, rest = (
        (int(numbers[-1][0]), name[: numbers[-1].start()] + name[numbers[-1].end() :]) if numbers else (0, name)
    )
    offset = int.from_bytes(hashlib.sha256(rest.encode()).digest()[:8], "big")
    step = next(step for step in range(max(1, round(cells * _GOLDEN)), 2 * cells + 1) if math.gcd(step, cells) == 1)
    return (number + offset + epoch) * step % cells
