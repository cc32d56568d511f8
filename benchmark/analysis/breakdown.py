"""A metric by how each image was degraded: bins of noise level, factor, quality, ... as a table and as a plot."""

import io
import json
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from benchmark.analysis.runs import Run
from benchmark.analysis.statistics import Interval, mean, mean_interval
from benchmark.metrics.registry import find_metric
from benchmark.metrics.table import value_text
from benchmark.reports.markup import Block, Entry, Page
from benchmark.specs.titles import method_title
from degrade.core.errors import InputError, unknown
from degrade.core.files import write_bytes

OPERATOR = "operator"  # the parameter that says which operators an image went through
COLUMNS = ("parameter", "bin", "method", "metric", "images", "mean", "low", "high")
_ACROSS = 3  # panels in a row of the plot


@dataclass(frozen=True)
class Bin:
    """Images alike in one parameter. label: its value or range of values; place: their mean, None without numbers."""

    label: str
    place: float | None
    images: tuple[str, ...]


@dataclass(frozen=True)
class Point:
    """The mean of one method over those images of a bin that have a finite value."""

    parameter: str
    bin: Bin
    method: str
    images: int
    value: float
    interval: Interval | None


def parameters(records: Sequence[Mapping[str, Any]], bins: int) -> dict[str, tuple[Bin, ...]]:
    """What varies between the images of a split, each parameter with bins of about equally many images.

    records: lines of metadata.jsonl. A parameter is called Operator.name, or Operator[2].name of an operator's second
    use in a chain; its value is the realised one where there is one, else the drawn. At most `bins` different values
    get a bin each. Images without the operator are in no bin of it. The bins of `operator` are the operators that some
    images lack, and overlap. Of parameters that part the images alike (height and width) the first is kept.
    """
    values: dict[str, dict[str, Any]] = {}
    users: dict[str, list[str]] = {}
    for record in records:
        for operator, own in _operators(record):
            users.setdefault(operator, []).append(record["name"])
            for name, value in own.items():
                values.setdefault(f"{operator}.{name}", {})[record["name"]] = value
    some = {operator: images for operator, images in users.items() if len(images) < len(records)}
    found = {OPERATOR: tuple(Bin(operator, None, tuple(images)) for operator, images in sorted(some.items()))}
    found |= {parameter: _bins(of_images, bins) for parameter, of_images in sorted(values.items())}
    first: dict[tuple[tuple[str, ...], ...], str] = {}
    for parameter, made in found.items():
        first.setdefault(tuple(part.images for part in made), parameter)
    return {parameter: found[parameter] for parts, parameter in first.items() if len(parts) > 1}


def breakdown(
    runs: Mapping[str, Run], metric: str, records: Sequence[Mapping[str, Any]], by: Sequence[str], bins: int
) -> list[Point]:
    """The means of a metric of images by parameter, bin and method; `by` empty for every parameter that varies.

    Raises InputError for a metric of sets, a parameter that does not vary and a method without values.
    """
    if find_metric(metric).per == "set":
        raise InputError(f"{metric}: is a number of a whole set; breakdown needs a metric of images")
    values = {method: run.by_image(metric) for method, run in runs.items()}
    absent = next((method for method, found in values.items() if not found), None)
    if absent:
        raise InputError(f"{metric}: {absent} has no values of it; score it first")
    varying = parameters(records, bins)
    if not varying:
        raise InputError("breakdown: every image of this split was degraded alike; choose a task whose draws differ")
    for parameter in by:
        if parameter not in varying:
            raise unknown("parameter", parameter, varying)
    return [
        point
        for parameter in by or varying
        for part in varying[parameter]
        for method in runs
        for point in _points(parameter, part, method, values[method])
    ]


