"""What stands in a page, read as text: no browser."""

import base64
import hashlib
import html
import json
import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmark.analysis.cells import MEASURED
from benchmark.cli.main import benchmark
from benchmark.metrics.facts import value_text
from benchmark.reports.evaluation.results import Results
from benchmark.reports.html.sources import of_evaluation, of_profile
from benchmark.reports.html.write import write
from benchmark.runs.request import RunRequest
from benchmark.runs.run import run
from benchmark.runs.settings import Settings
from benchmark.specs.protocols import Profile, load_protocol
from degrade.core.errors import InputError
from degrade.core.image import decode_uint8, read, to_uint8
from tests.benchmark.reports.html.conftest import HOSTILE


class Elements(HTMLParser):
    """Every element of a page as (tag, attributes), and the text of each kind."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.found, self.texts, self._open = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        self._open = tag

    def handle_endtag(self, tag):
        self._open = ""

    def handle_data(self, data):
        self.texts.append((self._open, data))

    def all(self, tag):
        return [attributes for found, attributes in self.found if found == tag]

    def text(self, tag):
        return [data for found, data in self.texts if found == tag]


def elements(path):
    return Elements(path.read_text(encoding="utf-8"))


def data(path):
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', path.read_text(), re.S)
    return json.loads(found[1])


def call(*arguments):
    return CliRunner().invoke(benchmark, ["report", *map(str, arguments)])


def test_without_a_script_the_page_has_every_value_of_every_table(evaluated, page):
    shown, results = elements(page).text("span"), Results(evaluated / "out")
    count = 0
    for found in results.test_sets:
        for scored in found.runs.values():
            for metric in found.metrics:
                cell = scored.cell(metric)
                if cell.state == MEASURED:
                    assert value_text(metric, cell.number) in shown
                    count += 1
    assert count == 2 * 3 * 3


def test_best_second_and_rank_are_those_of_the_scores(evaluated, page):
    text = page.read_text()
    body = re.search(r'<table class="results" data-set="0">.*?<tbody>(.*?)</tbody>', text, re.S)[1]
    psnr = re.findall(r'<td data-metric="psnr.rgb" data-sort="([^"]+)" title="rank (\d)"', body)
    ordered = sorted((float(value) for value, _ in psnr), reverse=True)
    assert [int(rank) for _, rank in psnr] == [1 + ordered.index(float(value)) for value, _ in psnr]
    assert body.count('class="best"') >= 3 and body.count('class="second"') >= 3


def test_a_method_scored_on_fewer_images_has_no_rank(page):
    row = re.search(r'<tr data-key="Ours">.*?</tr>', page.read_text(), re.S)[0]
    assert "rank " not in row and '<td class="rank" data-sort=""></td>' in row


def test_what_the_script_knows_are_the_scores_of_each_image_their_errors_and_degradation(evaluated, page):
    own, results = data(page)["sets"][0], Results(evaluated / "out")
    run = results.test_sets[0].runs["Ours"]
    (ours,) = [column for column in own["columns"] if column["kind"] == "method:Ours"]
    by_image = run.by_image("psnr.rgb")
    for place, image in enumerate(own["images"]):
        value = ours["values"]["psnr.rgb"][place]
        assert value == (pytest.approx(by_image[image["name"]], rel=1e-5) if place else None)
    assert ours["missing"] == [0] and len(ours["errors"]["psnr.rgb"]) == 1
    assert all(any(word.startswith("JPEG (quality ") for word in image["words"]) for image in own["images"])


def test_pictures_are_the_restored_images_degraded_and_reference(evaluated, page):
    own = data(page)["sets"][0]
    kinds = [column["kind"] for column in own["columns"]]
    assert kinds == ["degraded", "method:bicubic", "method:bicubic_x4", "method:Ours", "reference"]
    for kind, source in (("degraded", "lq"), ("reference", "hq")):
        folder = own["columns"][kinds.index(kind)]["folder"]
        image = own["images"][1]
        copied = decode_uint8((page.parent / folder / f"{image['file']}.jpg").read_bytes(), "copy")
        original = to_uint8(read(evaluated / "blurred" / source / f"{image['name']}.png"))
        assert abs(copied.astype(float) - original).mean() < 6


def test_the_policy_allows_this_very_script_and_style_and_no_connection(page):
    text = page.read_text(encoding="utf-8")
    policy = html.unescape(re.search(r'Content-Security-Policy" content="([^"]+)"', text)[1])
    style, script = (
        re.search(r"<style>(.*?)</style>", text, re.S)[1],
        re.search(r"<script>(.*?)</script>", text, re.S)[1],
    )
    for name, own in (("script", script), ("style", style)):
        digest = base64.b64encode(hashlib.sha256(own.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none'; img-src 'self' data:;")
    assert "unsafe" not in policy and "http" not in policy


@pytest.mark.parametrize("which", ["page", "hostile"])
def test_no_element_runs_or_loads_anything_from_elsewhere(which, request):
    found = elements(request.getfixturevalue(which))
    for tag, attributes in found.found:
        assert not [name for name in attributes if name.startswith("on") or name == "style"], (tag, attributes)
        for name in ("src", "href", "action", "data", "srcset"):
            assert attributes.get(name, "#").startswith(("#", "data:,")), (tag, attributes)
    assert [attributes.get("type", "") for attributes in found.all("script")] == ["application/json", ""]
    assert not found.all("img")


def test_what_strangers_wrote_is_text_everywhere(hostile):
    text, found = hostile.read_text(encoding="utf-8"), elements(hostile)
    assert "<script>pwned" not in text and "<img src=x" not in text and "{{" in "".join(found.text("title"))
    label = HOSTILE.replace("=", "")
    assert f"{label}0" in [attributes["data-key"] for attributes in found.all("tr") if "data-key" in attributes]
    assert f"{label}0" in [shown.strip("\n") for _, shown in found.texts]
    own = data(hostile)["sets"][0]
    assert any(HOSTILE in word for word in own["images"][-1]["words"])
    reasons = [
        why for column in own["columns"] for found in column.get("errors", {}).values() for why in found.values()
    ]
    assert HOSTILE in reasons


def test_files_have_plain_names_and_stay_in_the_folder(hostile):
    inside = [path.relative_to(hostile.parent) for path in hostile.parent.rglob("*")]
    assert len([path for path in inside if path.suffix == ".jpg"]) > 20
    for path in inside:
        assert re.fullmatch(r"[a-z0-9._/-]+", path.as_posix()), path
    own = data(hostile)["sets"][0]
    outside = [place for place, image in enumerate(own["images"]) if image["name"].startswith("../../")]
    assert len(outside) == 2 and all(set(outside) <= set(column["missing"]) for column in own["columns"])


def test_one_file_holds_every_picture(evaluated, page, tmp_path):
    made = write(of_evaluation(evaluated / "out", evaluated / "work"), tmp_path, single_file=True)
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]
    found = data(made.page)
    beside = {path.relative_to(page.parent).as_posix(): path.read_bytes() for path in page.parent.rglob("*.jpg")}
    assert found["numbers"].keys() == beside.keys() and len(beside) == made.pictures
    for place, number in found["numbers"].items():
        uri = found["pictures"][number]
        assert base64.b64decode(uri.removeprefix("data:image/jpeg;base64,")) == beside[place]


def test_equal_pictures_are_in_one_file_once(evaluated, page, tmp_path):
    """Of bicubic, which gives what it is given where that has the size already."""
    made = write(of_evaluation(evaluated / "out", evaluated / "work"), tmp_path, single_file=True)
    distinct = {path.read_bytes() for path in page.parent.rglob("*.jpg")}
    assert len(data(made.page)["pictures"]) == len(distinct) < made.pictures


def test_the_same_folder_gives_the_same_bytes(evaluated, page, tmp_path):
    again = write(of_evaluation(evaluated / "out", evaluated / "work"), tmp_path).page
    assert again.read_bytes() == page.read_bytes()


def test_without_restored_images_there_are_the_numbers_and_the_reason(evaluated, page, tmp_path):
    result = call(evaluated / "out", "--work", tmp_path / "nothing", "--out", tmp_path / "page")
    assert result.exit_code == 0 and "(0 pictures" in result.output
    made = tmp_path / "page" / "index.html"
    said = " ".join(elements(made).text("p"))
    assert "No pictures: no restored images of this test set lie below" in said
    assert re.findall(r'class="value">[\d.]+', made.read_text()) == re.findall(
        r'class="value">[\d.]+', page.read_text()
    )
    assert not list(made.parent.rglob("*.jpg"))


def test_the_faces_of_a_set_that_may_not_be_shown_are_not(evaluated, tmp_path, monkeypatch):
    """The user's own folder is one of protocols/sets.toml: where the variable says that the set lies."""
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "lfw").symlink_to(evaluated / "blurred")
    monkeypatch.setenv("FACES_REAL", str(tmp_path / "root"))
    content = of_evaluation(evaluated / "out", evaluated / "work")
    assert [bool(found.hidden) for found in content.sets] == [True, False]
    made = write(content, tmp_path / "page")
    assert made.without == (
        "blurred: No pictures: the faces of LFW-Test may not be shown, as their rights are not known",
    )
    own = data(made.page)["sets"]
    assert not any(column["folder"] for column in own[0]["columns"]) and any(c["folder"] for c in own[1]["columns"])
    assert {path.parent.name.split("-")[0] for path in made.page.parent.rglob("*.jpg")} == {"small"}


