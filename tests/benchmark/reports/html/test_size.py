"""A page of 100 images and 10 methods at 256 px: how large it is, and how soon it is there."""

import os
from dataclasses import replace

import pytest

from benchmark.analysis.runs import Run
from benchmark.reports.html.content import Chapter, Content, TestSet
from benchmark.reports.html.write import write
from benchmark.reports.markup import TableCell
from degrade import load_split, make_split
from tests.benchmark.made_scores import BASE

pytestmark = pytest.mark.slow
NAMES, METHODS = [f"face_{number:03}" for number in range(100)], [f"method {number}" for number in range(10)]


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    """Every picture is one of four painted faces; as sharp as their references, which makes files large."""
    root = tmp_path_factory.mktemp("many")
    painted = load_split(make_split(root / "painted", None, "denoise", size=256, limit=4).path)
    for folder, kind in (("lq", 1), ("hq", 0), *((method, 0) for method in METHODS)):
        (root / folder).mkdir()
        for number, name in enumerate(NAMES):
            os.link(painted.files(painted.names[number % 4])[kind], root / folder / f"{name}.png")
    records = tuple(painted.records[number % 4] | {"name": name} for number, name in enumerate(NAMES))
    split = replace(painted, path=root, records=records)
    runs = {method: Run(tuple(replace(BASE, method=method, image=name) for name in NAMES)) for method in METHODS}
    head = (TableCell("Method"), TableCell("PSNR", key="psnr.rgb"))
    grid = (head, *((TableCell(method, key=method), TableCell("1.000")) for method in METHODS))
    restored = {method: root / method for method in METHODS}
    found = TestSet("many", "many: 100 images", grid, runs, 256, split, restored)
    return Content("Evaluation", "many", (), (Chapter("Results", (), (), (found,)),))


@pytest.fixture(scope="module", params=[False, True], ids=["folder", "single file"])
def made(request, content, tmp_path_factory):
    return write(content, tmp_path_factory.mktemp("page"), single_file=request.param)


def test_it_takes_less_than_40_mb_as_a_folder_and_as_a_single_file(made):
    """Pictures within a page take a third more; those of methods are seldom as sharp as references."""
    assert made.pictures == 12 * 100
    assert made.size == sum(path.stat().st_size for path in made.page.parent.rglob("*") if path.is_file())
    assert made.size < 40e6


def test_it_opens_in_less_than_2_seconds(made, browser):
    """The shortest of three, as a busy machine is only ever slower."""
    spent = []
    for _ in range(3):
        browser.open(made.page)
        spent.append(browser.run("const [own] = performance.getEntriesByType('navigation'); return own.loadEventEnd"))
        assert len(browser.texts("#strip li")) == 100
    assert 0 < min(spent) < 2000
