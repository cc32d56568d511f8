"""What installed packages add to the benchmark, by entry points: looked up by name, imported on use.

A package names its rows in its metadata, as in pyproject.toml:

    [project.entry-points."face_restoration.methods"]
    mine = "my_package.benchmark:ROW"       # a benchmark.methods.row.MethodRow whose module is my_package's
    [project.entry-points."face_restoration.metrics"]
    "mine.y" = "my_package.benchmark:METRIC"  # a benchmark.Metric of that id, whose module is my_package's
"""

import functools
from dataclasses import asdict
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeVar

from degrade.core.errors import InputError, cut
from degrade.core.storage import strict_json

METHODS, METRICS = "face_restoration.methods", "face_restoration.metrics"
Row = TypeVar("Row")


def names(group: str) -> list[str]:
    """The names that packages add to a group; imports none of them."""
    return sorted(_found(group))


def row_of(group: str, name: str, kind: type[Row]) -> Row | None:
    """What a package adds under a name; None where none does.

    Raises InputError for a package that cannot be imported, or that adds something else than a `kind`, whose fields
    have the types of its class.
    """
    point = _found(group).get(name)
    if point is None:
        return None
    package = point.dist.name if point.dist else point.module
    try:
        row = point.load()
    except (Exception, SystemExit) as error:  # whatever the package does when it is imported
        said = f"{type(error).__name__}: {cut(str(error))}"
        raise InputError(f"'{name}': its package {package} cannot be loaded ({said}); repair or remove it") from error
    if not isinstance(row, kind):
        got = f"got {type(row).__name__} from the package {package}"
        raise InputError(f"'{name}': expected {point.value} to be a {kind.__name__}, {got}")
    check_types(row, f"'{name}': {point.value} of the package {package}")
    return row


def check_types(row: Any, what: str) -> None:
    """InputError, which begins with `what`, unless every field of a dataclass has its type: run files hold them."""
    try:
        strict_json.check(asdict(row), type(row))
    except ValueError as error:
        raise InputError(f"{what}: {error}; correct it") from error


@functools.cache
def _found(group: str) -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=group)}
