"""The page of blind pairs: how pairs are drawn, what may not stand in it, and the whole way from a vote to a table."""

import csv
import shutil
from collections import Counter
from dataclasses import replace
from itertools import combinations

import pytest
from click.testing import CliRunner

from benchmark.cli.main import benchmark
from benchmark.records.votes import COLUMNS, KEY_FILE, Pair, read_key, read_votes, write_key
from benchmark.reports.html.sources import of_evaluation
from benchmark.reports.html.vote import draw_pairs, without_pictures, write_vote
from benchmark.specs.evaluation import read_evaluation, write_evaluation
from degrade.core.errors import InputError
from degrade.core.storage.csv_text import to_csv
from tests.benchmark.reports.html.conftest import HOSTILE

METHODS = ("a", "b", "c", "d")
DRAWN = "return [...document.querySelectorAll('#stage img')].every((one) => one.complete && one.naturalWidth > 0)"


@pytest.fixture(scope="module")
def asked(evaluated, tmp_path_factory):
    """(page, key) of the painted evaluation."""
    root = tmp_path_factory.mktemp("asked")
    written = write_vote(of_evaluation(evaluated / "out", evaluated / "work"), root / "vote", root / KEY_FILE, 12, 0)
    return written, root / KEY_FILE


def test_every_two_methods_meet_equally_often_and_a_tenth_is_asked_twice():
    images = {("set", f"face{number}"): METHODS for number in range(20)}
    pairs = draw_pairs(images, 60, 0)
    once, again = [pair for pair in pairs if not pair.repeats], [pair for pair in pairs if pair.repeats]
    met = Counter(frozenset((pair.first, pair.second)) for pair in once)
    assert met == {frozenset(two): 10 for two in combinations(METHODS, 2)}
    assert len({(pair.image, frozenset((pair.first, pair.second))) for pair in once}) == 60
    assert len(again) == 6
    by_ballot = {pair.ballot: pair for pair in pairs}
    assert len(by_ballot) == 66
    for pair in again:
        first = by_ballot[pair.repeats]
        assert not first.repeats and (pair.image, pair.first, pair.second) == (first.image, first.first, first.second)
    assert 15 < sum(pair.first < pair.second for pair in once) < 45, "which is first is drawn"


def test_which_methods_meet_once_more_is_drawn():
    images = {("set", f"face{number}"): METHODS for number in range(20)}
    more = set()
    for seed in range(6):
        once = [pair for pair in draw_pairs(images, 8, seed) if not pair.repeats]
        met = Counter(frozenset((pair.first, pair.second)) for pair in once)
        assert set(met.values()) == {1, 2}
        more.add(frozenset(two for two, count in met.items() if count == 2))
    assert len(more) > 1


def test_a_method_without_pictures_is_named(evaluated):
    content = of_evaluation(evaluated / "out", evaluated / "work")
    assert without_pictures(content) == []
    first = content.chapters[0].sets[0]
    less = replace(first, restored={key: path for key, path in first.restored.items() if key != "Ours"})
    chapter = replace(content.chapters[0], sets=(less,))
    assert without_pictures(replace(content, chapters=(chapter,))) == [f"{first.title}: Ours has no pictures"]


def test_pairs_are_drawn_by_the_seed_and_only_where_both_methods_have_a_picture():
    images = {("set", "x"): ("a", "b"), ("set", "y"): ("b", "c"), ("set", "z"): ("c",)}
    pairs = draw_pairs(images, 200, 5)
    asked = {(pair.image, frozenset((pair.first, pair.second))) for pair in pairs}
    assert asked == {("x", frozenset("ab")), ("y", frozenset("bc"))} and len(pairs) == 3
    many = {("set", f"face{number}"): METHODS for number in range(20)}
    assert draw_pairs(many, 30, 1) == draw_pairs(many, 30, 1) != draw_pairs(many, 30, 2)
    assert draw_pairs({}, 30, 1) == []


