"""benchmark -> ispl_model -> degrade, never up; heavy packages only where they are used."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("degrade", "ispl_model", "benchmark")
MAY_IMPORT = {
    "degrade": {"degrade"},
    "ispl_model": {"ispl_model", "degrade"},
    "benchmark": {"benchmark", "ispl_model", "degrade"},
}
ON_USE = {"pyiqa", "dlib", "spandrel", "accelerate", "matplotlib", "torchvision", "pandas"}


def files(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imported(nodes) -> set[str]:
    names = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import in line {node.lineno}"
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_point_down_only(package):
    assert files(package)
    for path in files(package):
        ours = imported(ast.walk(ast.parse(path.read_text()))) & set(PACKAGES)
        assert ours <= MAY_IMPORT[package], f"{path.relative_to(ROOT)} imports {ours - MAY_IMPORT[package]}"


@pytest.mark.parametrize("package", PACKAGES)
def test_heavy_packages_are_imported_where_they_are_used(package):
    for path in files(package):
        heavy = imported(ast.parse(path.read_text()).body) & ON_USE
        assert not heavy, f"{path.relative_to(ROOT)} imports {heavy} at module level"


def test_degrade_never_imports_torch():
    for path in files("degrade"):
        assert "torch" not in imported(ast.walk(ast.parse(path.read_text()))), path.name


def test_only_faces_names_dlib():
    users = [
        path
        for package in PACKAGES
        for path in files(package)
        if "dlib" in imported(ast.walk(ast.parse(path.read_text())))
    ]
    assert [path.name for path in users] == ["detection.py"]


@pytest.mark.parametrize("module", ["degrade.cli.run", "ispl_model.cli.main", "benchmark.cli.main"])
def test_a_command_line_loads_without_torch(module):
    code = f"import sys, {module}; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
