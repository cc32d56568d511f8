"""Methods by name. A module is imported when its method is used, so listing them costs nothing."""

from importlib import import_module
from importlib.resources import files
from importlib.util import find_spec
from typing import Any

from benchmark.methods.row import MethodRow
from benchmark.methods.table import ADAPTERS, METHODS
from benchmark.specs.tables import load_table, table_names
from degrade.core.errors import InputError, unknown


def full_name(name: str) -> str:
    """The full name of a method in any case: `ispl` means `ispl:isp_unet_pac`; an unknown name stays as it is."""
    folded = name.lower()
    kind, colon, rest = name.partition(":")
    if kind.lower() in ADAPTERS:
        return kind.lower() + colon + rest
    return folded if folded in METHODS else _short_names().get(folded, name)


def adapter_argument(name: str) -> str | None:
    """What follows the colon in the name of a method from outside; None for a method of the table."""
    kind, _, rest = full_name(name).partition(":")
    return rest if kind in ADAPTERS else None


def find_method(name: str) -> MethodRow:
    """The row of a method by its full or short name, or of its kind when it comes from outside.

    Raises InputError when there is none, naming the nearest, and when it cannot run here, saying why.
    """
    given = adapter_argument(name)
    row = METHODS.get(full_name(name)) if given is None else ADAPTERS[full_name(name).partition(":")[0]]
    if row is None:
        raise unknown("method", name, method_names())
    if given == "":
        raise InputError(f"method '{name}': expected more after a colon, got nothing; it is {row.source}")
    if reason := why_unavailable(row):
        raise InputError(f"method '{name}': unavailable: {reason}")
    return row


def why_unavailable(row: MethodRow) -> str:
    """Why a method cannot run here; empty when it can, also where it must be trained first."""
    packages = [package for package in row.packages if find_spec(package) is None]
    if packages:
        return f"needs pip install {' '.join(packages)}"
    return "; ".join(filter(None, map(_missing, row.weights)))


def _missing(file: str) -> str:
    from benchmark.assets.weights import missing, weight_path

    if file.startswith("ispl_model/"):
        return "" if files("ispl_model").joinpath(file.partition("/")[2]).is_file() else f"comes without {file}"
    return "" if weight_path(file).is_file() else missing(file)


def _short_names() -> dict[str, str]:
    """The full name of each method that has a short one."""
    return {row.short_name: name for name, row in METHODS.items() if row.short_name}


def method_title(name: str) -> str:
    """The printed name of a method, which may be another for its short name; its id where it has none."""
    row = METHODS.get(full_name(name))
    if row is None:
        return name
    return (row.short_title if name.lower() == row.short_name else row.title) or name


def method_names() -> list[str]:
    """Every name that find_method takes: full and short ones, and how those from outside begin."""
    return sorted([*METHODS, *_short_names(), *(f"{kind}:" for kind in ADAPTERS)])


def tabled_methods() -> set[str]:
    """The methods that the tables list, whether they are there or not."""
    tables = [load_table(name) for name in table_names()]
    return {method for table in tables for row in table.rows for method in row.methods}


def method_module(name: str) -> Any:
    """What a method is made of.

    `load`; for a trained one `configure`, `build`, `TRAINING`; for a tuned one `restore`, `GRID`; for one from outside
    `digest`.
    """
    return module_of(find_method(name))


def module_of(row: MethodRow) -> Any:
    """As method_module, of a row whether it can run here or not."""
    module, _, member = row.module.partition(":")
    imported = import_module(module)
    return getattr(imported, member) if member else imported