def page(points: Sequence[Point], metric: str, where: str) -> Page:
    """A block for each parameter: one row a bin, one column a method. where: profile, protocol, task and split."""
    methods = list(dict.fromkeys(point.method for point in points))
    columns = (Entry("Value"), Entry("images"), *(Entry(method_title(method)) for method in methods))
    blocks = []
    for parameter, of_parameter in groupby(points, key=lambda point: point.parameter):
        rows = [list(of_bin) for _, of_bin in groupby(of_parameter, key=lambda point: point.bin)]
        blocks.append(Block(parameter, columns, tuple(_row(row, methods, metric) for row in rows)))
    sentences = (
        where,
        f"{_head(metric)}, mean over the images of a bin; ±: half of its 95 % interval (bootstrap over the images)",
        "Nothing is tested: an interval is of its bin alone, and of many bins some miss their mean",
        "Lengths are in pixels of the image, noise levels in 8-bit steps; images without the operator are in no bin",
    )
    return Page(f"{find_metric(metric).header} by degradation", sentences, tuple(blocks), ())


def rows(points: Sequence[Point], metric: str) -> Iterator[tuple[object, ...]]:
    """The points as lines of a CSV file, COLUMNS first."""
    yield COLUMNS
    for point in points:
        ends = (point.interval.low, point.interval.high) if point.interval else ("", "")
        numbers = (number if number == "" else f"{number:.6g}" for number in (point.value, *ends))
        yield (point.parameter, point.bin.label, point.method, metric, point.images, *numbers)


def plot(points: Sequence[Point], metric: str, title: str, path: Path) -> None:
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


def _operators(record: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(name, parameters) of each operator of an image, without the seeds, which mean nothing."""
    uses: Counter[str] = Counter()
    for step in record["operators"]:
        uses[step["op"]] += 1
        name = step["op"] if uses[step["op"]] == 1 else f"{step['op']}[{uses[step['op']]}]"
        own = json.loads(step["drawn"]) | json.loads(step["realised"])
        yield name, {key: value for key, value in own.items() if key != "seed" and isinstance(value, int | float | str)}


def _bins(of_images: Mapping[str, Any], count: int) -> tuple[Bin, ...]:
    """Words, and at most `count` different numbers, get a bin each; other numbers one for each quantile."""
    numbers = not any(isinstance(value, str) for value in of_images.values())
    known = dict(of_images) if numbers else {image: str(value) for image, value in of_images.items()}
    values, different = sorted(known.values()), sorted(set(known.values()))
    cuts = different[1:]
    if numbers and len(different) > count:
        ends = (values[len(values) * part // count - 1] for part in range(1, count))  # a quantile's last value ...
        after = ({*different[bisect_right(different, end) :][:1]} for end in ends)  # ... and the value after it
        cuts = sorted(set().union(*after))
    inside: dict[int, dict[str, Any]] = {}
    for image, value in known.items():
        inside.setdefault(bisect_right(cuts, value), {})[image] = value
    return tuple(_bin(found, numbers) for _, found in sorted(inside.items()))


def _bin(found: Mapping[str, Any], numbers: bool) -> Bin:
    if not numbers:
        return Bin(next(iter(found.values())), None, tuple(found))
    ends = [f"{end:.4g}" for end in (min(found.values()), max(found.values()))]
    return Bin(" to ".join(dict.fromkeys(ends)), mean(list(found.values())), tuple(found))


def _points(parameter: str, part: Bin, method: str, values: Mapping[str, float]) -> Iterator[Point]:
    found = [values[name] for name in part.images if name in values]
    if found:
        yield Point(parameter, part, method, len(found), mean(found), mean_interval([[value] for value in found]))


def _row(points: Sequence[Point], methods: Sequence[str], metric: str) -> tuple[Entry, ...]:
    own = {point.method: point for point in points}
    counts = " to ".join(dict.fromkeys(str(count) for count in sorted({point.images for point in points})))
    return (
        Entry(points[0].bin.label),
        Entry(counts),
        *(_entry(own[method], metric) if method in own else Entry("n/a") for method in methods),
    )


def _entry(point: Point, metric: str) -> Entry:
    spread = f"±{value_text(metric, point.interval.half)}" if point.interval else ""
    return Entry(value_text(metric, point.value), spread=spread)


def _panel(axis: Any, points: Sequence[Point]) -> None:
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
