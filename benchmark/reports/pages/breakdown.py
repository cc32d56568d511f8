"""A breakdown as a table and as a plot."""

import io
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from benchmark.analysis.breakdown import BinMean
from benchmark.analysis.statistics import Interval
from benchmark.methods.registry import method_title
from benchmark.metrics.registry import find_metric
from benchmark.metrics.table import value_text
from benchmark.reports.markup import TableCell, TableDocument
from degrade.core.files import write_bytes

COLUMNS = ("parameter", "bin", "method", "metric", "images", "mean", "low", "high")
_ACROSS = 3  # panels in a row of the plot


def page(points: Sequence[BinMean], metric: str, where: str) -> TableDocument:
    """A block for each parameter: one row a bin, one column a method. where: profile, protocol, task and split."""
    methods = list(dict.fromkeys(point.method for point in points))
    columns = (TableCell("Value"), TableCell("images"), *(TableCell(method_title(method)) for method in methods))
    blocks = {}
    for parameter, of_parameter in groupby(points, key=lambda point: point.parameter):
        rows = [list(of_bin) for _, of_bin in groupby(of_parameter, key=lambda point: point.bin)]
        blocks[parameter] = (columns, *(_row(row, methods, metric) for row in rows))
    sentences = (
        where,
        f"{_head(metric)}, mean over the images of a bin; ±: half of its 95 % interval (bootstrap over the images)",
        "Nothing is tested: an interval is of its bin alone, and of many bins some miss their mean",
        "Lengths are in pixels of the image, noise levels in 8-bit steps; images without the operator are in no bin",
    )
    return TableDocument(f"{find_metric(metric).header} by degradation", sentences, blocks)


def rows(points: Sequence[BinMean], metric: str) -> Iterator[tuple[object, ...]]:
    """The points as lines of a CSV file, COLUMNS first."""
    yield COLUMNS
    for point in points:
        ends = (point.interval.low, point.interval.high) if point.interval else ("", "")
        numbers = (number if number == "" else f"{number:.6g}" for number in (point.value, *ends))
        yield (point.parameter, point.bin.label, point.method, metric, point.images, *numbers)


def plot(points: Sequence[BinMean], metric: str, title: str, path: Path) -> None:
    """Write a PNG: a panel for each parameter, a line for each method, bars for the intervals."""
    from matplotlib.figure import Figure

    panels = [(name, list(own)) for name, own in groupby(points, key=lambda point: point.parameter)]
    across = min(_ACROSS, len(panels))
    down = -(-len(panels) // across)
    figure = Figure(figsize=(4 * across, 3 * down + 0.6), layout="constrained")
    axes = figure.subplots(down, across, squeeze=False, sharey=True).ravel()
    for axis, (name, own) in zip(axes, panels, strict=False):
        _panel(axis, own)
        axis.set_xlabel(name)
        axis.grid(alpha=0.3)
    for axis in axes[len(panels) :]:
        axis.remove()
    for axis in axes[: len(panels) : across]:
        axis.set_ylabel(_head(metric))
    figure.suptitle(title, fontsize="medium")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False)
    image = io.BytesIO()
    figure.savefig(image, format="png", dpi=110)
    write_bytes(path, image.getvalue())


def _row(points: Sequence[BinMean], methods: Sequence[str], metric: str) -> tuple[TableCell, ...]:
    own = {point.method: point for point in points}
    counts = " to ".join(dict.fromkeys(str(count) for count in sorted({point.images for point in points})))
    return (
        TableCell(points[0].bin.label),
        TableCell(counts),
        *(_entry(own[method], metric) if method in own else TableCell("n/a") for method in methods),
    )


def _entry(point: BinMean, metric: str) -> TableCell:
    spread = f"±{value_text(metric, point.interval.half)}" if point.interval else ""
    return TableCell(value_text(metric, point.value), spread=spread)


def _panel(axis: Any, points: Sequence[BinMean]) -> None:
    """Lines over numbers, markers side by side over words."""
    bins = list(dict.fromkeys(point.bin for point in points))
    methods = list(dict.fromkeys(point.method for point in points))
    words = bins[0].place is None
    for rank, method in enumerate(methods):
        own = [point for point in points if point.method == method]
        shift = 0.15 * (rank - (len(methods) - 1) / 2) if words else 0
        across = [bins.index(point.bin) + shift if words else point.bin.place for point in own]
        ends = [point.interval or Interval(point.value, point.value) for point in own]
        bars = [
            [point.value - end.low for point, end in zip(own, ends, strict=True)],
            [end.high - point.value for point, end in zip(own, ends, strict=True)],
        ]
        style = {"marker": "o", "markersize": 4, "capsize": 2, "linestyle": "none" if words else "-"}
        axis.errorbar(across, [point.value for point in own], yerr=bars, label=method_title(method), **style)
    if words:
        axis.set_xticks(range(len(bins)), [part.label for part in bins], rotation=20, ha="right", fontsize="small")


def _head(metric: str) -> str:
    found = find_metric(metric)
    unit = "" if found.unit in ("1", "share") else f" ({found.unit})"
    return found.header + {True: " ↑", False: " ↓", None: ""}[found.higher_is_better] + unit