def test_no_method_can_be_told_from_the_page(asked):
    written, key = asked
    text = written.page.read_text(encoding="utf-8")
    shown = {path.name for path in written.page.parent.rglob("*")}
    assert not any(word in text for word in ("bicubic", "Ours", "blurred", "repeats"))
    assert shown == {"index.html", "images", *(f"{number:05}.jpg" for number in range(1, written.pictures + 1))}
    assert {page for page, _ in read_key(key)} == {written.id} and len(read_key(key)) == 13


def test_a_page_of_names_that_mean_harm(hostile, tmp_path):
    """Its key gives every name back as it was; the page holds none of them."""
    root = next(path for path in hostile.parent.parent.iterdir() if path.name.startswith("out "))
    content = of_evaluation(root, hostile.parent.parent / "work")
    written = write_vote(content, tmp_path / "vote", tmp_path / KEY_FILE, 5, 0)
    assert "pwned" not in written.page.read_text(encoding="utf-8")
    pairs = read_key(tmp_path / KEY_FILE).values()
    assert {name for pair in pairs for name in (pair.first, pair.second)} <= set(content.sets[0].runs)
    assert {pair.image for pair in pairs} <= set(content.sets[0].images)


def test_a_key_keeps_the_pairs_of_other_pages(tmp_path):
    hostile = Pair("1", f"={HOSTILE}", HOSTILE, "+a", "@b", "")
    write_key(tmp_path / KEY_FILE, "p1", [hostile])
    write_key(tmp_path / KEY_FILE, "p2", [Pair("1", "set", "x", "a", "b")])
    write_key(tmp_path / KEY_FILE, "p2", [Pair("2", "set", "x", "a", "b")])
    assert read_key(tmp_path / KEY_FILE) == {("p1", "1"): hostile, ("p2", "2"): Pair("2", "set", "x", "a", "b")}


def test_a_key_keeps_the_spaces_of_names(tmp_path):
    pair = Pair("1", "set", "a ", " first", "second")
    write_key(tmp_path / KEY_FILE, "p1", [pair])
    assert read_key(tmp_path / KEY_FILE) == {("p1", "1"): pair}


def test_votes_that_do_not_fit_the_key_are_named(tmp_path):
    key = {("p1", "1"): Pair("1", "set", "x", "a", "b")}

    def refused(*lines):
        (tmp_path / "votes.csv").write_text(to_csv([COLUMNS, *lines]))
        with pytest.raises(InputError) as error:
            read_votes([tmp_path / "votes.csv"], key)
        return str(error.value)

    assert "no ballot 1 of page p2" in refused(("p2", "1", "ann", "tie"))
    assert "got nobody" in refused(("p1", "1", "", "tie"))
    assert "third" in refused(("p1", "1", "ann", "third"))
    assert "line 3: ann votes on ballot 1 a second time" in refused(*[("p1", "1", "ann", "tie")] * 2)
    assert "at least one vote" in refused()


def test_test_sets_that_may_not_be_shown_are_not_voted_on(evaluated, tmp_path):
    content = of_evaluation(evaluated / "out", evaluated / "work")
    (chapter,) = content.chapters
    first, second = chapter.sets
    shown = replace(content, chapters=(replace(chapter, sets=(replace(first, hidden="No pictures: no"), second)),))
    write_vote(shown, tmp_path / "vote", tmp_path / KEY_FILE, 50, 0)
    assert {pair.test_set for pair in read_key(tmp_path / KEY_FILE).values()} == {second.title}
    none = replace(content, chapters=(replace(chapter, sets=(replace(first, hidden="No pictures: no"),)),))
    with pytest.raises(InputError, match="No pictures: no"):
        write_vote(none, tmp_path / "none", tmp_path / "none.csv", 50, 0)


