"""A breakdown as a table and as a plot."""

import io
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from benchmark.analysis.breakdown import FEWEST, OPERATOR, BinMean, Breakdown, bin_words, in_words, panels
from benchmark.analysis.groups import GroupDifference
from benchmark.analysis.statistics import Interval
from benchmark.metrics.facts import facts_of, value_text
from benchmark.reports.markup import TableCell, escape_figure, forms
from degrade.core.packages import needed_for
from degrade.core.storage.files import write_bytes

COLUMNS = ("parameter", "bin", "method", "metric", "images", "mean", "low", "high")
_ACROSS = 3  # panels in a row of the plot


def page(
    found: Breakdown, metric: str, where: str, names: Mapping[str, str],
    differences: Sequence[GroupDifference] = (), notes: Sequence[str] = (),
) -> dict[str, str]:  # fmt: skip
    """In every form: a block a parameter, a row a bin, a column a method. where: profile, protocol, task and split.

    names: how each method is printed. notes: further sentences of the header.
    differences: the largest between groups, in a block of their own.
    """
    points = found.points
    methods = list(dict.fromkeys(point.method for point in points))
    columns = (TableCell("Value"), TableCell("images"), *(TableCell(names[method]) for method in methods))
    blocks = {}
    for parameter, of_parameter in panels(points).items():
        rows = [list(of_bin) for _, of_bin in groupby(of_parameter, key=lambda point: point.bin)]
        blocks[in_words(parameter)] = (columns, *(_row(row, methods, metric) for row in rows))
    subject = points[0].parameter if differences else "degradation"
    sentences = (
        where,
        f"{_head(metric)}, mean over the images of a bin; ±: half of its 95 % interval (bootstrap over the images)",
        "Nothing is tested: an interval is of its bin alone, and of many bins some miss their mean",
        *_left_out(found),
        *notes,
    )
    if differences:
        blocks["Largest difference between groups"] = _difference_rows(differences, metric, names)
    title = f"{facts_of(metric).header} by {subject}"
    return forms(title, sentences, blocks, _rows(points, metric, differences), "breakdown")


def _rows(
    points: Sequence[BinMean], metric: str, differences: Sequence[GroupDifference] = ()
) -> Iterator[tuple[object, ...]]:
    """The points as lines of a CSV file, COLUMNS first."""
    yield COLUMNS
    for point in points:
        yield (point.parameter, point.bin.label, point.method, metric, point.images, *_numbers(point))
    for one in differences:
        yield (one.parameter, " minus ".join(one.groups), one.method, metric, sum(one.images), *_numbers(one))


def plot(
    points: Sequence[BinMean], metric: str, title: str, path: Path, names: Mapping[str, str], hues: Mapping[str, str]
) -> None:
    """Write a PNG: a panel for each parameter, a line for each method by its name and colour, bars for intervals."""
    with needed_for(f"--plot {path}"):
        from matplotlib.figure import Figure

    drawn = panels(points)
    across = min(_ACROSS, len(drawn))
    down = -(-len(drawn) // across)
    figure = Figure(figsize=(4 * across, 3 * down + 0.6), layout="constrained")
    axes = figure.subplots(down, across, squeeze=False, sharey=True).ravel()
    for axis, (name, own) in zip(axes, drawn.items(), strict=False):
        _panel(axis, own, names, hues)
        axis.set_xlabel(in_words(name))
        axis.grid(alpha=0.3)
    for axis in axes[len(drawn) :]:
        axis.remove()
    for axis in axes[: len(drawn) : across]:
        axis.set_ylabel(_head(metric))
    figure.suptitle(escape_figure(title), fontsize="medium")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False)
    image = io.BytesIO()
    figure.savefig(image, format="png", dpi=110)
    write_bytes(path, image.getvalue())


def _numbers(one: BinMean | GroupDifference) -> tuple[str, ...]:
    """Its value and the ends of its interval, empty without any."""
    ends = (one.interval.low, one.interval.high) if one.interval else ("", "")
    return tuple(number if isinstance(number, str) else f"{number:.6g}" for number in (one.value, *ends))


def _left_out(found: Breakdown) -> Iterator[str]:
    if found.left_out:
        few = (f"{in_words(parameter)}: {bin_words(parameter, part)} ({n})" for parameter, part, n in found.left_out)
        yield f"Left out, fewer than {FEWEST} images: {'; '.join(few)}"
    if any(point.parameter != OPERATOR and in_words(point.parameter) != point.parameter for point in found.points):
        yield "Images without the operator are in no bin"


def _difference_rows(
    differences: Sequence[GroupDifference], metric: str, names: Mapping[str, str]
) -> tuple[tuple[TableCell, ...], ...]:
    """One row a method: the two groups, their images, the difference and its interval's ends."""
    head = tuple(map(TableCell, ("Method", "groups", "images", "difference", "95 % interval")))
    found = [head]
    for one in differences:
        ends = (one.interval.low, one.interval.high) if one.interval else ()
        cells = (
            names[one.method],
            " minus ".join(one.groups),
            " and ".join(map(str, one.images)),
            value_text(metric, one.value),
            " to ".join(value_text(metric, end) for end in ends) or "n/a",
        )
        found.append(tuple(map(TableCell, cells)))
    return tuple(found)


def _row(points: Sequence[BinMean], methods: Sequence[str], metric: str) -> tuple[TableCell, ...]:
    own = {point.method: point for point in points}
    counts = " to ".join(dict.fromkeys(str(count) for count in sorted({point.images for point in points})))
    return (
        TableCell(bin_words(points[0].parameter, points[0].bin)),
        TableCell(counts),
        *(_entry(own[method], metric) if method in own else TableCell("n/a") for method in methods),
    )


def _entry(point: BinMean, metric: str) -> TableCell:
    spread = f"±{value_text(metric, point.interval.half)}" if point.interval else ""
    return TableCell(value_text(metric, point.value), spread=spread)


def _panel(axis: Any, points: Sequence[BinMean], names: Mapping[str, str], hues: Mapping[str, str]) -> None:
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
        axis.errorbar(
            across,
            [point.value for point in own],
            yerr=bars,
            label=escape_figure(names[method]),
            color=hues[method],
            **style,
        )
    if words:
        axis.set_xticks(
            range(len(bins)),
            [escape_figure(bin_words(points[0].parameter, part)) for part in bins],
            rotation=20,
            ha="right",
            fontsize="small",
        )


def _head(metric: str) -> str:
    found = facts_of(metric)
    unit = "" if found.unit in ("1", "share") else f" ({found.unit})"
    return found.header + found.arrow + unit
