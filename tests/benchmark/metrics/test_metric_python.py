"""A metric that is a function of the user's."""

import sys

import numpy as np
import pytest
from click.testing import CliRunner

from benchmark.cli.main import benchmark
from benchmark.metrics.base import MetricError
from benchmark.metrics.registry import find_metric, load_of_images, metric_hashes
from degrade.core.errors import InputError

CODE = '''
import numpy as np
from benchmark.metrics.base import MetricError

def distance(restored, reference):
    """Mean distance.

    More."""
    return np.abs(restored - reference).mean()

distance.higher_is_better = False
distance.unit = "grey"

def level(restored, reference):
    assert reference is None
    return restored.mean()

level.needs_reference = False

def fails(restored, reference):
    raise KeyError("net")

def dark(restored, reference):
    raise MetricError("too dark")

def undefined(restored, reference):
    return float("nan")
'''


@pytest.fixture
def module(tmp_path, monkeypatch, request):
    """A module of its own for each test, since Python imports a name once."""
    name = f"metrics_of_{request.node.name.partition('[')[0]}"
    (tmp_path / f"{name}.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return name


def test_it_is_called_with_both_images_and_says_what_it_is(module):
    metric = find_metric(f"python:{module}:distance")
    assert (metric.higher_is_better, metric.unit, metric.header, metric.meaning) == (
        False,
        "grey",
        "distance",
        "Mean distance.",
    )
    zero, half = (np.full((8, 8, 3), value, np.float32) for value in (0, 0.5))
    assert load_of_images(metric.id)(half, zero) == 0.5


def test_without_a_reference_and_without_a_direction(module):
    metric = find_metric(f"python:{module}:level")
    assert metric.higher_is_better is None and not metric.needs_reference
    assert load_of_images(metric.id)(np.ones((8, 8, 3), np.float32)) == 1


def test_what_it_raises_is_a_failure_and_a_metric_error_or_nan_no_value(module):
    zero = np.zeros((8, 8, 3), np.float32)
    with pytest.raises(InputError, match=r"fails \(KeyError: 'net'\)"):
        load_of_images(f"python:{module}:fails")(zero, zero)
    for function, sentence in (("dark", "too dark"), ("undefined", "not a number")):
        with pytest.raises(MetricError, match=sentence):
            load_of_images(f"python:{module}:{function}")(zero, zero)


def test_its_definition_is_the_file_as_it_was_imported(module, tmp_path):
    """A process that has imported it goes on with the old one, and says so; the next one has the new one."""
    ids = [f"python:{module}:distance"]
    first = metric_hashes(ids)
    path = tmp_path / f"{module}.py"
    path.write_text(path.read_text() + "\n")
    assert metric_hashes(ids) == first
    del sys.modules[module]
    assert metric_hashes(ids) != first


@pytest.mark.parametrize(
    "name, sentence", [("none", "expected a function 'none'"), ("", "expected PACKAGE.MODULE:FUNCTION")]
)
def test_a_function_that_is_not_there_is_refused(module, name, sentence):
    with pytest.raises(InputError, match=sentence):
        find_metric(f"python:{module}:{name}")


def test_it_scores_a_run(module, tmp_path):
    made = CliRunner().invoke(
        benchmark,
        ["run", "--protocol", "S2S", "--method", "identity", "--task", "jpeg", "--limit", "2", "--metrics"]
        + [f"python:{module}:distance", "--work", str(tmp_path / "w"), "--results", str(tmp_path / "r")],
    )
    assert made.exit_code == 0 and "distance" in made.output


WRONG = [
    ("unit", "None", "Expected `str`, got `null` - at `$.unit`"),
    ("unit", "5", "Expected `str`, got `int` - at `$.unit`"),
    ("higher_is_better", "1", "Expected `bool | null`, got `int` - at `$.higher_is_better`"),
    ("higher_is_better", "'yes'", "Expected `bool | null`, got `str` - at `$.higher_is_better`"),
    ("needs_reference", "None", "Expected `bool`, got `null` - at `$.needs_reference`"),
]


@pytest.mark.parametrize("attribute, value, sentence", WRONG)
def test_an_attribute_of_another_type_is_refused_before_anything_is_written(
    tmp_path, monkeypatch, attribute, value, sentence
):
    monkeypatch.syspath_prepend(str(tmp_path))
    name = f"wrong_{attribute}_{len(value)}"
    (tmp_path / f"{name}.py").write_text(f"def m(restored, reference):\n    return 1\n\nm.{attribute} = {value}\n")
    asked = ["run", "--protocol", "S2S", "--method", "identity", "--task", "jpeg", "--limit", "1"]
    places = ["--work", str(tmp_path / "w"), "--results", str(tmp_path / "r")]
    refused = CliRunner().invoke(benchmark, [*asked, "--metrics", f"python:{name}:m", *places])
    assert refused.exit_code == 2 and f"python:{name}:m: its attributes: {sentence}; correct it" in refused.output
    assert not (tmp_path / "r").exists()


def test_numpys_truth_values_are_taken_as_pythons(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    code = "import numpy as np\n\ndef m(restored, reference):\n    return 1\n\n"
    (tmp_path / "numpys.py").write_text(f"{code}m.higher_is_better = m.needs_reference = np.bool_(False)\n")
    metric = find_metric("python:numpys:m")
    assert metric.higher_is_better is False and metric.needs_reference is False
