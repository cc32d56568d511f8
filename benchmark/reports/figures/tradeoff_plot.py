"""Fig. 8 of the paper: PSNR against LPIPS along the level, and one network on inputs of any reduction."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmark.reports.figures.colours import colours
from benchmark.reports.figures.labels import name_points
from benchmark.reports.markup import escape_figure
from degrade.core.contact_sheet import contact_sheet
from degrade.core.image import Image, from_uint8, to_uint8
from degrade.core.packages import needed_for
from degrade.core.resize import match_scale, resize_bicubic
from ispl_model.restoration.restorer import Restorer

FACTORS = (2, 4, 8, 16)
FOUND_SHARE = 0.95  # of the outputs; fewer at some level, and the closing note says so


def plot(points: Sequence["LevelMean"], perception: str, where: str) -> Image:
    """PSNR against LPIPS along the level, better to the left and below, as in the paper; how often a face is found.

    where: task and split, for the title.
    """
    with needed_for("tradeoff"):
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4), dpi=150, layout="constrained")
    plane, shares = figure.subplots(1, 2, width_ratios=(5, 3))
    plane.set(xlabel="PSNR, dB (inverted: better to the left)", ylabel=f"{perception} (better below)")
    hue = colours(["ispl"])["ispl"]
    plane.plot([point.distortion for point in points], [point.perception for point in points], "o-", color=hue)
    plane.invert_xaxis()
    plane.margins(0.12)
    levels = [point.level for point in points]
    shares.set(xlabel="level t", ylabel="outputs in which dlib finds the face", ylim=(-0.03, 1.03))
    shares.plot(levels, [point.found for point in points], "o-", color=hue)
    shares.axhline(FOUND_SHARE, color="grey", linestyle="--")
    for axes in (plane, shares):
        axes.grid(alpha=0.3)
    title = f"One network at levels {levels[0]:g} to {levels[-1]:g}: {where}, N = {points[0].images}"
    figure.suptitle(escape_figure(title), fontsize="medium")
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # fixes where everything stands
    whole = [point for point in points if point.level == int(point.level)]
    names = [f"t = {point.level:g}" for point in whole]
    name_points(plane, [(point.distortion, point.perception) for point in whole], names, ["black"] * len(whole))
    canvas.draw()
    return from_uint8(np.asarray(canvas.buffer_rgba())[:, :, :3])


def factor_sheet(restorer: Restorer, references: Sequence[Image], title: str) -> Image:
    """Fig. 8, right: for each face a row of inputs reduced 2, 4, 8 and 16 times, above what the network makes of them.

    references: (size, size, 3) at the network's side. Reduced by bicubic, rounded to 8 bits, enlarged by bicubic.
    """
    size, rows = restorer.size, []
    for reference in references:
        small = [from_uint8(to_uint8(resize_bicubic(reference, size // factor, size // factor))) for factor in FACTORS]
        inputs = [match_scale(image, size, 1) for image in small]
        labels = [f"reduced {factor} times" for factor in FACTORS]
        rows.append([*zip(inputs, labels, strict=True), (reference, "reference")])
        rows.append([(image, "restored") for image in restorer.plain(inputs)])
    return contact_sheet(rows, title)


@dataclass(frozen=True)
class LevelMean:
    """Means over the images at one level. faces: references in which dlib finds one."""

    level: float
    images: int
    faces: int
    distortion: float  # PSNR, dB
    perception: float  # LPIPS
    found: float  # share of faces
