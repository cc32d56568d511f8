"""Fig. 8 of the paper: PSNR against LPIPS along the level, and one network on inputs of any reduction."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from degrade.image import Image, from_uint8, to_uint8
from degrade.resize import match_scale, resize_bicubic
from degrade.sheet import contact_sheet
from ispl_model.restore import Restorer

if TYPE_CHECKING:
    from benchmark.tradeoff import Point

FACTORS = (2, 4, 8, 16)


def plot(points: Sequence["Point"], perception: str) -> Image:
    """The points, joined in the order of the levels; better is to the left and down, as in the paper."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4.5), dpi=150, layout="constrained")
    axes = figure.add_subplot(xlabel="PSNR, dB (inverted: better to the left)", ylabel=f"{perception} (better below)")
    axes.plot([point.distortion for point in points], [point.perception for point in points], "o-", color="tab:blue")
    for point in points:
        label = f"t = {point.level:g}\nfound {point.found:.0%}"
        place = point.distortion, point.perception
        axes.annotate(label, place, xytext=(6, 4), textcoords="offset points", fontsize=8)
    axes.invert_xaxis()
    axes.margins(0.15)
    axes.grid(alpha=0.3)
    axes.set_title(f"One network, level t from 0 to {points[-1].level:g}; {points[0].images} images")
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return from_uint8(np.asarray(canvas.buffer_rgba())[:, :, :3])


def factor_sheet(restorer: Restorer, references: Sequence[Image]) -> Image:
    """Fig. 8, right: for each face a row of inputs reduced 2, 4, 8 and 16 times, above what the network makes of them.

    references: (size, size, 3) at the network's side. Reduced by bicubic, rounded to 8 bits, enlarged by bicubic.
    """
    size, rows = restorer.size, []
    for reference in references:
        small = [from_uint8(to_uint8(resize_bicubic(reference, size // factor, size // factor))) for factor in FACTORS]
        inputs = [match_scale(image, size, 1) for image in small]
        labels = [f"reduced {factor} times" for factor in FACTORS]
        rows.append([*zip(inputs, labels, strict=True), (reference, "reference")])
        rows.append([(image, "restored") for image in restorer(inputs)])
    return contact_sheet(rows)
