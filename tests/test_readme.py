"""The README's tree of folders against the folders."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("degrade", "ispl_model", "benchmark")
TREE = (
    (ROOT / "README.md").read_text(encoding="utf-8").split("## What is where\n\n```\n")[1].split("```")[0].splitlines()
)


def named() -> dict[str, str]:
    """Every folder and file that the tree names, with the line that does."""
    found, package = {}, ""
    for line in TREE:
        folder, text = re.fullmatch(r"(?:  )?(\w+)/ +(.+)", line).groups()
        if line.startswith(" "):
            folder = f"{package}/{folder}"
        else:
            package = folder
        own = re.findall(r"(?<![\w/])(\w+/|\w+\.py)(?!\w)", text)
        found |= {folder: line} | {f"{folder}/{name.rstrip('/')}": line for name in own}
    return found


def test_the_tree_is_short():
    assert len(TREE) <= 40


@pytest.mark.parametrize("name", named())
def test_what_the_tree_names_is_there(name):
    assert (ROOT / name).exists(), named()[name]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_sub_package_is_named(package):
    folders = {path.parent.relative_to(ROOT) for path in (ROOT / package).rglob("*.py")}
    assert {folder.as_posix() for folder in folders} <= set(named())
