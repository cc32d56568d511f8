"""Methods and metrics that an installed package adds; and a package that is broken, which breaks nothing else."""

import sys

import pytest
from click.testing import CliRunner

from benchmark.assets import entry_points
from benchmark.cli.main import benchmark
from benchmark.methods.registry import find_method, full_name, method_names, method_title
from benchmark.metrics.registry import find_metric, metric_hashes
from benchmark.metrics.table import METRICS
from benchmark.runs.request import RunRequest
from benchmark.runs.run import run
from benchmark.runs.settings import Settings
from benchmark.specs.protocols import Profile, load_protocol
from degrade.core.errors import InputError

TINY = Profile("quick", 64, 2, 1, 2, 4, 1, 2, "none", (0,))
PLUGIN = """
from benchmark import Method, Metric
from benchmark.methods.row import FIXED, MethodRow

ROW = MethodRow("plugin_of_a_test", source="a test", kind=FIXED, tasks=("jpeg",), title="Darker")
FACTS = {"module": "plugin_of_a_test.level", "header": "Level", "meaning": "mean", "higher_is_better": None}
LEVEL = Metric("level.mean", **FACTS, needs_reference=False, packages=("plugin-of-a-test",))
OTHER = Metric("another.id", **FACTS)
NUMBER = Metric("level.number", **FACTS, unit=5)
LONG = Metric("level.long", **FACTS, decimals=20)
TEXT = MethodRow("plugin_of_a_test", source="a test", kind=FIXED, tasks=("jpeg",), version="2")

def load(device, checkpoint, size):
    return Method("darker", lambda images: [image / 2 for image in images], 1)
"""
ENLARGING = """
from benchmark import Method
from benchmark.methods.row import FIXED, MethodRow

ROW = MethodRow("plugin_of_a_test.enlarging", source="a test", kind=FIXED, tasks=("sr4",), scale=4)

def load(device, checkpoint, size):
    return Method("enlarging", lambda images: [image.repeat(4, 0).repeat(4, 1) for image in images], scale=4)
"""
LEVEL = "def load(metric_id):\n    return lambda restored, reference=None: float(restored.mean())\n"
POINTS = """[face_restoration.methods]
darker = plugin_of_a_test:ROW
enlarging = plugin_of_a_test.enlarging:ROW
broken = plugin_that_is_not_there:ROW
text = plugin_of_a_test:TEXT
identity = plugin_of_a_test:ROW

[face_restoration.metrics]
level.mean = plugin_of_a_test:LEVEL
level.other = plugin_of_a_test:OTHER
level.number = plugin_of_a_test:NUMBER
level.long = plugin_of_a_test:LONG
level.broken = plugin_of_a_test:load
"""
OF_PACKAGE = ("broken", "long", "mean", "number", "other")  # metrics, in order of names


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """The package as pip lays it down: its folder and its metadata on Python's path."""
    site = tmp_path / "site"
    (site / "plugin_of_a_test").mkdir(parents=True)
    (site / "plugin_of_a_test/__init__.py").write_text(PLUGIN)
    (site / "plugin_of_a_test/level.py").write_text(LEVEL)
    (site / "plugin_of_a_test/enlarging.py").write_text(ENLARGING)
    facts = site / "plugin_of_a_test-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: plugin-of-a-test\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text(POINTS)
    monkeypatch.syspath_prepend(str(site))
    entry_points._found.cache_clear()
    yield facts
    entry_points._found.cache_clear()
    for name in [name for name in sys.modules if name.startswith("plugin_of_a_test")]:
        del sys.modules[name]


def test_looking_for_names_imports_no_package(plugin):
    assert {"darker", "broken"} <= set(method_names()) and method_names().count("identity") == 1
    assert full_name("darker") == "darker" and "plugin_of_a_test" not in sys.modules


def test_a_method_and_a_metric_of_a_package_score_as_ours_do(plugin, tmp_path):
    settings = Settings(TINY, work=tmp_path / "work", results=tmp_path / "results", device="cpu")
    asked = RunRequest(settings, load_protocol("S2S"), "darker", metrics=("level.mean", "psnr.rgb"))
    scores = run(asked).scores
    given = run(RunRequest(settings, load_protocol("S2S"), "identity", ("jpeg",), metrics=("level.mean",))).scores
    levels = {score.image: score.value for score in scores if score.metric == "level.mean"}
    assert len(scores) == 4 and len(levels) == 2
    for score in given:
        assert levels[score.image] == pytest.approx(score.value / 2, abs=1 / 255)
    assert method_title("darker") == "Darker" and find_method("identity").source != "a test"


@pytest.mark.parametrize("task", ["sr4", "jpeg"])
def test_a_method_of_scale_4_is_given_a_quarter_whatever_the_task(plugin, tmp_path, task):
    settings = Settings(TINY, work=tmp_path / "work", results=tmp_path / "results", device="cpu")
    scores = run(RunRequest(settings, load_protocol("S2S"), "enlarging", (task,), metrics=("psnr.rgb",))).scores
    assert len(scores) == 2 and all(score.value for score in scores), scores


def test_nobody_s_licence_is_made_up(plugin):
    listed = CliRunner().invoke(benchmark, ["methods", "enlarging", "bicubic"]).output.splitlines()
    assert "not said" in listed[0] and "Apache-2.0" not in listed[0] and "Apache-2.0" in listed[1]


def test_the_version_of_its_package_is_part_of_a_metric(plugin):
    first = metric_hashes(["level.mean"])
    (plugin / "METADATA").write_text("Metadata-Version: 2.1\nName: plugin-of-a-test\nVersion: 1.1\n")
    assert metric_hashes(["level.mean"]) != first


@pytest.mark.parametrize(
    "find, name, sentence",
    [
        (find_method, "broken", "package plugin-of-a-test cannot be loaded .ModuleNotFoundError"),
        (find_metric, "level.broken", "expected plugin_of_a_test:load to be a Metric, got function"),
        (find_metric, "level.other", "its package calls it another.id"),
        (find_metric, "level.meen", "did you mean 'level.mean'"),
        (
            find_metric,
            "level.number",
            "plugin_of_a_test:NUMBER of the package plugin-of-a-test: Expected `str`, got `int`",
        ),
        (find_metric, "level.long", r"Expected `int` <= 12 - at `\$.decimals`; correct it"),
        (find_method, "text", r"plugin_of_a_test:TEXT of the package .*Expected `int`, got `str` - at `\$.version`"),
        (find_method, "darkr", "did you mean 'darker'"),
    ],
)
def test_what_is_wrong_with_a_package_is_one_sentence(plugin, find, name, sentence):
    with pytest.raises(InputError, match=sentence) as caught:
        find(name)
    assert "\n" not in str(caught.value)


def test_a_broken_package_breaks_neither_list(plugin):
    listed = CliRunner().invoke(benchmark, ["methods"]).output
    assert "darker " in listed and "bicubic_x4" in listed
    assert "broken             -   not here             'broken': its package" in listed
    listed = CliRunner().invoke(benchmark, ["metrics"]).output.splitlines()
    assert [line.split()[0] for line in listed] == [*METRICS, *(f"level.{name}" for name in OF_PACKAGE)]
    said = "level.broken       not here: 'level.broken': expected plugin_of_a_test:load to be a Metric"
    assert said in listed[-len(OF_PACKAGE)]
