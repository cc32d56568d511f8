"""The README's first commands, run as they stand; the tree of folders in CONTRIBUTING.md against the folders."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmark.cli.main import benchmark
from benchmark.reports.html.words import degradation
from degrade import load_split, make_split
from degrade.cli.run import degrade_ffhq

ROOT = Path(__file__).parent.parent
PACKAGES = ("degrade", "ispl_model", "benchmark")
README = (ROOT / "README.md").read_text(encoding="utf-8")
TREE = (
    (ROOT / "CONTRIBUTING.md")
    .read_text(encoding="utf-8")
    .split("## What is where\n\n```\n")[1]
    .split("```")[0]
    .splitlines()
)
COMMANDS = {"benchmark": benchmark, "degrade-ffhq": degrade_ffhq}


@pytest.mark.slow
def test_the_first_two_minutes_need_no_faces_and_no_weights(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("FACES_HQ", "FACES_PAIRS", "FACES_REAL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "no-weights"))
    lines = README.split("## The first two minutes")[1].split("```")[1].strip().splitlines()
    for line in lines:
        command, *words = shlex.split(line, comments=True)
        done = CliRunner().invoke(COMMANDS[command], words)
        assert done.exit_code == 0, done.output
    assert len(list((tmp_path / "testset/lq").iterdir())) == 8
    assert (tmp_path / "compared/report/index.html").is_file()


def test_the_words_of_a_record_are_those_of_the_test_set_above_it(tmp_path):
    split = load_split(make_split(tmp_path / "testset", None, "gfpgan", role="test", size=256, limit=2).path)
    words = README.split("In words, of a face of the first two minutes:")[1].split("```")[1]
    assert " ".join(words.split()) == "; ".join(degradation(split.records[1]))


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


def test_the_root_holds_nothing_else():
    """A test that ran in the root once left its split there, and a commit took it along."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("this copy is no git checkout")
    folders = {line.partition("/")[0] for line in listed.stdout.splitlines() if "/" in line}
    assert folders - {".ci", ".github", "docs"} == {name for name in named() if "/" not in name}
