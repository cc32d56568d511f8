"""A page in a real browser, opened from the disk without a network."""

import re
import shutil

import pytest

from benchmark.reports.html.sources import of_evaluation
from benchmark.reports.html.write import write
from tests.benchmark.reports.html.viewer import data, order

pytestmark = pytest.mark.slow
DRAWN = "return [...document.querySelectorAll('#stage img')].every((one) => one.complete && one.naturalWidth > 0)"
TRANSFORMS = "return [...document.querySelectorAll('#stage .layer')].map((one) => one.style.transform)"


def wait_for(browser, script):
    from selenium.webdriver.support.wait import WebDriverWait

    WebDriverWait(browser.driver, 10).until(lambda _: browser.run(script))


@pytest.mark.parametrize("which", ["page", "hostile", "single"])
def test_it_opens_without_a_word_in_the_console_and_asks_nothing_of_a_network(which, request, browser):
    browser.open(request.getfixturevalue(which))
    wait_for(browser, DRAWN)
    for mode in ("side", "difference", "flicker", "slider"):
        browser.click(f"[data-mode={mode}]")
        wait_for(browser, DRAWN)
    browser.click("td[data-metric] button")
    assert browser.said() == []
    assert "file" in (asked := browser.asked()) and asked <= {"file", "data"}
    assert browser.find("#viewer").is_displayed()


@pytest.fixture(scope="session")
def single(evaluated, tmp_path_factory):
    """One file, alone in its folder."""
    folder = tmp_path_factory.mktemp("single")
    return write(of_evaluation(evaluated / "out", evaluated / "work"), folder, single_file=True).page


def test_a_copied_folder_opens_elsewhere(browser, page, tmp_path):
    """As on a USB stick, under a name with a blank and signs."""
    browser.open(shutil.copytree(page.parent, tmp_path / "a stick #1 %20?") / "index.html")
    wait_for(browser, DRAWN)
    assert browser.said() == []


def test_what_strangers_wrote_shows_as_it_was_written(browser, hostile):
    browser.open(hostile)
    label = browser.texts("table[data-set] tbody th")[0]
    assert label.startswith("<script>pwned()</script>\"'`") and "</title><img srcx onerrorpwned()>" in label
    assert browser.driver.title.startswith("out <script>pwned()")
    assert browser.find("#name").text.startswith("<script>pwned()")
    assert browser.run("return document.querySelectorAll('img[onerror], script:not([type])').length") == 1


def test_a_head_sorts_its_column_by_click_and_by_key(opened):
    head = "table[data-set='0'] th[data-metric='gmsd']"
    cells = "table[data-set='0'] td[data-metric='gmsd'] .value"
    opened.click(f"{head} button")
    values = list(map(float, opened.texts(cells)))
    assert values == sorted(values) and opened.find(head).get_attribute("aria-sort") == "ascending"
    opened.press("\ue007", on=f"{head} button")
    assert list(map(float, opened.texts(cells))) == sorted(values, reverse=True)
    opened.click("table[data-set='0'] th[data-metric='psnr.rgb'] button")
    found = list(map(float, opened.texts("table[data-set='0'] td[data-metric='psnr.rgb'] .value")))
    assert found == sorted(found, reverse=True), "the best first, and of PSNR that is the highest"
    assert len(opened.run("return [...document.querySelectorAll(\"table[data-set='0'] [aria-sort]\")]")) == 1


def test_of_a_long_name_its_end_is_seen(opened):
    """Those of one test set most often begin alike."""
    ends = opened.run(
        "return [...document.querySelectorAll('#strip .end')].map((box) => {"
        " const [name, range] = [box.querySelector('bdi'), document.createRange()];"
        " range.setStart(name.firstChild, name.textContent.length - 6); range.setEndAfter(name.firstChild);"
        " const [part, whole] = [range.getBoundingClientRect(), box.getBoundingClientRect()];"
        " return [part.left - whole.left, whole.right - part.right, box.scrollWidth - box.clientWidth] })"
    )
    assert max(hidden for *_, hidden in ends) > 0, "some name is too long here, or this tests nothing"
    assert all(left > 5 and right > -1 for left, right, _ in ends)


def test_the_slider_moves_by_pointer_and_by_key(opened):
    clip = "return getComputedStyle(document.querySelector('#stage .half')).clipPath"
    assert opened.run(clip) == "inset(0px 0px 0px 50%)"
    side = opened.run("return document.querySelector('#stage .pane').clientWidth")
    opened.drag(".handle", round(0.25 * side))
    assert float(opened.find(".handle").get_attribute("aria-valuenow")) == pytest.approx(75, abs=1)
    moved = re.fullmatch(r"inset\(0px 0px 0px ([\d.]+)%\)", opened.run(clip))[1]
    assert float(moved) == pytest.approx(75, abs=1)
    opened.press("\ue012", "\ue012", on=".handle")
    assert float(opened.find(".handle").get_attribute("aria-valuenow")) == pytest.approx(71, abs=1)