def test_an_import_of_such_a_set_is_not_shown_either_wherever_it_lies(evaluated):
    content = of_evaluation(evaluated / "out", evaluated / "work")
    split = content.sets[0].split
    results = Results(evaluated / "out")
    for recipe, imported, hidden in (
        ("lfw", True, True),
        ("lfw", False, False),
        ("photographs", True, False),
        ("facerenov", True, True),
    ):
        info = split.info | {"recipe": recipe, "imported": imported}
        assert bool(results.why_hidden(0, replace(split, info=info))) == hidden


def test_a_picture_that_cannot_be_read_is_left_out_and_said(evaluated, tmp_path):
    content = of_evaluation(evaluated / "out", evaluated / "work")
    broken = sorted(content.sets[0].restored["bicubic"].glob("*.png"))[0]
    kept = broken.read_bytes()
    broken.write_bytes(b"no picture")
    try:
        made = write(content, tmp_path)
    finally:
        broken.write_bytes(kept)
    assert len(made.unread) == 1 and broken.name in made.unread[0]
    (column,) = [one for one in data(made.page)["sets"][0]["columns"] if one["kind"] == "method:bicubic"]
    assert column["missing"] == [0]


def test_pictures_of_an_earlier_page_go_and_other_files_stay(evaluated, page, tmp_path):
    shutil.copytree(page.parent, tmp_path / "page")
    (tmp_path / "page" / "mine.txt").touch()
    content = of_evaluation(evaluated / "out", tmp_path / "nothing")
    assert not write(content, tmp_path / "page").pictures
    assert {path.name for path in (tmp_path / "page").iterdir()} == {"index.html", "mine.txt"}
    for place in ("images/mine.png", "index.html"):
        mine = tmp_path / place.replace("/", "_") / place
        mine.parent.mkdir(parents=True)
        mine.write_text("mine")
        for _ in range(2):  # the first call once left what the second took for its own
            with pytest.raises(InputError, match="expected nothing there or a page of benchmark report"):
                write(content, tmp_path / place.replace("/", "_"))
        assert mine.read_text() == "mine"


