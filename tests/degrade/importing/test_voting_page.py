"""The page on which reviewers vote: what stands in it, and a real vote in a real browser."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from degrade.cli.facerenov import degrade_facerenov
from degrade.core.errors import InputError
from degrade.core.image import write
from degrade.importing.facerenov import open_collection, write_voting_page
from degrade.importing.votes import read_key, read_votes
from degrade.importing.voting_page import Ballot, VotingPage, write_page

HOSTILE = "=<script>pwned()</script>\"'`\n,..\\{{ 7 * 7 }}<img src=x onerror=pwned()>"
IN_A_PATH = HOSTILE.replace("/", "\\")
PROGRAMS = ("remini", "nwdn", f"retouch {IN_A_PATH}")
LEVELS = dict(zip(PROGRAMS, (0.3, 0.5, 0.7), strict=True))
DRAWN = "return [...document.querySelectorAll('#stage img')].every((one) => one.complete && one.naturalWidth > 0)"


class Collected:
    """Four faces, the first of a hostile name, restored by three programs, each of one grey level."""

    def __init__(self, root: Path) -> None:
        self.root, self.names = root, (IN_A_PATH, "face1", "face2", "face3")  # in their order
        for folder, level in (("lq", 0.1), *LEVELS.items()):
            for name in self.names:
                write(root / folder / f"{name}.png", np.full((48, 48, 3), level, np.float32))
        self.candidates = [root / program for program in PROGRAMS]
        self.opened = open_collection(root / "lq", self.candidates)
        self.key = root / "page-key.csv"
        self.page = write_voting_page(self.opened, root / "page", self.key).page


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    return Collected(tmp_path_factory.mktemp("collected"))


@pytest.fixture
def opened(new_browser, collected, tmp_path):
    new_browser.saves_to(tmp_path)
    new_browser.open(collected.page)
    return new_browser


def begin(browser, voter):
    browser.find("#voter").send_keys(voter)
    browser.click("#start button")


def choices(browser):
    """What a vote for each number says, in the order of the numbers."""
    return browser.run("return choices().map((one) => one.choice)")


def saved(browser, folder):
    """The file that a click on Save leaves."""
    browser.run("save()")
    return browser.wait(lambda: next(folder.glob("*.csv"), None))


class _Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


def test_no_program_can_be_told_from_the_page(collected):
    """Neither by a word in it nor by the names of the files."""
    text = collected.page.read_text(encoding="utf-8")
    names = {path.name for path in collected.page.parent.rglob("*")}
    assert not any(word in text for word in ("remini", "nwdn", "retouch"))
    assert names == {"index.html", "images", *(f"{number:05}.jpg" for number in range(1, 17))}


def test_what_strangers_wrote_makes_no_tag(collected):
    tags = _Tags(collected.page.read_text(encoding="utf-8")).found
    assert not any(name.startswith("on") for _, attributes in tags for name in attributes)
    assert [tag for tag, _ in tags].count("script") == 2 and "img" not in [tag for tag, _ in tags]


def test_files_are_numbered_by_the_seed_and_the_id_changes_with_what_is_asked(collected, tmp_path):
    faces = list(collected.opened.lq.values())
    ballots = [Ballot({"name": str(place)}, face, {"A": face}) for place, face in enumerate(faces)]

    def written(seed, asked):
        page = VotingPage("Faces", "Which?", "voter", ("name", "voter", "choice"), ("None", ""), asked)
        made = write_page(page, tmp_path / str(seed), seed)
        data = json.loads(re.search(r'id="data">(.*?)</script>', made.page.read_text(), re.DOTALL)[1])
        return made, [ballot["degraded"] for ballot in data["ballots"]]

    (first, order), (second, other), (again, same) = written(0, ballots), written(1, ballots), written(0, ballots)
    assert order == same and first.id == again.id
    assert order != other and first.id != second.id
    fewer, _ = written(0, ballots[1:])
    assert fewer.id != first.id and fewer.pictures == 3
    assert len(list((tmp_path / "0" / "images").iterdir())) == 3, "those of the earlier page are gone"


def test_pictures_of_others_stay_and_a_page_that_was_interrupted_goes_on(tmp_path):
    write(tmp_path / "face.png", np.zeros((8, 8, 3), np.float32))
    torn = tmp_path / "torn.png"
    torn.write_bytes(b"no image")
    page = VotingPage("Which?", "?", "voter", (), ("no", ""), [Ballot({}, tmp_path / "face.png", {"1": torn})])
    with pytest.raises(InputError, match="torn"):
        write_page(page, tmp_path / "out", 0)
    write(torn, np.ones((8, 8, 3), np.float32))
    made = write_page(page, tmp_path / "out", 0)
    assert made.pictures == 2
    torn.write_bytes(b"no image")
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    with pytest.raises(InputError, match="torn"):
        write_page(page, tmp_path / "out", 1)
    assert {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()} == before
    made.page.write_text('<meta name="generator" content="degrade voting page">')  # as one interrupted leaves it
    write(torn, np.ones((8, 8, 3), np.float32))
    assert write_page(page, tmp_path / "out", 0) == made
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"index.html", "images"}
    mine = tmp_path / "photos" / "images" / "mine.png"
    write(mine, np.ones((8, 8, 3), np.float32))
    with pytest.raises(InputError, match=f"{mine.parent}: expected nothing there or a page of degrade voting page"):
        write_page(page, tmp_path / "photos", 0)
    assert mine.is_file() and not (tmp_path / "photos" / "index.html").exists()


def test_the_key_is_that_of_the_sheets_and_may_not_lie_among_the_pictures(collected, tmp_path):
    labels = read_key(collected.key)
    assert {name for name, _ in labels} == {name.strip() for name in collected.names}
    orders = {tuple(labels[name, label] for label in "ABC") for name in collected.names}
    assert all(set(order) == set(PROGRAMS) for order in orders)
    with pytest.raises(InputError, match="where voters would see it"):
        write_voting_page(collected.opened, tmp_path, tmp_path / "images" / "key.csv")


def test_the_command_names_page_and_key(collected, tmp_path):
    lines = [word for folder in collected.candidates for word in ("--candidates", str(folder))]
    command = ["page", "--lq", str(collected.root / "lq"), *lines, "--out", str(tmp_path / "page")]
    done = CliRunner().invoke(degrade_facerenov, command)
    assert done.exit_code == 0, done.output
    assert f"keep {tmp_path / 'page-key.csv'} from them" in done.output
    assert (tmp_path / "page-key.csv").read_bytes() == collected.key.read_bytes()


@pytest.mark.slow
def test_a_vote_by_key_is_kept_saved_and_read_back(opened, collected, tmp_path):
    voter = f"{HOSTILE} ann"[:60].replace("\n", " ")
    begin(opened, voter)
    wanted = {}
    for number, name in ((2, collected.names[0]), (3, collected.names[1])):
        opened.wait(lambda: opened.run(DRAWN))
        wanted[name] = choices(opened)[number - 1]
        opened.press(str(number), on="body")
    opened.press("0", on="body")
    opened.reload_until(lambda: opened.find("#position").text == "4 of 4")
    assert opened.run("return document.getElementById('progress').value") == 3
    opened.press("\ue012", "\ue012", "\ue012", on="body")
    wanted[collected.names[0]] = choices(opened)[0]
    opened.press("1", on="body")
    assert opened.find("#choices [aria-pressed=true]").text == "3", "the vote before shows on the way"
    read = read_votes([saved(opened, tmp_path)], collected.opened.lq, PROGRAMS, read_key(collected.key))
    labels = read_key(collected.key)
    chosen = {name: labels[name, label] for name, label in wanted.items()} | {collected.names[2]: ""}
    assert {vote.name: vote.choice for vote in read} == chosen
    assert {vote.reviewer for vote in read} == {voter.strip()}
    assert opened.said() == [] and opened.asked() <= {"file", "data", "blob"}


@pytest.mark.slow
def test_progress_that_a_browser_reads_late_loses_no_vote(opened, collected, tmp_path):
    """As if the page could not see yet what was kept: a vote for one more face leaves the others' votes in place."""
    begin(opened, "ann")
    opened.press("2", "0", on="body")
    given = opened.run("return state.votes")
    late = "Storage.prototype.getItem = () => null"
    command = {"source": late}
    script = opened.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", command)
    opened.driver.refresh()
    assert opened.find("#start").is_displayed()
    begin(opened, "ann")
    opened.press("\ue014", "\ue014", "1", on="body")
    assert opened.run("return Object.keys(state.votes)") == ["2"]
    opened.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)
    opened.reload_until(lambda: opened.find("#position").text == "4 of 4")
    assert opened.run("return state.votes").items() > given.items()
    assert saved(opened, tmp_path).read_text(encoding="utf-8").count(",ann,") == 3


