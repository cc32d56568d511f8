"""The images of a page in a real browser: in which order, and with which values."""

import pytest

from tests.benchmark.reports.html.viewer import data, of, order

pytestmark = pytest.mark.slow


def test_a_cell_opens_its_images_the_worst_first(opened):
    opened.click("table[data-set='1'] tr[data-key='bicubic_x4'] td[data-metric='ssim.gauss11.rgb'] button")
    values = of(data(opened)[1], "method:bicubic_x4", "ssim.gauss11.rgb")
    assert order(opened) == sorted(values, key=values.get)
    chosen = [opened.find(f"#{name}").get_attribute("value") for name in ("set", "metric", "of", "left", "right")]
    assert chosen == ["1", "ssim.gauss11.rgb", "method:bicubic_x4", "degraded", "method:bicubic_x4"]
    assert opened.find("#name").text == order(opened)[0]
    top = opened.run("return document.getElementById('viewer').getBoundingClientRect().top")
    assert abs(top) < 100


def test_orders_are_those_of_the_scores(opened):
    own = data(opened)[0]
    opened.choose("#metric", "psnr.rgb")
    opened.choose("#of", "method:bicubic_x4")
    mine, other = of(own, "method:bicubic_x4", "psnr.rgb"), of(own, "method:bicubic", "psnr.rgb")
    opened.choose("#order", "best")
    assert order(opened) == sorted(mine, key=mine.get, reverse=True)
    opened.choose("#order", "gain")
    opened.choose("#against", "method:bicubic")
    assert order(opened) == sorted(mine, key=lambda name: mine[name] - other[name], reverse=True)
    assert opened.texts("#strip li span:last-of-type")[0].startswith(("+", "-", "0"))
    opened.choose("#order", "apart")
    opened.choose("#against", "gmsd")
    gmsd = of(own, "method:bicubic_x4", "gmsd")
    places = {name: (_rank(mine, name), _rank({key: -value for key, value in gmsd.items()}, name)) for name in mine}
    apart = [abs(places[name][0] - places[name][1]) for name in order(opened)]
    assert apart == sorted(apart, reverse=True)
    opened.choose("#order", "name")
    assert order(opened) == sorted(mine)


def _rank(values, name):
    return sum(other < values[name] for other in values.values())


def test_an_image_without_a_score_stands_last_and_says_why(opened):
    failed = data(opened)[0]["images"][0]["name"]
    opened.choose("#of", "method:Ours")
    assert order(opened)[-1] == failed
    opened.click("#strip li:last-child button")
    (title,) = opened.run("return [...document.querySelectorAll('#bars button')].slice(-1).map((one) => one.title)")
    assert title == "not restored: out of luck"
    opened.choose("#right", "method:Ours")
    assert opened.find("#name").text == failed
    opened.click("[data-mode=side]")
    assert "Ours: no picture" in opened.texts(".empty")


def test_an_image_that_lacks_one_of_two_metrics_is_no_disagreement(opened):
    opened.choose("#of", "method:bicubic")
    best = order(opened)[-1]
    opened.run(
        "const own = column('method:bicubic').values['gmsd'];"
        " own[set().images.findIndex((one) => one.name === arguments[0])] = null;",
        best,
    )
    opened.choose("#order", "apart")
    opened.choose("#against", "gmsd")
    assert order(opened)[-1] == best


def test_a_single_metric_disagrees_with_none(opened):
    opened.run("set().metrics.length = 1")
    opened.choose("#order", "apart")
    assert len(order(opened)) == 12 and opened.texts("#bars li") and opened.said() == []


def test_a_test_set_without_values_of_images_shows_none_of_another(opened):
    """As one without references, of which a metric of whole sets was asked alone."""
    assert opened.texts("#bars li")
    opened.run("sets[1].metrics = []")
    opened.choose("#set", "1")
    assert opened.texts("#bars-head") == [""] and not opened.texts("#bars li")
    assert len(order(opened)) == 12 and opened.said() == []
