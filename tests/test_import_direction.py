"""benchmark -> ispl_model -> degrade, and within each from sub-package to sub-package, never up; heavy packages only
where they are used.
"""

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("degrade", "ispl_model", "benchmark")
BELOW = {"degrade": (), "ispl_model": ("degrade",), "benchmark": ("ispl_model", "degrade")}

# sub-package -> those of its own package that it may import; modules beside the sub-packages may import all of them.
MAY_IMPORT = {
    "degrade": {
        "core": (),
        "operators": ("core",),
        "faces": ("core",),
        "portraits": ("core",),
        "recipes": ("core", "operators"),
        "splits": ("core", "operators", "recipes", "faces", "portraits"),
        "importing": ("core", "splits", "faces"),
        "torch": ("core", "recipes", "splits"),
        "cli": ("core", "operators", "faces", "portraits", "recipes", "splits", "importing"),
    },
    "ispl_model": {
        "runtime": (),
        "network": (),
        "losses": ("runtime", "network"),
        "adapters": ("runtime",),
        "restoration": ("runtime", "network", "adapters"),
        "inspection": ("runtime", "network", "losses", "restoration"),
        "training": ("runtime", "network", "losses"),
        "cli": ("runtime", "network", "losses", "adapters", "restoration", "inspection", "training"),
        "weights": ("runtime", "network", "losses", "restoration", "training"),  # how the shipped ones were made
    },
    "benchmark": {
        "specs": (),
        "assets": (),
        "records": (),
        "metrics": ("assets",),
        "methods": ("specs", "assets"),
        "runs": ("specs", "assets", "records", "metrics", "methods"),
        "analysis": ("specs", "records", "metrics", "methods"),
        "reports": ("specs", "records", "metrics", "methods", "analysis", "runs"),  # runs: figures only
        "cli": ("specs", "assets", "records", "metrics", "methods", "runs", "analysis", "reports"),
    },
}
LAYERS = {"degrade": 6, "ispl_model": 5, "benchmark": 6}  # at most: the longest chain of imports
IMAGE = "degrade.core.image"
ON_USE = {
    "pyiqa",
    "dlib",
    "spandrel",
    "accelerate",
    "matplotlib",
    "torchvision",
    "pandas",
    "onnxruntime",
    "ncnn",
    "distributed",
    "pillow_heif",
}
_NAME = re.compile(rf"({'|'.join(PACKAGES)})((?:\.\w+)+)(:\w+|\.)?")


