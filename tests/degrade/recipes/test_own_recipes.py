"""The recipes of docs/recipes.md: each is read, drawn by its preview, and made into a split."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from degrade.cli.main import degrade
from degrade.core.image import write
from degrade.portraits.paint import paint
from degrade.recipes.distributions import DERIVED, INTERVALS, LISTS
from degrade.recipes.parse_recipe import _HEAD
from degrade.splits.split import load_split

PAGE = (Path(__file__).parents[3] / "docs" / "recipes.md").read_text(encoding="utf-8")
FILES = {re.match(r"# (\w+\.toml)", text)[1]: text for text in re.findall(r"(?ms)^```toml\n(.*?)^```$", PAGE)}
SPELLED = ["phone.toml", "attic.toml", "twice.toml:mild", "twice.toml:strong"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two faces, and the page's files, where the commands run."""
    monkeypatch.chdir(tmp_path)
    for number in range(2):
        (tmp_path / "faces").mkdir(exist_ok=True)
        write(tmp_path / "faces" / f"{number}.png", paint(number, 64))
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_the_page_has_three_files() -> None:
    assert {spelled.split(":")[0] for spelled in SPELLED} == set(FILES) and len(FILES) == 3


@pytest.mark.parametrize("recipe", SPELLED)
def test_a_file_of_the_page_degrades_faces(recipe: str, folder: Path) -> None:
    for words in (
        ["preview", "faces/0.png", "--recipe", recipe, "--size", "64", "--seeds", "0:8", "--out", "sheet.png"],
        ["run", "faces", "out", "--recipe", recipe, "--size", "64", "--workers", "1"],
    ):
        result = CliRunner().invoke(degrade, words)
        assert result.exit_code == 0, result.output
    split = load_split(folder / "out")
    assert len(split.names) == 2 and split.info["scale"] == (4 if "twice" in recipe else 1)


@pytest.mark.parametrize("word", [*_HEAD, *INTERVALS, *LISTS, *DERIVED, "severity", "one_of", "shuffle", "repeat"])
def test_the_page_says_every_word_of_a_recipe(word: str) -> None:
    assert re.search(rf"`[^`\n]*\b{word}\b[^`\n]*`", PAGE)


def test_the_mistake_of_the_page_is_told_so(folder: Path) -> None:
    (sentence,) = re.findall(r"`(phone\.toml: [^`]*)`", PAGE)
    (folder / "phone.toml").write_text(FILES["phone.toml"].replace("sigma", "sgima", 1), encoding="utf-8")
    result = CliRunner().invoke(degrade, ["run", "faces", "out", "--recipe", "phone.toml"])
    assert result.exit_code == 2 and " ".join(sentence.split()) in " ".join(result.output.split())


def test_the_lines_of_python_run(folder: Path) -> None:
    pytest.importorskip("torch")
    write(folder / "face.png", paint(0, 64))
    (program,) = re.findall(r"(?ms)^```python\n(.*?)^```$", PAGE)
    names: dict = {}
    exec(program.replace("size=256", "size=64"), names)
    assert names["degraded"].shape == (64, 64, 3) and names["pairs"][0][0].shape == (3, 64, 64)
