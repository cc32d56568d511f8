"""What CONTRIBUTING says is enough to add one of each kind: done in a copy of the packages, which then keeps its laws.

Each new thing is called novel. It is its own file or a part of its family's, and a row where there is a table.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
COPIED = ("degrade", "ispl_model", "benchmark", "protocols", "tests", "docs")

METRIC = '''"""A novel metric."""

import numpy as np

from benchmark.metrics.base import Compute
from degrade.core.image import Image


def load(metric_id: str) -> Compute:
    return novel


def novel(restored: Image, reference: Image) -> float:
    """Mean and largest absolute difference, added; of images in [0, 1]."""
    return float(np.abs(restored - reference).mean() + np.abs(restored - reference).max())
'''
METRIC_ROW = """
    Metric(
        "novel.rgb", module="novel", header="Novel", higher_is_better=False, packages=("numpy",), decimals=5,
        meaning="mean and largest absolute difference of R, G and B in [0, 1], added",
    ),"""
METRIC_PAGE = """
| `novel.rgb` ↓ | mean and largest absolute difference, added | 0 to 2 | image | none | made for a test |
"""
METHOD = '''"""A novel method."""

from pathlib import Path

import numpy as np

from benchmark.methods.method import Method
from degrade.core.image import Image
from degrade.core.resize import resize_bicubic


def load(device: str, checkpoint: Path | None, size: int) -> Method:
    return Method("novel", lambda images: [_mirrored(image, size) for image in images], scale=1)


def _mirrored(image: Image, size: int) -> Image:
    return np.ascontiguousarray(resize_bicubic(image, size, size)[:, ::-1])
'''
METHOD_ROW = """
    "novel": _fixed("novel", title="Novel mirror", tasks=("sr4",), source="made for a test"),"""
OPERATOR = '''"""A novel operator."""

from dataclasses import dataclass
from typing import Annotated

import cv2

from degrade.core.image import Image
from degrade.operators.lengths import OddLength, check_lengths
from degrade.operators.words import Words


@dataclass(frozen=True)
class NovelBlur:
    """Average over a square.

    width: of the square in pixels, odd, 3 to 2049.
    Source: made for a test.
    """

    width: Annotated[int, OddLength(low=3), Words("width")]

    def __post_init__(self) -> None:
        check_lengths(self)

    def __call__(self, image: Image) -> Image:
        return cv2.blur(image, (self.width, self.width)).clip(0, 1)
'''
RECIPE = """name = "novel"
version = 1
source = "made for a test"
compared = "nothing"
not_compared = "nothing"
base = 512
[[steps]]
operator = "NovelBlur"
width = {choice = [5, 9, 13]}
"""
LOSS = '''def novel(outputs: Tensors, batch: Tensors) -> torch.Tensor:
    """The largest error of each image, on average."""
    return (outputs["restored"] - batch["reference"]).abs().flatten(1).amax(1).mean()
'''
PROTOCOL = """version = 1
train_domain = "synthetic"
test_domain = "synthetic"
task = ["sr4"]
metrics = ["novel.rgb", "psnr.rgb"]
"""
USE = """
from benchmark.metrics.facts import value_text
from degrade.core.random import rng_for
from degrade.operators.chain import trace
from degrade.portraits.paint import paint
from degrade.recipes.library import find_recipe
from ispl_model.training.config import TrainingConfig

