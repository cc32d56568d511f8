"""Every relative link, anchor and file that the pages of the repository name is there."""

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("docs", "results", "examples", "degrade", "ispl_model", "benchmark")
PAGES = sorted([*ROOT.glob("*.md"), *(path for name in FOLDERS for path in (ROOT / name).rglob("*.md"))])
HISTORY = "CHANGELOG.md"  # names files as they were
PLACES = "degrade|ispl_model|benchmark|protocols|results|tests|docs|examples"


CODE = r"(?ms)^ *(```|~~~).*?^ *\1 *$"
# In Markdown, by reference and in HTML.
LINK = re.compile(r"\]\(<?([^)\s>]+)|^\[[^\]]+\]: +(\S+)|(?:href|src)=\"([^\"]+)\"", re.M)


def links(text: str) -> list[str]:
    """The targets of links and pictures; what stands in code is none."""
    prose = re.sub(r"`[^`\n]+`", "", re.sub(CODE, "", text))
    return [found[found.lastindex or 0] for found in LINK.finditer(prose)]


def anchors(text: str) -> set[str]:
    """What GitHub calls the headings of a page, a second one of the same name with -1, and ids of its own."""
    heads = re.findall(r"(?m)^#{1,6} +(.+?) *#*$", re.sub(CODE, "", text))
    words = (re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", head).lower() for head in heads)
    names = [re.sub(r"[^\w\- ]", "", word).replace(" ", "-") for word in words]
    seen = Counter[str]()
    found = set(re.findall(r"(?:id|name)=\"([^\"]+)\"", text))
    for name in names:
        found.add(f"{name}-{seen[name]}" if seen[name] else name)
        seen[name] += 1
    return found


def broken(page: Path, text: str) -> list[str]:
    """The relative links of a page that point to nothing."""
    found = []
    for link in links(text):
        place, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", link):
            continue
        target = page.parent / place if place else page
        is_there = target.exists() and target.resolve().is_relative_to(ROOT)
        if not is_there or (anchor and anchor not in anchors(target.read_text(encoding="utf-8"))):
            found.append(link)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_and_anchor_points_to_something(page: Path) -> None:
    assert broken(page, page.read_text(encoding="utf-8")) == []


def test_a_link_to_nothing_is_found() -> None:
    """Or the law above would hold of anything."""
    text = (
        '[a](../README.md) [b](#no) ![c](none.jpg) <img src="gone.png"> `[d](code)` [e](../README.md#licences)\n'
        "[f](../README.md#nowhere) [g](https://example.org/x) [h]\n\n[h]: lost.md\n"
    )
    wrong = ["#no", "none.jpg", "gone.png", "../README.md#nowhere", "lost.md"]
    page = ROOT / "docs" / "report.md"
    assert broken(page, text) == wrong
    assert anchors("# One\n## One\n```\n# none\n```\n### A head: `x`, twice\n") == {"one", "one-1", "a-head-x-twice"}


@pytest.mark.parametrize("kind", ["*.md", "*.py"])
def test_every_file_that_a_page_or_a_help_text_names_is_there(kind: str) -> None:
    files = (
        PAGES if kind == "*.md" else [path for place in PLACES.split("|")[:3] for path in (ROOT / place).rglob(kind)]
    )
    named = re.compile(rf"(?<![\w/.<-])(?:{PLACES})/[\w/.-]+\.(?:py|toml|md|csv|jpg|png|sh)\b")
    missing = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in files
        if path.name != HISTORY
        for name in named.findall(path.read_text(encoding="utf-8"))
        if not (ROOT / name).exists()
    }
    assert missing == set()
