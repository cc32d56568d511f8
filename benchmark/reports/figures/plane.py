"""The perception-distortion plane: PSNR against LPIPS of every method, a panel for each task (paper, Fig. 8 left)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmark.analysis.cells import MEASURED
from benchmark.analysis.runs import Runs
from benchmark.analysis.statistics import Interval
from benchmark.metrics.facts import facts_of
from benchmark.metrics.table import with_role
from benchmark.reports.figures.labels import name_points
from benchmark.reports.markup import escape_figure
from benchmark.specs.tables import TableSpec
from benchmark.specs.titles import TASKS
from degrade.core.image import Image, from_uint8
from degrade.core.packages import needed_for

DISTORTION = "psnr.rgb"
_ACROSS = 3  # panels in a row


@dataclass(frozen=True)
class Place:
    """Where a method lies: mean PSNR in dB and mean LPIPS, with their intervals; of a split of so many images."""

    method: str
    distortion: float
    perception: float
    reach: tuple[Interval | None, Interval | None]
    split: str
    images: int


def places(runs: Runs, table: TableSpec, protocol: str = "S2S") -> tuple[str, dict[str, list[Place]]]:
    """The perceptual metric, one for all, and by task the methods that have a value of both, where there are any.

    Without those that were scored in another way, or on other images, than the newest: the tables say so.
    """
    every = [runs.find(protocol, row.task, method) for row in table.rows for method in row.methods]
    perceptual = with_role("perceptual")
    measured = (metric for metric in perceptual if any(run.cell(metric).state == MEASURED for run in every))
    perception = next(measured, perceptual[0])
    found = {
        row.task: [place for method in row.methods if (place := _place(runs, (protocol, row.task, method), perception))]
        for row in table.rows
    }
    return perception, {task: own for task, own in found.items() if own}


def _place(runs: Runs, key: tuple[str, str, str], perception: str) -> Place | None:
    run = runs.find(*key)
    if {DISTORTION, perception} & run.outdated.keys():
        return None
    cells = [run.cell(metric) for metric in (DISTORTION, perception)]
    if any(cell.state != MEASURED or not np.isfinite(cell.number) for cell in cells):
        return None
    first, second = cells
    reach = first.interval, second.interval
    return Place(key[2], first.number, second.number, reach, run.split or "", run.images)


def plane(
    found: Mapping[str, Sequence[Place]], perception: str, title: str, names: Mapping[str, str], hues: Mapping[str, str]
) -> Image:
    """The panels as a picture, better to the left and below as in the paper; bars are 95 % intervals.

    names, hues: how each method is printed, and its colour.
    """
    with needed_for("plane.png"):
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

    across = min(_ACROSS, len(found))
    down = -(-len(found) // across)
    figure = Figure(figsize=(4.6 * across, 3.8 * down + 0.5), dpi=110, layout="constrained")
    panels = figure.subplots(down, across, squeeze=False).ravel()
    for axes, (task, own) in zip(panels, found.items(), strict=False):
        axes.set(title=_title(task, own), xlabel="PSNR, dB (inverted)", ylabel=facts_of(perception).header)
        axes.title.set_fontsize("medium")
        for place in own:
            _draw(axes, place, hues[place.method])
        axes.margins(0.2)
        axes.invert_xaxis()
        axes.grid(alpha=0.3)
    for axes in panels[len(found) :]:
        axes.remove()
    figure.suptitle(title, fontsize="medium")
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # fixes where everything stands
    for axes, own in zip(panels, found.values(), strict=False):
        points = [(place.distortion, place.perception) for place in own]
        methods = [place.method for place in own]
        printed = [escape_figure(names[method]) for method in methods]
        shades = [hues[method] for method in methods]
        name_points(axes, points, printed, shades, [bar for place in own for bar in _bars(place)])
    canvas.draw()
    return from_uint8(np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[:, :, :3]))


def _title(task: str, own: Sequence[Place]) -> str:
    split = f"split {own[0].split}, N = {max(place.images for place in own)}"
    return f"{escape_figure(TASKS.get(task, task))}\n{escape_figure(split)}"


def _draw(axes: Any, place: Place, colour: str) -> None:
    values = (place.distortion, place.perception)
    bars = [
        [[value - reach.low], [reach.high - value]] if reach else None
        for value, reach in zip(values, place.reach, strict=True)
    ]
    axes.errorbar(*values, xerr=bars[0], yerr=bars[1], fmt="o", color=colour, markersize=4, capsize=2, linewidth=0.8)


def _bars(place: Place) -> Iterator[tuple[float, float, float, float]]:
    """The ends of the bars of a method."""
    across, up = place.reach
    if across:
        yield across.low, place.perception, across.high, place.perception
    if up:
        yield place.distortion, up.low, place.distortion, up.high