def test_commands_lead_from_an_evaluation_to_a_table(evaluated, tmp_path):
    """Voters who see a difference of 1 dB and more: PSNR is what they go by."""
    out, work, key = str(evaluated / "out"), str(evaluated / "work"), tmp_path / "key.csv"
    command = ["vote", out, "--work", work, "--out", str(tmp_path / "vote"), "--key", str(key), "--pairs", "30"]
    done = CliRunner().invoke(benchmark, command)
    assert done.exit_code == 0 and f"keep {key} from them" in done.output, done.output
    found = of_evaluation(evaluated / "out", evaluated / "work").sets
    values = {(own.title, name): run.by_image("psnr.rgb") for own in found for name, run in own.runs.items()}
    rows = []
    for (page, ballot), pair in read_key(key).items():
        first, second = (values[pair.test_set, name].get(pair.image, 0) for name in (pair.first, pair.second))
        choice = "tie" if abs(first - second) < 1 else "first" if first > second else "second"
        rows.append((page, ballot, HOSTILE, choice))
    (tmp_path / "votes.csv").write_text(to_csv([COLUMNS, *rows]))
    command = ["votes", str(tmp_path / "votes.csv"), "--key", str(key), "--results", out]
    for ending in ("md", "tex", "csv"):
        done = CliRunner().invoke(benchmark, [*command, "--out", str(tmp_path / f"table.{ending}")])
        assert done.exit_code == 0, done.output
    lines = list(csv.DictReader((tmp_path / "table.csv").read_text().splitlines()))
    number = {(line["name"], line["number"]): line["value"] for line in lines}
    assert float(number["psnr.rgb", "agreed"]) == 1
    assert "<script>" not in (tmp_path / "table.md").read_text()
    consistent = [line["value"] for line in lines if line["number"] == "consistency"]
    assert consistent == ["1"]
    other = shutil.copytree(out, tmp_path / "other")  # where other methods were evaluated since
    asks = read_evaluation(other / "evaluation.toml")
    write_evaluation(other, replace(asks, methods=asks.methods[:1]))
    done = CliRunner().invoke(benchmark, [*command[:-1], str(other)])
    assert done.exit_code == 0 and "\nMetrics\n" not in done.output
    assert "the evaluation has no scores of them; evaluate them again" in done.output, done.output
    none = CliRunner().invoke(benchmark, ["votes", str(tmp_path / "votes.csv")])
    assert none.exit_code == 2 and "--results DIR or --key FILE" in none.output


@pytest.mark.slow
def test_a_vote_in_a_browser_is_read_back(new_browser, asked, tmp_path):
    written, key = asked
    new_browser.saves_to(tmp_path)
    new_browser.open(written.page)
    new_browser.find("#voter").send_keys("=ann, the first")
    new_browser.click("#start button")
    wanted = {}
    for pressed in "12012":
        new_browser.wait(lambda: new_browser.run(DRAWN))
        shown = new_browser.run("return [ballot().fields.ballot, ...choices().map((one) => one.choice)]")
        wanted[shown[0]] = "tie" if pressed == "0" else shown[int(pressed)]
        new_browser.press(pressed, on="body")
    new_browser.reload_until(lambda: new_browser.find("#position").text == "6 of 13")
    new_browser.click("#save")
    file = new_browser.wait(lambda: next(tmp_path.glob("*.csv"), None))
    votes = read_votes([file], read_key(key))
    assert {vote.pair.ballot: vote.choice for vote in votes} == wanted
    assert {vote.voter for vote in votes} == {"=ann, the first"}
    assert new_browser.said() == [] and new_browser.asked() <= {"file", "data", "blob"}


@pytest.mark.slow
@pytest.mark.parametrize("width", [360, 1280])
def test_both_pictures_are_of_one_size_beside_each_other(new_browser, asked, width):
    written, _ = asked
    new_browser.open(written.page, width, 800)
    new_browser.run("begin('bob')")
    boxes = new_browser.run(
        "return [...document.querySelectorAll('.pane')].map((one) => one.getBoundingClientRect().toJSON())"
    )
    assert len({round(box["width"]) for box in boxes}) == 1
    assert boxes[1]["top"] == boxes[2]["top"] and boxes[1]["right"] < boxes[2]["left"]
    assert new_browser.run("return document.documentElement.scrollWidth") <= width
