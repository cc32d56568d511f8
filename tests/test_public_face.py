"""What the three packages export: exactly these names, lazy, documented, and the same pixels by every way."""

import ast
import doctest
import importlib
import os
import re
import subprocess
import sys
import tomllib
from configparser import ConfigParser
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner

import benchmark
import degrade
import ispl_model
from benchmark.cli.main import benchmark as benchmark_command
from degrade.cli.facerenov import degrade_facerenov
from degrade.cli.main import degrade as degrade_command
from degrade.cli.run import degrade_ffhq
from degrade.core.image import from_uint8, read, to_uint8, write
from degrade.portraits.paint import paint
from degrade.splits.split import open_split
from ispl_model.cli.main import ispl

ROOT = Path(__file__).parent.parent
FACES = {
    degrade: {
        "degrade_image", "replay_image", "find_recipe", "list_recipes", "read_image", "write_image", "make_split",
        "load_split", "InputError",
    },
    ispl_model: {"load_restorer"},
    benchmark: {
        "evaluate", "score", "score_folders", "load_scores", "run_protocol", "Method", "Metric", "METHODS", "METRICS",
    },
}  # fmt: skip
COMMANDS = {
    "degrade": degrade_command,
    "degrade-ffhq": degrade_ffhq,
    "degrade-facerenov": degrade_facerenov,
    "ispl": ispl,
    "benchmark": benchmark_command,
}
EXPORTED = [(package, name) for package, names in FACES.items() for name in sorted(names)]
SETTINGS = ConfigParser()
SETTINGS.read(ROOT / "setup.cfg")


@pytest.mark.parametrize("package", FACES, ids=lambda package: package.__name__)
def test_exactly_these_names_are_public_and_none_is_a_room_or_module(package):
    assert set(package.__all__) == FACES[package]
    inside = {path.stem for path in Path(package.__path__[0]).iterdir()}
    assert not FACES[package] & inside
    for name in FACES[package]:
        assert not isinstance(getattr(package, name), type(sys)), f"{name} is a module"


@pytest.mark.parametrize(("package", "name"), EXPORTED, ids=lambda value: getattr(value, "__name__", value))
def test_every_exported_function_says_what_it_takes_raises_and_shows_it(package, name):
    exported = getattr(package, name)
    if not callable(exported) or isinstance(exported, type):
        return
    assert doctest.DocTestParser().get_examples(exported.__doc__), "has no example"
    assert name == "list_recipes" or "InputError" in exported.__doc__


@pytest.mark.parametrize(("package", "name"), EXPORTED, ids=lambda value: getattr(value, "__name__", value))
def test_where_several_names_may_be_given_one_alone_may(package, name):
    """Of a string Python would make names of one letter; degrade.core.names.as_names does not."""
    for taken in getattr(getattr(package, name), "__annotations__", {}).values():
        assert "Sequence[str]" not in str(taken) or str(taken).endswith("| str"), taken


def test_mypy_is_strict_where_the_public_names_live():
    strict = next(name for name in SETTINGS.sections() if name.startswith("mypy-degrade,"))
    strict = set(strict.removeprefix("mypy-").split(","))
    for stub in ROOT.glob("*/__init__.pyi"):
        nodes = [node for node in ast.walk(ast.parse(stub.read_text())) if isinstance(node, ast.ImportFrom)]
        assert {stub.parent.name, *(f"{stub.parent.name}.{node.module}" for node in nodes)} <= strict


@pytest.mark.parametrize("package", FACES, ids=lambda package: package.__name__)
def test_importing_a_package_loads_nothing_that_takes_long(package):
    heavy = {"numpy", "cv2", "torch", "pandas", "click"}
    assert _output("-c", f"import sys, {package.__name__}; print(*({heavy} & set(sys.modules)))", cwd=ROOT) == "\n"


def _paths(command: click.Command) -> list[list[str]]:
    inside = command.commands if isinstance(command, click.Group) else {}
    return [[], *([name, *path] for name, each in inside.items() for path in _paths(each))]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_the_one_version(name):
    assert ast.literal_eval(_version_node()) == degrade.__version__ == ispl_model.__version__ == benchmark.__version__
    assert SETTINGS["metadata"]["version"] == "attr: degrade.__version__"
    for path in _paths(COMMANDS[name]):
        shown = CliRunner().invoke(COMMANDS[name], [*path, "--version"], prog_name=name)
        assert (shown.exit_code, shown.output) == (0, f"{name} {degrade.__version__}\n"), path


