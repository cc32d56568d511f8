"""Charts and words of a page: values at their places."""

import json
import re
from dataclasses import replace

import pytest

from benchmark.reports.evaluation.results import Results
from benchmark.reports.figures.colours import colours
from benchmark.reports.html.charts import Axis, by_degradation, metrics_by_degradation, plane
from benchmark.reports.html.sources import of_evaluation
from benchmark.reports.html.words import degradation


@pytest.fixture(scope="module")
def found(evaluated):
    return of_evaluation(evaluated / "out", evaluated / "work").sets[0]


@pytest.fixture(scope="module")
def hues(found):
    return {key: f"#00000{number}" for number, key in enumerate(found.runs)}


def test_an_axis_is_linear_and_its_ends_are_its_ends():
    axis = Axis(10, 20, 300, 100, "")
    assert [axis.at(value) for value in (10, 12.5, 20)] == [300, 250, 100]
    assert (axis.first, axis.last) == (100, 300)


def test_the_better_method_stands_to_the_left_and_below_with_its_interval(found, hues):
    chart = plane(found, hues)
    marks = {series.colour: series.marks[0] for series in chart.series}
    cells = {key: (run.cell("psnr.rgb"), run.cell("gmsd")) for key, run in found.runs.items()}
    for key, (first, second) in cells.items():
        mark = marks[hues[key]]
        assert (mark.x, mark.y) == (chart.x.at(first.number), chart.y.at(second.number))
        assert mark.across == (chart.x.at(first.interval.low), chart.x.at(first.interval.high))
    best = max(cells, key=lambda key: cells[key][0].number)
    assert marks[hues[best]].x == min(mark.x for mark in marks.values())
    least = min(cells, key=lambda key: cells[key][1].number)  # GMSD: lower is better
    assert marks[hues[least]].y == max(mark.y for mark in marks.values())
    for mark in marks.values():
        assert chart.x.first <= mark.x <= chart.x.last and chart.y.first <= mark.y <= chart.y.last


def test_a_figure_says_what_it_is_of_and_how_many(found, hues):
    (split,) = {run.split for run in found.runs.values()}
    assert plane(found, hues).title == f"blurred, split {split}, N = 12"
    assert plane(replace(found, title=split), hues).title == f"{split}, N = 12", "not twice the same word"


def test_a_method_has_one_colour_on_the_page_and_in_the_figures_of_an_evaluation(evaluated, page):
    """Those that the plane is drawn in, of all methods in the order of the question."""
    data = json.loads(re.search(r'id="data">(.*?)</script>', page.read_text(encoding="utf-8"), re.DOTALL)[1])
    figures = colours(Results(evaluated / "out").methods)
    for own in data["sets"]:
        columns = {one["kind"].removeprefix("method:"): one["colour"] for one in own["columns"] if "values" in one}
        assert columns == figures


def test_names_of_wide_letters_have_their_room(found, hues):
    """A letter of 12 px is as wide as high in Chinese."""
    name = "我们的方法"
    chart = plane(replace(found, names=dict.fromkeys(found.runs, name)), hues)
    boxes = [mark.box for series in chart.series for mark in series.marks if mark.box]
    assert boxes and all(box.right - box.left >= 12 * len(name) for box in boxes)


def test_a_plane_needs_both_metrics(found, hues):
    assert plane(replace(found, grid=tuple(row[:3] for row in found.grid)), hues) is None


def test_a_plane_leaves_out_what_was_scored_in_another_way_than_the_newest(found, hues):
    first, *others = found.runs
    older = {first: replace(found.runs[first], outdated={"psnr.rgb": "as in an older version"})}
    chart = plane(replace(found, runs={**found.runs, **older}), hues)
    assert [series.colour for series in chart.series] == [hues[key] for key in others]


def test_panels_are_the_parameters_that_vary_and_their_points_lie_on_the_axes(found, hues):
    charts = by_degradation(found, "psnr.rgb", hues)
    assert {"operator", "JPEG quality"} <= {chart.title for chart in charts}
    for chart in charts:
        assert len({mark.x for series in chart.series for mark in series.marks}) > 1
        for series in chart.series:
            for mark in series.marks:
                assert chart.x.first <= mark.x <= chart.x.last and chart.y.first <= mark.y <= chart.y.last
                assert chart.y.first <= min(mark.down) <= mark.y <= max(mark.down) <= chart.y.last


def test_a_breakdown_is_of_psnr_and_of_the_perceptual_metric_and_needs_the_split(found, hues):
    assert metrics_by_degradation(found) == ("psnr.rgb", "gmsd")
    assert by_degradation(replace(found, split=None), "psnr.rgb", hues) == ()


def step(op, drawn, realised="{}"):
    return {"op": op, "drawn": drawn, "realised": realised}


def resized(factor, height, width, kind):
    whole = "0" if factor else "64"
    drawn = f'{{"filter": "{kind}", "factor": {factor}, "height": {whole}, "width": {whole}}}'
    return step("Resize", drawn, f'{{"height": {height}, "width": {width}}}')


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (step("GaussianBlur", '{"sigma": 2.71758, "size": 21}'), "Gaussian blur (sigma 2.72 px, kernel width 21 px)"),
        (step("Jpeg", '{"quality": 63, "chroma": "420"}'), "JPEG (quality 63)"),
        (step("Jpeg", '{"quality": 63, "chroma": "444"}'), "JPEG (quality 63, colour resolution 444)"),
        (step("MotionBlur", '{"k": 9, "angle": 263.45}'), "Motion blur (length 9 px, angle 263 degrees)"),
        (resized(4.4827, 57, 57, "linear"), "reduced 4.48 times to 57 x 57 px (linear)"),
        (resized(0.5, 64, 32, "cubic"), "enlarged 2 times to 32 x 64 px (cubic)"),
        (resized(0.0, 64, 64, "cubic"), "resized to 64 x 64 px (cubic)"),
    ],
)
def test_a_degradation_in_words(record, words):
    assert degradation({"operators": [record, step("Quantize", "{}")]}) == (words,)


def test_seeds_and_what_is_at_its_default_are_left_out():
    jitter = step("ColourJitter", '{"brightness": 1.0, "contrast": 0.661, "saturation": 1.0, "hue": 0.0}')
    noise = step("GaussianNoise", '{"sigma": 26.439, "seed": 3847571525}')
    words = ("Colour jitter (contrast 0.661 times)", "Gaussian noise (standard deviation 26.4 in 8-bit steps)")
    assert degradation({"operators": [jitter, noise]}) == words