def test_a_profile_has_its_tables(tmp_path):
    """The score lines of profile lite that come with the project, from a fresh clone: without pictures."""
    result = call("--profile", "lite", "--work", tmp_path / "none", "--out", tmp_path / "page")
    assert result.exit_code == 0, result.output
    text = (tmp_path / "page" / "index.html").read_text()
    tables = (path.read_text() for path in sorted(Path("results/lite").glob("table*.md")))
    values = {value for table in tables for value in re.findall(r"\| \*\*([\d.]+)\*\*", table)}
    assert values and all(f'class="value">{value}<' in text for value in values)
    headings = elements(tmp_path / "page" / "index.html").text("h2")
    assert headings[0].startswith("Table 1: ") and "Images" in headings
    assert "may not be shown" in text


def test_a_profile_has_the_pictures_whose_runs_were_kept(tmp_path):
    """Of two methods one: the other was run without --keep."""
    tiny = Profile("quick", 64, 2, 1, 2, 4, 1, 2, "none", (0,))
    settings = Settings(tiny, work=tmp_path / "work", results=tmp_path / "results", device="cpu")
    for method, keep in (("bicubic_x4", True), ("lanczos", False)):
        run(RunRequest(replace(settings, keep=keep), load_protocol("S2S"), method, ("sr4",), metrics=("psnr.rgb",)))
    made = write(of_profile("quick", settings.results, settings.work), tmp_path / "page")
    (own,) = [found for found in data(made.page)["sets"] if found["title"] == "Table 2: sr4 under S2S"]
    shown = [column["kind"] for column in own["columns"] if column["folder"]]
    assert shown == ["degraded", "method:bicubic_x4", "reference"]
    assert made.pictures == 3 * 2


def test_a_page_is_of_one_thing():
    for arguments in ((), ("out", "--profile", "lite")):
        result = call(*arguments)
        assert result.exit_code == 2 and "expected the folder of an evaluation or --profile" in result.output