def _version_node() -> ast.expr:
    """A literal, which setuptools reads without importing the package."""
    tree = ast.parse((ROOT / "degrade/__init__.py").read_text())
    values = [node.value for node in tree.body if isinstance(node, ast.Assign) and "'__version__'" in ast.dump(node)]
    return values[0]


def test_the_commands_are_those_of_the_installation():
    scripts = SETTINGS["options.entry_points"]["console_scripts"].split("\n")
    places = dict(line.split(" = ") for line in filter(None, scripts))
    for name, place in places.items():
        module, _, member = place.partition(":")
        assert getattr(importlib.import_module(module), member) is COMMANDS[name]
    assert set(places) == set(COMMANDS)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """For each recipe a split that `degrade run` made of one face."""
    folder = tmp_path_factory.mktemp("face")
    write(folder / "faces" / "x.png", paint(5, 64))
    splits = {}

    def make(recipe):
        if recipe not in splits:
            arguments = ["run", folder / "faces", folder / recipe, "--task", recipe, "--size", "64", "--seed", "7"]
            shown = CliRunner().invoke(degrade_command, [*map(str, arguments), "--workers", "1"])
            assert shown.exit_code == 0, shown.output
            splits[recipe] = open_split(folder / recipe)
        return splits[recipe]

    return make


@pytest.mark.parametrize("recipe", degrade.list_recipes())
def test_python_and_the_command_line_give_the_same_pixels_and_keep_the_kind_of_an_array(made, recipe):
    split = made(recipe)
    clean, wanted = (to_uint8(read(path)) for path in split.files("x"))
    for face in (clean, from_uint8(clean), from_uint8(clean).astype(np.float64)):
        degraded, records = degrade.degrade_image(face, recipe, seed=7, name="x")
        assert degraded.dtype == face.dtype and records == split.records[0]["operators"]
        np.testing.assert_array_equal(_pixels(degraded), wanted)
        np.testing.assert_array_equal(degrade.replay_image(face, records), degraded)


def _pixels(array):
    return array if array.dtype == np.uint8 else to_uint8(array.astype(np.float32))


@pytest.mark.parametrize("way", ["command line", "Python"])
def test_a_split_made_from_python_is_that_of_the_command_line(made, tmp_path, way):
    split = made("dual_blind")
    faces = split.path.parent / "faces"
    if way == "Python":
        summary = degrade.make_split(tmp_path / "split", str(faces), "dual_blind", size=64, seed=7)
        assert (summary.made, summary.errors) == (1, ())
        assert degrade.load_split(str(tmp_path / "split")).digest == split.digest
        with pytest.raises(degrade.InputError, match="lies inside the folder of the faces"):
            degrade.make_split(faces / "split", faces, "sr4", size=64)
    else:
        command = ["--task", "sr4", "--size", "64", "--limit", "2", "--out", str(tmp_path / "cli"), "--split", "test"]
        assert CliRunner().invoke(degrade_ffhq, command, env={"FACES_HQ": None}).exit_code == 0
        degrade.make_split(tmp_path / "split", None, "sr4", role="test", size=64, limit=2)
        assert open_split(tmp_path / "cli").digest == open_split(tmp_path / "split").digest


