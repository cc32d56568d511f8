"""What is installed, plainly or editable, is whole and is found whatever empty folders lie in the working folder."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("degrade", "ispl_model", "benchmark", "protocols")
_BUILD = "import sys; from setuptools import build_meta; print(getattr(build_meta, sys.argv[1])(sys.argv[2]))"


@pytest.fixture(scope="module")
def tree(tmp_path_factory) -> Path:
    """A copy of what a distribution is built from, since setuptools writes beside it."""
    pytest.importorskip("setuptools", reason="setuptools is not installed, and installing it needs the network")
    copy = tmp_path_factory.mktemp("tree") / "source"
    for package in PACKAGES:
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    return copy


@pytest.fixture(scope="module", params=["build_wheel", "build_editable"])
def site(request, tree, tmp_path_factory) -> Path:
    """A folder as site-packages after an installation, not editable or editable."""
    wheels, folder = tmp_path_factory.mktemp("wheels"), tmp_path_factory.mktemp("site-packages")
    command = [sys.executable, "-c", _BUILD, request.param, wheels]
    built = subprocess.run(command, cwd=tree, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    (wheel,) = wheels.iterdir()
    zipfile.ZipFile(wheel).extractall(folder)
    assert ("0.editable" in wheel.name) == (request.param == "build_editable")
    return folder


def run(site: Path, cwd: Path, code: str) -> str:
    """What Python prints in that working folder, first on its path as with `python -m`, `site` the second."""
    first = f"""
import site, sys
before = list(sys.path)
site.addsitedir({str(site)!r})
sys.path[:] = ["", *(path for path in sys.path if path not in before), *before]
"""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    command = [sys.executable, "-c", first + code]
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_folders_of_the_same_names_in_the_working_folder_hide_nothing(site, tree, tmp_path):
    for package in PACKAGES:
        (tmp_path / package).mkdir()
    (tmp_path / "protocols" / "runs").mkdir()
    code = """
import benchmark, degrade, ispl_model, protocols
from benchmark.specs.protocols import load_protocol, protocol_names
print(*(package.__file__ for package in (benchmark, degrade, ispl_model, protocols)), sep="\\n")
print(load_protocol(protocol_names()[0]).name, degrade.list_recipes()[0], len(benchmark.METHODS) > 9)
"""
    *places, last = run(site, tmp_path, code).splitlines()
    assert all(Path(place).is_relative_to(site) or Path(place).is_relative_to(tree) for place in places), places
    assert last == "R2LFW sr4 True"


def test_data_types_and_stubs_are_part_of_it(site, tmp_path):
    code = """
from importlib.resources import files
for package in ("degrade", "ispl_model", "benchmark"):
    assert all(files(package).joinpath(name).is_file() for name in ("py.typed", "__init__.pyi")), package
assert files("degrade.recipes").joinpath("presets", "gfpgan.toml").is_file()
assert files("ispl_model").joinpath("weights", "ispl-lite.safetensors").is_file()
assert files("benchmark.records").joinpath("schemas", "score.json").is_file()
assert files("protocols").joinpath("paper", "published.csv").is_file()
import degrade
print(degrade.__version__)
"""
    (info,) = site.glob("*.dist-info")
    assert info.name == f"face_restoration_benchmark-{run(site, tmp_path, code).strip()}.dist-info"