@pytest.mark.slow
def test_votes_of_another_tab_arrive_and_a_page_that_waits_for_a_name_goes_on(opened, collected):
    driver = opened.driver
    first = driver.current_window_handle
    driver.switch_to.new_window("tab")
    try:
        driver.get(collected.page.as_uri())
        begin(opened, "ann")
        opened.press("2", on="body")
        driver.switch_to.window(first)
        opened.wait(lambda: opened.find("#position").text == "2 of 4")
        assert opened.find("#voter-now").text == "ann"
        opened.press("1", on="body")
        driver.switch_to.window(driver.window_handles[-1])
        opened.wait(lambda: opened.run("return voted()") == 2)
        assert opened.find("#position").text == "2 of 4", "whoever has begun stays where they are"
    finally:
        driver.switch_to.window(driver.window_handles[-1])
        driver.close()
        driver.switch_to.window(first)


@pytest.mark.slow
def test_each_reviewer_has_an_order_and_a_progress_of_their_own(opened, collected):
    orders = {}
    for voter in ("ann", "bob", "cid", "dan", "eve", "fay"):
        opened.find("#voter").clear()
        begin(opened, voter)
        assert opened.find("#position").text == "1 of 4"
        orders[voter] = tuple(choices(opened))
        opened.press("1", on="body")
        opened.click("#leave")
    assert len(set(orders.values())) >= 3 and all(sorted(order) == ["A", "B", "C"] for order in orders.values())
    opened.find("#voter").clear()
    begin(opened, "ann")
    assert opened.find("#position").text == "2 of 4"
    opened.press("\ue012", on="body")
    assert tuple(choices(opened)) == orders["ann"]


