"""The charts of a page, as what a template draws as SVG: places in px, y growing downwards."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from unicodedata import east_asian_width

from benchmark.analysis.breakdown import FEWEST, BinMean, bin_words, breakdown, chosen_parameters, in_words, panels
from benchmark.analysis.cells import MEASURED
from benchmark.analysis.statistics import Interval
from benchmark.metrics.facts import facts_of, value_text
from benchmark.metrics.table import with_role
from benchmark.reports.figures.labels import Box, around, boxes, leader
from benchmark.reports.html.content import TestSet
from degrade.core.errors import InputError

DISTORTION = "psnr.rgb"
_BINS = 4  # of a parameter at most
_PANEL = 340  # px, width of a panel of a breakdown
_LETTER = 6.4  # px, mean width of a letter of 12 px
_LINE = 14.0  # px
_TICKS = 4  # about so many on an axis


@dataclass(frozen=True)
class Axis:
    """Values from `low`, at the px `start`, to `high` at `end`. ticks: (px, text); tilted: too long to stand level."""

    low: float
    high: float
    start: float
    end: float
    label: str
    ticks: tuple[tuple[float, str], ...] = ()
    tilted: bool = False

    @property
    def first(self) -> float:
        """The px to the left, or at the top."""
        return min(self.start, self.end)

    @property
    def last(self) -> float:
        return max(self.start, self.end)

    def at(self, value: float) -> float:
        """The px of a value."""
        return round(self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start), 1)


@dataclass(frozen=True)
class Mark:
    """A point with the ends of its bars, what it says when pointed at, and its name with where that stands.

    leader: the end of a thin line to a name that does not stand beside its point.
    """

    x: float
    y: float
    across: tuple[float, float]
    down: tuple[float, float]
    says: str
    name: str = ""
    box: Box | None = None

    @property
    def leader(self) -> tuple[float, float] | None:
        return leader((self.x, self.y), self.box) if self.box else None


@dataclass(frozen=True)
class Series:
    """What one method has in a chart; joined: by a line."""

    name: str
    colour: str
    marks: tuple[Mark, ...]
    joined: bool = False


@dataclass(frozen=True)
class Chart:
    """One panel."""

    title: str
    says: str
    width: int
    height: int
    x: Axis
    y: Axis
    series: tuple[Series, ...]


def perceptual(found: TestSet) -> str:
    """The perceptual metric that a test set was measured with, the preferred one of several; empty for none."""
    measured = {metric for metric in found.metrics if _has(found, metric)}
    return next((metric for metric in with_role("perceptual") if metric in measured), "")


def plane(found: TestSet, colours: Mapping[str, str], width: int = 420, height: int = 330) -> Chart | None:
    """PSNR against the perceptual metric, better to the left and below; None where no method has both.

    Without those that were scored in another way, or on other images, than the newest: their table says so.
    """
    perception = perceptual(found)
    if not perception or not _has(found, DISTORTION):
        return None
    runs = {key: run for key, run in found.runs.items() if not {DISTORTION, perception} & run.outdated.keys()}
    cells = {key: (run.cell(DISTORTION), run.cell(perception)) for key, run in runs.items()}
    cells = {key: own for key, own in cells.items() if all(_finite(cell.value) for cell in own)}
    if not cells:
        return None
    spans = [[_span(own[place].number, own[place].interval) for own in cells.values()] for place in (0, 1)]
    x = _axis(spans[0], width - 14, 54, _label(DISTORTION))
    turned = facts_of(perception).higher_is_better is True
    y = _axis(spans[1], *((14, height - 44) if turned else (height - 44, 14)), _label(perception))
    points = [(x.at(first.number), y.at(second.number)) for first, second in cells.values()]
    names = [found.name(key) for key in cells]
    sizes = [(_wide(name) + 4, _LINE) for name in names]
    bars = [
        around(x.at(low), place[1], x.at(high), place[1]) for (low, high), place in zip(spans[0], points, strict=True)
    ]
    bars += [
        around(place[0], y.at(low), place[0], y.at(high)) for (low, high), place in zip(spans[1], points, strict=True)
    ]
    places = boxes(points, sizes, Box(x.first, y.first, x.last, y.last), bars)
    series = []
    for key, name, place, across, down in zip(cells, names, places, *spans, strict=True):
        first, second = cells[key]
        says = f"{name}: {value_text(DISTORTION, first.number)} dB, {value_text(perception, second.number)}"
        ends = (x.at(across[0]), x.at(across[1])), (y.at(down[0]), y.at(down[1]))
        mark = Mark(x.at(first.number), y.at(second.number), *ends, says, name, place)
        series.append(Series(name, colours[key], (mark,)))
    says = f"{found.subject}: PSNR and {facts_of(perception).header} of each method; bars are 95 % intervals"
    return Chart(found.subject, says, width, height, x, y, tuple(series))


def by_degradation(found: TestSet, metric: str, colours: Mapping[str, str]) -> tuple[Chart, ...]:
    """A panel for each parameter of the degradation that varies: the mean of a metric of images in each bin.

    A parameter of which a single bin has images enough says nothing, and has none.
    """
    runs = {key: run for key, run in found.runs.items() if run.by_image(metric)}
    if found.split is None or not runs:
        return ()
    try:
        parts = chosen_parameters(found.split.records, (), max(2, min(_BINS, len(found.images) // FEWEST)))
        points = breakdown(runs, metric, parts).points
    except InputError:  # all images have the same degradation, or are too few
        return ()
    return tuple(
        _panel(parameter, own, metric, {key: (found.name(key), colours[key]) for key in runs})
        for parameter, own in panels(points).items()
        if len({point.bin for point in own}) > 1
    )


def metrics_by_degradation(found: TestSet) -> tuple[str, ...]:
    """PSNR and the perceptual metric, as far as there are values of images."""
    return tuple(metric for metric in (DISTORTION, perceptual(found)) if metric in found.metrics)


def _panel(parameter: str, points: Sequence[BinMean], metric: str, shown: Mapping[str, tuple[str, str]]) -> Chart:
    """shown: name and colour of each method."""
    title, bins = in_words(parameter), list(dict.fromkeys(point.bin for point in points))
    labels = [bin_words(parameter, one) for one in bins]
    words = bins[0].place is None
    if words:
        x = _of_words(labels, 50, _PANEL - 10, title)
    else:
        x = _axis([(one.place, one.place) for one in bins if one.place is not None], 50, _PANEL - 10, title)
    height = 230 + (round(0.6 * max(map(_wide, labels))) if x.tilted else 0)
    y = _axis([_span(point.value, point.interval) for point in points], 184, 12, _label(metric))
    methods = list(dict.fromkeys(point.method for point in points))
    beside = min(7.0, 0.8 * (x.last - x.first) / len(bins) / len(methods))
    series = []
    for rank, method in enumerate(methods):
        shift = round(beside * (rank - (len(methods) - 1) / 2), 1) if words else 0.0
        own = [point for point in points if point.method == method]
        marks = []
        for point in own:
            place = x.at(bins.index(point.bin) if point.bin.place is None else point.bin.place) + shift
            value = f"{value_text(metric, point.value)} of {point.images} images"
            says = f"{shown[method][0]}, {labels[bins.index(point.bin)]}: {value}"
            low, high = map(y.at, _span(point.value, point.interval))
            marks.append(Mark(place, y.at(point.value), (place, place), (low, high), says))
        series.append(Series(*shown[method], tuple(marks), joined=not words))
    says = f"{facts_of(metric).header} by {title}"
    return Chart(title, says, _PANEL, height, x, y, tuple(series))


def _of_words(words: Sequence[str], start: float, end: float, label: str) -> Axis:
    """An axis with a place for each word, counted from 0."""
    axis = Axis(-0.5, len(words) - 0.5, start, end, label)
    tilted = max(map(_wide, words)) > (end - start) / len(words)
    return replace(axis, ticks=tuple((axis.at(place), word) for place, word in enumerate(words)), tilted=tilted)


def _axis(spans: Sequence[tuple[float, float]], start: float, end: float, label: str) -> Axis:
    """An axis over all spans with some room at its ends, and round numbers as ticks."""
    low, high = min(low for low, _ in spans), max(high for _, high in spans)
    room = 0.08 * (high - low) or abs(high) * 0.05 or 1.0
    axis = Axis(low - room, high + room, start, end, label)
    return replace(axis, ticks=tuple((axis.at(value), text) for value, text in _ticks(axis)))


def _ticks(axis: Axis) -> Iterator[tuple[float, str]]:
    """Multiples of 1, 2 or 5 times a power of ten.

    >>> [text for _, text in _ticks(Axis(0.0, 1.0, 0, 100, ""))]
    ['0', '0.2', '0.4', '0.6', '0.8', '1']
    """
    rough = (axis.high - axis.low) / _TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(step * power for step in (1, 2, 5, 10) if step * power >= rough * 0.7)
    first, last = math.ceil(axis.low / step - 1e-9), math.floor(axis.high / step + 1e-9)
    for count in range(first, last + 1):
        yield count * step, f"{count * step:.10g}"


def _wide(text: str) -> float:
    """About how wide a text stands, px; Chinese, Japanese and Korean letters are as wide as two."""
    return _LETTER * sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def _span(value: float, interval: Interval | None) -> tuple[float, float]:
    return (interval.low, interval.high) if interval else (value, value)


def _label(metric: str) -> str:
    found = facts_of(metric)
    unit = "" if found.unit in ("1", "share") else f", {found.unit}"
    return f"{found.header}{unit}{found.arrow}"


def _finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _has(found: TestSet, metric: str) -> bool:
    return metric in found.metrics and any(run.cell(metric).state == MEASURED for run in found.runs.values())