def files(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imported(nodes) -> set[str]:
    """Top-level names of what is imported."""
    return {name.split(".")[0] for name in _modules(nodes)}


def _modules(nodes) -> set[str]:
    names = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import in line {node.lineno}"
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@cache
def named(path: Path) -> frozenset[str]:
    """Modules of ours that a file imports, anywhere in it, or names in a string, as importlib takes them."""
    tree = ast.parse(path.read_text())
    strings = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    found = {name for name in _modules(ast.walk(tree)) if name.split(".")[0] in PACKAGES}
    found |= {text.split(":")[0].rstrip(".") for text in strings if _NAME.fullmatch(text)}
    return frozenset(name for name in map(_module, found) if name)


def _module(name: str) -> str:
    """The module in a dotted name: the longest beginning that is one; empty when there is none."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        place = ROOT.joinpath(*parts[:count])
        if place.with_suffix(".py").is_file() or (place / "__init__.py").is_file():
            return ".".join(parts[:count])
    return ""


def sub_packages(package: str) -> dict[str, set[str]]:
    """Every sub-package with the others of its package that it imports; modules beside them are left out."""
    found: dict[str, set[str]] = {}
    for path in files(package):
        inside = path.relative_to(ROOT / package).parts
        if len(inside) > 1:
            found.setdefault(inside[0], set()).update(_siblings(package, path) - {inside[0]})
    return found


def _siblings(package: str, path: Path) -> set[str]:
    parts = [name.split(".") for name in named(path) if name.startswith(f"{package}.")]
    return {part[1] for part in parts if (ROOT / package / part[1]).is_dir()}


def layers(graph: dict[str, set[str]]) -> int:
    """Sub-packages in the longest chain of imports. RecursionError for a circle."""

    def height(name: str) -> int:
        return 1 + max(map(height, graph[name]), default=0)

    return max(map(height, graph))


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_import_down_only(package):
    assert files(package)
    for path in files(package):
        above = {name.split(".")[0] for name in named(path)} - {package, *BELOW[package]}
        assert not above, f"{path.relative_to(ROOT)} imports {above}"


@pytest.mark.parametrize("package", PACKAGES)
def test_sub_packages_import_as_the_table_says(package):
    may = MAY_IMPORT[package]
    assert set(sub_packages(package)) == set(may), "a sub-package is missing in the table, or here"
    for path in files(package):
        own, *rest = path.relative_to(ROOT / package).parts
        beyond = _siblings(package, path) - {own, *may[own]} if rest else set()
        assert not beyond, f"{path.relative_to(ROOT)} imports {', '.join(sorted(beyond))}"


def test_of_reports_only_figures_import_runs() -> None:
    """What restores and scores stands above reports, in benchmark/evaluation.py and the command line."""
    reports = ROOT / "benchmark" / "reports"
    users = {path.relative_to(reports).parts[0] for path in reports.rglob("*.py") if _uses(path, "benchmark.runs")}
    assert users == {"figures"}


@pytest.mark.parametrize("package", PACKAGES)
def test_sub_packages_form_few_layers_without_circles(package):
    assert layers(sub_packages(package)) <= LAYERS[package]


def test_a_layer_is_counted_by_the_longest_chain():
    assert layers({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == 3
    with pytest.raises(RecursionError):
        layers({"a": {"b"}, "b": {"a"}})


@pytest.mark.parametrize("package", PACKAGES)
def test_modules_import_each_other_in_no_circle(package):
    """Whichever way: at the top, inside a function, for types alone, or by a string that importlib is given."""
    graph = {".".join(path.relative_to(ROOT).with_suffix("").parts): named(path) for path in files(package)}
    graph = {module.removesuffix(".__init__"): names for module, names in graph.items()}
    done: set[str] = set()

    def follow(module: str, way: tuple[str, ...]) -> None:
        assert module not in way, " -> ".join([*way[way.index(module) :], module])
        if module not in done:
            for name in sorted(graph[module] & set(graph) - {module}):
                follow(name, (*way, module))
            done.add(module)

    for module in graph:
        follow(module, ())


@pytest.mark.parametrize("package", PACKAGES)
def test_heavy_packages_are_imported_where_they_are_used(package):
    for path in files(package):
        heavy = imported(ast.parse(path.read_text()).body) & ON_USE
        assert not heavy, f"{path.relative_to(ROOT)} imports {heavy} at module level"


def test_degrade_never_imports_torch_but_in_one_sub_package_which_training_alone_imports():
    place = ROOT / "degrade" / "torch"
    users = {path.parent for package in PACKAGES for path in files(package) if _uses(path, "degrade.torch")}
    assert users <= {place, ROOT / "ispl_model" / "training"}
    for path in set(files("degrade")) - set(place.iterdir()):
        assert "torch" not in imported(ast.walk(ast.parse(path.read_text()))), path.name


def _uses(path: Path, name: str) -> bool:
    return any(f"{module}.".startswith(f"{name}.") for module in named(path))


def test_storage_stands_below_images() -> None:
    """Images are read and written with it."""
    users = [path.name for path in (ROOT / "degrade" / "core" / "storage").rglob("*.py") if _uses(path, IMAGE)]
    assert users == []


def test_only_detection_names_dlib():
    users = [
        path
        for package in PACKAGES
        for path in files(package)
        if "dlib" in imported(ast.walk(ast.parse(path.read_text())))
    ]
    assert [path.relative_to(ROOT).as_posix() for path in users] == ["degrade/faces/detection.py"]


WITHOUT_TORCH = (
    "degrade.cli.main",
    "ispl_model.cli.main",
    "benchmark.cli.main",
    "benchmark.records",
    "benchmark.specs",
    "benchmark.analysis",
    "benchmark.reports.tables",
    "benchmark.reports.pages",
    "benchmark.reports.html",
    "benchmark.methods.table",
    "benchmark.methods.registry",
    "benchmark.methods.method",
    "benchmark.methods.fixed",
)


@pytest.mark.parametrize("name", WITHOUT_TORCH)
def test_loads_without_torch(name):
    """The module, or every module of the sub-package."""
    place = ROOT.joinpath(*name.split("."))
    found = sorted(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]
    modules = [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in found]
    code = f"import sys, {', '.join(modules)}; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


@pytest.mark.parametrize("kind", ["metrics", "methods"])
def test_what_a_registry_loads_by_name_does_not_import_the_registry(kind: str) -> None:
    """A circle that importlib would hide: registry -> module of a row -> registry."""
    back = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "benchmark" / kind).rglob("*.py")
        if f"benchmark.{kind}.registry" in path.read_text(encoding="utf-8") and path.name != "registry.py"
    ]
    assert back == []