def test_zoom_and_pan_are_linked(opened):
    opened.click("[data-mode=side]")
    for _ in range(3):
        opened.click("[data-zoom=in]")
    before = opened.run(TRANSFORMS)
    assert len(before) == 3 and len(set(before)) == 1 and "scale(3.375)" in before[0]
    opened.drag("#stage .pane:nth-child(2)", 40, 25)
    after = opened.run(TRANSFORMS)
    assert len(set(after)) == 1 and after != before
    opened.press("0")
    assert set(opened.run(TRANSFORMS)) == {"translate(0%, 0%) scale(1)"}


def test_two_fingers_zoom_on_a_phone(browser, page):
    browser.open(page, 360, 740)
    browser.run("document.getElementById('stage').scrollIntoView({block: 'center'})")
    box = browser.run("return document.getElementById('stage').getBoundingClientRect().toJSON()")
    x, y = box["left"] + box["width"] / 2, box["top"] + box["height"] / 2

    def touch(kind, apart):
        points = [{"x": x - apart, "y": y, "id": 1}, {"x": x + apart, "y": y, "id": 2}] if apart else []
        browser.driver.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 20)
    for apart in (30, 40, 60):
        touch("touchMove", apart)
    touch("touchEnd", 0)
    scale = float(re.search(r"scale\(([\d.]+)\)", browser.run(TRANSFORMS)[0])[1])
    assert scale == pytest.approx(3, rel=0.2)
    assert len(set(browser.run(TRANSFORMS))) == 1


def test_arrows_choose_the_next_image_and_the_next_method(opened):
    names = order(opened)
    opened.press("\ue014")
    assert opened.find("#name").text == names[1]
    opened.press("\ue012", "\ue012")
    assert opened.find("#name").text == names[0]
    kinds = opened.run("return [...document.getElementById('right').options].map((one) => one.value)")
    now = opened.find("#right").get_attribute("value")
    opened.press("\ue015")
    assert opened.find("#right").get_attribute("value") == kinds[(kinds.index(now) + 1) % len(kinds)]


def test_every_key_of_the_caption_does_what_it_says(opened):
    shown = "return [stage.mode, state.left, state.right, stage.zoom.scale]"
    _, left, right, _ = opened.run(shown)
    for key in "sS":
        opened.press(key)
        left, right = right, left
        assert opened.run(shown)[1:3] == [left, right], "also with a shift key or its lock"
    for key, mode in zip("2341", ("side", "difference", "flicker", "slider"), strict=True):
        opened.press(key)
        assert opened.run(shown)[0] == mode
    for key, scale in (("+", 1.5), ("+", 2.25), ("-", 1.5), ("0", 1)):
        opened.press(key)
        assert opened.run(shown)[3] == scale


def test_a_difference_is_black_where_the_pictures_are_equal(opened):
    opened.click("[data-mode=difference]")
    wait_for(opened, DRAWN)
    apart = opened.pixels("#stage .layer")
    opened.choose("#left", "reference")
    wait_for(opened, DRAWN)
    same = opened.pixels("#stage .layer")
    middle = slice(same.shape[0] // 4, -same.shape[0] // 4)
    assert same[middle, middle].max() == 0 and apart[middle, middle].mean() > 20


def test_the_one_label_of_a_difference_has_the_whole_width_of_a_phone(browser, page):
    browser.open(page, 360, 740)
    room = "return getComputedStyle(document.querySelector('#stage .tag')).maxWidth"
    assert browser.run(room).startswith("calc(50%")
    browser.run("setMode('difference')")
    assert browser.run(room).startswith("calc(100%")


def test_flicker_shows_the_other_picture(opened):
    opened.click("[data-mode=flicker]")
    shown = {opened.texts("#stage .tag")[0]}
    opened.press(" ")
    shown.add(opened.texts("#stage .tag")[0])
    opened.press(" ")
    assert len(shown) == 2 and opened.texts("#stage .tag")[0] in shown


def test_every_image_has_its_degradation_in_words_and_its_scores(opened):
    own = data(opened)[0]
    image = next(image for image in own["images"] if image["name"] == opened.find("#name").text)
    assert opened.texts("#words li") == image["words"] and len(image["words"]) >= 3
    assert opened.texts("#scores thead th") == ["Method", "PSNR ↑", "SSIM ↑", "GMSD ↓"]
    assert len(opened.texts("#scores tbody tr")) == 3


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_it_fits_every_width_and_can_be_read_in_both_schemes(browser, page, width, dark):
    browser.open(page, width, 800, dark)
    assert browser.run("return document.documentElement.scrollWidth") <= width
    stage = browser.run("return document.getElementById('stage').getBoundingClientRect().toJSON()")
    assert stage["left"] >= 0 and stage["right"] <= width and stage["width"] > 300
    paper = browser.run("return getComputedStyle(document.body).backgroundColor")
    assert (_lightness(paper) < 0.1) == dark
    for selector in ("body", ".caption", "td small", "#strip button", ".chart text", "a"):
        script = "const own = getComputedStyle(document.querySelector(arguments[0])); return [own.color, own.fill]"
        colour, fill = browser.run(script, selector)
        assert _contrast(fill if selector.endswith("text") else colour, paper) >= 4.5, selector


def _lightness(colour):
    """Relative luminance, WCAG 2.1."""
    channels = [int(number) / 255 for number in re.findall(r"\d+", colour)[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _contrast(one, other):
    darker, lighter = sorted((_lightness(one), _lightness(other)))
    return (lighter + 0.05) / (darker + 0.05)