BAD = [
    (np.zeros((64, 64)), "shape"),
    (np.zeros((64, 64, 4), np.uint8), "shape"),
    (np.zeros((0, 64, 3), np.uint8), "shape"),
    (np.zeros((64, 64, 3), np.int32), "uint8, or float"),
    (np.zeros((64, 64, 3), bool), "uint8, or float"),
    (np.zeros((64, 64, 3), complex), "uint8, or float"),
    (np.full((64, 64, 3), 128.0), r"\[0, 1\]"),
    (np.full((64, 64, 3), np.nan), r"\[0, 1\]"),
    ([[[0.5] * 3]], "numpy array"),
    (None, "numpy array"),
]
DOORS = {
    "degrade_image": lambda array: degrade.degrade_image(array, "sr4"),
    "replay_image": lambda array: degrade.replay_image(array, []),
    "write_image": lambda array: degrade.write_image("face.png", array),
    "score": lambda array: benchmark.score(array, np.zeros((64, 64, 3))),
    "score of a reference": lambda array: benchmark.score(np.zeros((64, 64, 3)), [] if array is None else array),
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(("array", "sentence"), BAD)
def test_any_other_array_is_one_sentence(door, array, sentence, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(degrade.InputError, match=f"expected .*{sentence}"):
        DOORS[door](array)
    assert not list(tmp_path.iterdir())


def test_what_is_no_record_is_one_sentence():
    for records in (["GaussianBlur"], [{"op": "Nothing"}], [{"op": "Jpeg"}], [{"op": "Jpeg", "drawn": "{"}]):
        with pytest.raises(degrade.InputError):
            degrade.replay_image(np.zeros((8, 8, 3)), records)


def test_an_image_that_is_written_is_read_again(tmp_path):
    face = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    for array in (face, from_uint8(face), from_uint8(face).astype(np.float64)):
        degrade.write_image(str(tmp_path / "a" / "face.png"), array)
        np.testing.assert_array_equal(to_uint8(degrade.read_image(str(tmp_path / "a" / "face.png"))), face)


EXAMPLES = ("degrade_faces", "degrade_restore_score", "replay_records", "compare_methods")  # the first makes face.png


@pytest.mark.slow
def test_the_examples_run_offline_and_are_short(tmp_path):
    assert {path.stem for path in (ROOT / "examples").glob("*.py")} == set(EXAMPLES)
    printed = {}
    for name in EXAMPLES:
        example = ROOT / "examples" / f"{name}.py"
        assert len(example.read_text().splitlines()) <= 10
        printed[name] = _output(example, cwd=tmp_path)
        assert printed[name]
    said = re.search(r"They print `(\{.+?\})`", (ROOT / "README.md").read_text())
    assert ast.literal_eval(printed["degrade_restore_score"]) == pytest.approx(ast.literal_eval(said[1]), rel=0.01)


def _output(*arguments: str | Path, cwd: Path) -> str:
    """What Python prints with this tree on its path; painted portraits stand for faces, and no proxy answers."""
    environment = {key: value for key, value in os.environ.items() if key != "FACES_HQ"}
    environment |= {"PYTHONPATH": str(ROOT), "HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_lines_in_the_readme_are_an_example():
    section = (ROOT / "README.md").read_text().split("## From Python")[1]
    lines = list(filter(None, section.split("```python\n")[1].split("```")[0].splitlines()))
    examples = [path.read_text().splitlines() for path in (ROOT / "examples").glob("*.py")]
    assert any(lines == [line for line in example[1:] if line] for example in examples)


def test_what_degrades_needs_only_its_own_list_and_no_torch(tmp_path):
    lines = (ROOT / "requirements-degrade.txt").read_text().splitlines()
    wanted = {line for line in lines if line and not line.startswith("#")}
    assert wanted < set(SETTINGS["options"]["install_requires"].split("\n")), "the same bounds as in setup.cfg"
    code = f"""
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {_not_listed(wanted)!r}:
            raise ImportError(name)

sys.meta_path.insert(0, Refuse())
from degrade.cli.run import degrade_ffhq
degrade_ffhq(["--task", "gfpgan", "--size", "64", "--limit", "1", "--split", "test", "--out", "out", "--workers", "1"])
"""
    _output("-c", code, cwd=tmp_path)
    assert open_split(tmp_path / "out").names


def _not_listed(wanted: set[str]) -> set[str]:
    """What the distributions that this project requires, and that are not wanted here, are imported as."""
    from importlib.metadata import packages_distributions

    ours = {line.split(">")[0].split("=")[0].lower() for line in SETTINGS["options"]["install_requires"].split("\n")}
    names = ours - {line.split(">")[0] for line in wanted}
    found = packages_distributions().items()
    return {module for module, owners in found if {owner.lower() for owner in owners} & names} | {"torch"}


def test_protocols_are_told_by_their_folder():
    from benchmark.specs.protocols import protocol_names

    names = {path.stem.upper() for path in (ROOT / "protocols" / "runs").glob("*.toml")}
    assert set(protocol_names()) == names
    for path in (ROOT / "protocols" / "runs").glob("*.toml"):
        assert "train_domain" in tomllib.loads(path.read_text())
