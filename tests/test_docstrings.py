"""Names of code that docstrings give are there."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("degrade", "ispl_model", "benchmark")
FILES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
_OURS = re.compile(rf"(?<![\w./-])(?:{'|'.join(PACKAGES)})(?:\.[A-Za-z_]\w*)+")
_QUOTED = re.compile(r"`([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+)(?:\([^`]*\))?`")
_WORD = re.compile(r"\w+")
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def docstrings(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED) and (text := ast.get_docstring(node, clean=False)):
            yield text


def identifiers(tree: ast.AST) -> set[str]:
    """Every name in the code itself, of variables, attributes, parameters, functions, classes and modules, or in a
    string that is no docstring.
    """
    prose = set(docstrings(tree))
    fields = ("id", "attr", "arg", "name", "asname", "module", "value")
    values = (getattr(node, field, None) for node in ast.walk(tree) for field in fields)
    return {part for value in values if isinstance(value, str) and value not in prose for part in _WORD.findall(value)}


def bound(body: list[ast.stmt]) -> dict[str, ast.AST]:
    """What the statements of a module or of a class give names to."""
    found: dict[str, ast.AST] = {}
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            found[node.name] = node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = (name for target in targets for name in ast.walk(target) if isinstance(name, ast.Name))
            found |= {name.id: node for name in names}
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {alias.asname or alias.name: node for alias in node.names}
    return found


def resolves(name: str) -> bool:
    """Whether a dotted name of one of the packages is a module, or what one gives a name to."""
    place, *parts = ROOT, *name.split(".")
    while parts and (place / parts[0]).is_dir():
        place /= parts.pop(0)
    if not parts:
        return True
    if (place / parts[0]).with_suffix(".py").is_file():
        tree = parsed((place / parts.pop(0)).with_suffix(".py"))
    else:
        stub = place / "__init__.pyi"
        tree = parsed(stub if stub.is_file() else place / "__init__.py")
    node: ast.AST | None = tree
    for part in parts:
        node = bound(node.body).get(part) if isinstance(node, ast.Module | ast.ClassDef) else None
    return node is not None


def quoted(package: str, pattern: re.Pattern[str]) -> Iterator[tuple[Path, str]]:
    """(file, name) of what a pattern finds in the docstrings of a package."""
    for path in FILES:
        if path.is_relative_to(ROOT / package):
            for text in docstrings(parsed(path)):
                yield from ((path.relative_to(ROOT), name) for name in pattern.findall(text))


@pytest.mark.parametrize("package", PACKAGES)
def test_dotted_names_of_ours_resolve(package: str) -> None:
    assert {(path, name) for path, name in quoted(package, _OURS) if not resolves(name)} == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_attributes_in_backticks_are_in_the_file(package: str) -> None:
    """As `options.parsing`: each part is a name that the file's own code uses."""
    lost = {
        (path, name)
        for path, name in quoted(package, _QUOTED)
        if name.split(".")[0] not in PACKAGES and not set(name.split(".")) <= identifiers(parsed(ROOT / path))
    }
    assert not lost


def test_what_is_lost_is_found() -> None:
    assert resolves("degrade.core.errors.InputError")
    assert resolves("degrade.make_split")
    assert resolves("benchmark.metrics.base.Metric.header")
    assert not resolves("degrade.core.errors.NoSuchError")
    assert not resolves("benchmark.metrics.base.Metric.no_such_field")
    assert not resolves("ispl_model.no_such_room.file")
    assert _QUOTED.findall("call `memory.keep_in(CACHE)` or `once`") == ["memory.keep_in"]