@pytest.mark.slow
def test_a_draw_gives_every_order_equally_often(opened):
    """6 orders of 3 in 6000 draws: 1000 each, standard deviation 29."""
    counts = opened.run(
        "const found = {}; for (let n = 0; n < 6000; n += 1) {"
        " const order = shuffled(['A', 'B', 'C'], `voter ${n}`).join(''); found[order] = (found[order] ?? 0) + 1; }"
        " return found"
    )
    assert len(counts) == 6 and all(abs(count - 1000) < 5 * 29 for count in counts.values())


@pytest.mark.slow
def test_what_a_number_chooses_is_what_stands_under_it(opened, collected):
    """Each program is of one grey level, so that the picture itself tells which one it is."""
    begin(opened, "ann")
    opened.wait(lambda: opened.run(DRAWN))
    labels = read_key(collected.key)
    for place, choice in enumerate(choices(opened)):
        pixels = opened.pixels(f"#stage .pane:nth-child({place + 2})")
        level = LEVELS[labels[collected.names[0], choice]]
        assert np.median(pixels) == pytest.approx(255 * level, abs=3)


@pytest.mark.slow
def test_zoom_is_linked_and_the_last_vote_ends_it(opened):
    begin(opened, "ann")
    opened.press("+", "+", on="body")
    transforms = opened.run("return [...document.querySelectorAll('.layer')].map((one) => one.style.transform)")
    assert len(transforms) == 4 and len(set(transforms)) == 1 and "scale(2.25)" in transforms[0]
    opened.press("1", "1", "1", on="body")
    opened.click("#choices button:nth-child(2)")
    assert opened.find("#end").is_displayed() and not opened.find("#ballot").is_displayed()
    assert opened.find("#sum").text == "4 of 4 voted."


@pytest.mark.slow
@pytest.mark.parametrize("width", [360, 1280])
def test_it_fits_every_width(opened, collected, width):
    opened.open(collected.page, width, 800)
    begin(opened, "ann")
    assert opened.run("return document.documentElement.scrollWidth") <= width
    assert opened.find(".answers").is_displayed()
    bar = opened.run("return document.querySelector('.answers').getBoundingClientRect().toJSON()")
    assert bar["top"] >= 0 and bar["bottom"] <= 800, "the choices are in sight"