_, records = trace(find_recipe("novel")(rng_for(0, "face"), 64), paint(1, 64))
training = TrainingConfig(scale=1, losses={"novel": 1.0}, learning_rate=1e-4, betas=(0.9, 0.99), constant_share=1.0)
print(*(record["op"] for record in records), value_text("novel.rgb", 0.0), training.stage(0, 1))
"""
LAWS = (
    "tests/test_pages.py",
    "tests/benchmark/test_versions.py",
    "tests/benchmark/metrics/test_every_metric.py",
    "tests/benchmark/methods/test_every_method.py",
    "tests/benchmark/specs/test_protocols.py",
    "tests/degrade/operators/test_documented.py",
    "tests/degrade/operators/test_every_operator.py",
    "tests/degrade/recipes/test_every_recipe.py",
    "tests/degrade/recipes/test_operator_pages.py",
    "tests/degrade/recipes/test_pixels.py",
    "tests/degrade/recipes/test_presets.py",
    "tests/degrade/recipes/test_published.py",
    "tests/degrade/recipes/test_published_steps.py",
    "tests/ispl_model/losses/test_losses.py",
)
OPERATOR_IMPORT = "from degrade.operators.novel import NovelBlur"
ADDED = {  # kind -> file -> all of a new file, or what is added after which line of one that is there
    "a metric": {
        "benchmark/metrics/novel.py": METRIC,
        "benchmark/metrics/table.py": {"_ALL = (": METRIC_ROW},
        "docs/metrics.md": {"## Nearness to the reference": METRIC_PAGE},
    },
    "a method": {
        "benchmark/methods/fixed/novel.py": METHOD,
        "benchmark/methods/table.py": {"METHODS: dict[str, MethodRow] = {": METHOD_ROW},
    },
    "an operator": {
        "degrade/operators/novel.py": OPERATOR,
        "degrade/operators/chain.py": {
            "from degrade.core.image import Image, check_image": OPERATOR_IMPORT,
            "_ALL: tuple[type, ...] = (": "    NovelBlur,",
        },
        "tests/degrade/operators/test_every_operator.py": {
            "from degrade.core.image import Image, check_image, from_uint8, to_uint8": OPERATOR_IMPORT,
            "EXAMPLES = [": "    NovelBlur(5),",
            "BAD = [": '    (NovelBlur, {"width": 4}),',
        },
    },
    "a recipe": {
        "degrade/recipes/presets/novel.toml": RECIPE,
        "tests/degrade/recipes/golden.py": {"GOLDEN = {": '    "novel@1": ("4ece90e84b7e", "09ea9b92e87b"),'},
        "tests/degrade/recipes/published_steps.py": {"OWN = {": '    "novel",'},
    },
    "a loss": {
        "ispl_model/losses/pixel.py": {
            "LossFunction = Callable[[Tensors, Tensors], torch.Tensor]": LOSS,
            "LOSSES: dict[str, LossFunction] = {": '    "novel": novel,',
        },
    },
    "a protocol": {"protocols/runs/novel.toml": PROTOCOL},
}


def add(root: Path, file: str, what: str | dict[str, str]) -> None:
    path = root / file
    if isinstance(what, str):
        assert not path.exists()
        path.write_text(what)
        return
    text = path.read_text()
    for line, lines in what.items():
        assert text.count(f"\n{line}\n") == 1, f"{file}: {line}"
        text = text.replace(f"\n{line}\n", f"\n{line}\n{lines}\n")
    path.write_text(text)


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """The packages with one more of each kind."""
    root = tmp_path_factory.mktemp("copy")
    for name in COPIED:
        ignored = shutil.ignore_patterns("__pycache__", "*.safetensors")
        shutil.copytree(ROOT / name, root / name, ignore=ignored)
    shutil.copy(ROOT / "setup.cfg", root)
    for files in ADDED.values():
        for file, what in files.items():
            add(root, file, what)
    return root


def run(root: Path, *arguments: str) -> str:
    environment = os.environ | {"PYTHONPATH": str(root)}
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_each_keeps_the_laws_of_its_kind(copy):
    run(copy, "-m", "tests.reference.outputs", "novel", "novel.rgb")
    chosen = "novel or fixed_sequence or promised or every_operator_ or explained or marked_as_a_length"
    chosen += " or held_against or literal_has_every"
    told = run(copy, "-m", "pytest", "-v", "-p", "no:cacheprovider", "-k", chosen, *LAWS)
    for law in LAWS:
        assert any(line.startswith(law) and "PASSED" in line for line in told.splitlines()), law
    assert "SKIPPED" not in told


@pytest.mark.slow
def test_a_run_of_the_new_protocol_scores_the_new_method_by_the_new_metric(copy):
    options = ("--protocol", "novel", "--method", "novel", "--limit", "2", "--device", "cpu")
    run(copy, "-m", "benchmark", "run", *options)
    (file,) = (copy / "results" / "quick").rglob("*.jsonl")
    scores = [json.loads(line) for line in file.read_text().splitlines()]
    assert {(score["protocol"], score["method"]) for score in scores} == {("NOVEL", "novel")}
    assert {score["metric"] for score in scores if score["value"] is not None} == {"novel.rgb", "psnr.rgb"}


@pytest.mark.slow
def test_the_new_recipe_draws_the_new_operator_and_a_training_weighs_the_new_loss(copy):
    assert run(copy, "-c", USE).split() == ["NovelBlur", "Quantize", "0.00000", "{'novel':", "1.0}"]


@pytest.mark.parametrize("kind", sorted(ADDED))
def test_contributing_names_the_files_and_they_are_two_beside_the_test_and_the_page(kind):
    text = (ROOT / "CONTRIBUTING.md").read_text().lower()
    (section,) = [part for part in text.split("\n## ") if part.startswith(f"add {kind}")]
    files = ADDED[kind]
    assert sum(not file.startswith(("tests/", "docs/")) for file in files) <= 2
    assert ("python -m tests.reference.outputs" in section) == (kind in ("a metric", "a method"))
    for file, what in files.items():
        assert (file if isinstance(what, dict) else file.rpartition("/")[0] + "/") in section
