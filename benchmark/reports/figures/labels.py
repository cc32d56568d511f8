"""Names beside points, none over another."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

_DISTANCES = (8.0, 16.0, 28.0, 44.0, 64.0, 90.0, 120.0)  # from a point to its name, in the unit of the boxes
_SIDES = ((1, -1), (-1, -1), (1, 1), (-1, 1), (1, 0), (-1, 0), (0, -1), (0, 1))  # corners, right, left, above, below
_NEAR = 17.0  # as far as a name is from a point that it is seen to belong to
_CLEAR = 48.0  # as far as it goes to stand clear of bars
_MARKER = 5.0  # half the side of what is kept free around a point


@dataclass(frozen=True)
class Box:
    """A rectangle by its corners; y grows downwards."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: "Box") -> bool:
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom

    def inside(self, other: "Box") -> bool:
        across = other.left <= self.left and self.right <= other.right
        return across and other.top <= self.top and self.bottom <= other.bottom


def boxes(
    points: Sequence[tuple[float, float]],
    sizes: Sequence[tuple[float, float]],
    bounds: Box,
    bars: Sequence[Box] = (),
) -> list[Box | None]:
    """The box of each point's name of (width, height), inside `bounds`, over no other name and no point.

    The nearest that is free, names in the order given; over none of the bars where such a place is near, else over the
    fewest. None without room.
    """
    taken = [Box(x - _MARKER, y - _MARKER, x + _MARKER, y + _MARKER) for x, y in points]
    found: list[Box | None] = []
    for point, size in zip(points, sizes, strict=True):
        inside = [box for box in _around(point, size) if box.inside(bounds)]
        free = [box for box in inside if not any(map(box.overlaps, taken))]
        clear = (box for box in free if _distance(box, point) <= _CLEAR and not any(map(box.overlaps, bars)))
        found.append(next(clear, min(free, key=lambda box: sum(map(box.overlaps, bars)), default=None)))
        taken += [box for box in found[-1:] if box]
    return found


def name_points(
    axes: Any,
    points: Sequence[tuple[float, float]],
    names: Sequence[str],
    colours: Sequence[str],
    bars: Sequence[tuple[float, float, float, float]] = (),
) -> None:
    """Write names beside points of matplotlib's axes, as `boxes` places them; the figure must have been drawn before.

    bars: (x, y, x, y) of the ends of lines to stand clear of. A name that is not beside its point has a thin line to
    it. Where there is no room at all, a point stands alone.
    """
    from matplotlib.lines import Line2D
    from matplotlib.patheffects import withStroke

    canvas = axes.figure.canvas
    height = canvas.get_width_height()[1]
    texts = [
        axes.text(0, 0, name, fontsize=8, color=colour, ha="left", va="bottom", zorder=5)
        for name, colour in zip(names, colours, strict=True)
    ]
    extents = [text.get_window_extent(canvas.get_renderer()) for text in texts]

    def place(x: float, y: float) -> tuple[float, float]:
        across, up = axes.transData.transform((x, y))
        return across, height - up

    inside = axes.get_window_extent().padded(-_MARKER)
    bounds = Box(inside.x0, height - inside.y1, inside.x1, height - inside.y0)
    lines = [around(*place(bar[0], bar[1]), *place(bar[2], bar[3])) for bar in bars]
    sizes = [(extent.width, extent.height) for extent in extents]
    places = [place(*point) for point in points]
    for text, at, box in zip(texts, places, boxes(places, sizes, bounds, lines), strict=True):
        if box is None:
            text.remove()
            continue
        text.set_path_effects([withStroke(linewidth=2.5, foreground="white")])  # above the bars of others
        if end := leader(at, box):
            ends = [at[0], end[0]], [height - at[1], height - end[1]]
            axes.add_artist(Line2D(*ends, transform=None, color=text.get_color(), linewidth=0.5, alpha=0.7))
        text.set_transform(None)  # from here on in px of the whole picture
        text.set_position((box.left, height - box.bottom))
        text.set_in_layout(False)


def leader(point: tuple[float, float], box: Box) -> tuple[float, float] | None:
    """Where a thin line from a point to its name ends; None where the name stands so near that it needs none."""
    x, y = point
    if _distance(box, point) <= _NEAR:
        return None
    return min(max(x, box.left), box.right), min(max(y, box.top), box.bottom)


def around(x: float, y: float, other_x: float, other_y: float) -> Box:
    """The box of a line between two places."""
    (left, right), (top, bottom) = sorted((x, other_x)), sorted((y, other_y))
    return Box(left - 1, top - 1, right + 1, bottom + 1)


def _distance(box: Box, point: tuple[float, float]) -> float:
    """From a point to the nearest place of a box."""
    x, y = point
    return math.hypot(max(box.left - x, 0, x - box.right), max(box.top - y, 0, y - box.bottom))


def _around(point: tuple[float, float], size: tuple[float, float]) -> Iterator[Box]:
    (x, y), (width, height) = point, size
    for distance, (right, down) in product(_DISTANCES, _SIDES):
        step = distance if 0 in (right, down) else distance * 0.7
        left = x + right * step + (right - 1) / 2 * width
        top = y + down * step + (down - 1) / 2 * height
        yield Box(left, top, left + width, top + height)
