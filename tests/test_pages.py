"""What docs/ must hold: every page in its index, every metric, every key of a split."""

import json
from pathlib import Path

from click.testing import CliRunner

from benchmark.metrics.table import METRICS
from degrade.cli.main import degrade
from degrade.splits.make_split import make_split

DOCS = Path(__file__).parent.parent / "docs"


def read(page: str) -> str:
    return (DOCS / page).read_text(encoding="utf-8")


def test_the_index_names_every_page():
    index = read("README.md")
    assert {page.name for page in DOCS.glob("*.md") if f"| [{page.name}]({page.name}) |" not in index} == {"README.md"}


def test_every_metric_is_explained_with_its_direction():
    arrows = {True: " ↑", False: " ↓", None: ""}
    rows = {f"| `{metric.id}`{arrows[metric.higher_is_better]} |" for metric in METRICS.values()}
    page = read("metrics.md")
    assert {row for row in rows if row not in page} == set()


def test_every_key_of_a_split_is_explained(tmp_path):
    made, shard, imported = tmp_path / "made", tmp_path / "shard", tmp_path / "imported"
    recipe = tmp_path / "mine.toml"
    recipe.write_text('name = "mine"\nversion = 1\nbase = 64\nsource = "a test"\nsteps = [{operator = "Quantize"}]\n')
    make_split(made, None, recipe, size=64, limit=4)
    for words in (
        ["run", made / "hq", shard, "--task", "sr4", "--size", "64", "--shard", "1/2"],
        ["import", "pairs", made / "hq", made / "lq", imported],
    ):
        done = CliRunner().invoke(degrade, list(map(str, words)))
        assert done.exit_code == 0, done.output
    keys = set()
    for split in (made, shard, imported):
        keys |= json.loads((split / "split.json").read_text()).keys()
        keys |= json.loads((split / "metadata.jsonl").read_text().splitlines()[0]).keys()
    assert {"recipe_document", "shard_of", "imported"} <= keys
    page = read("splits.md")
    assert {key for key in keys if f"`{key}`" not in page} == set()
