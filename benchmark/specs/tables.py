"""What each table shows: `protocols/tables/`."""

from dataclasses import dataclass
from functools import cache

from benchmark.specs.strict_toml import checked, parsed, stem, stems, text_of
from degrade.core.errors import unknown

_TABLE = {"version": int, "protocols": list[str], "rows": list[dict], "columns": list[str]}
_ROW = {"task": str, "methods": list[str]}


@dataclass(frozen=True)
class Row:
    """One block of a table: the methods of one task, in the paper's order.

    A method may be unknown to benchmark.methods: the table then shows it as `not run`.
    """

    task: str
    methods: tuple[str, ...]


@dataclass(frozen=True)
class TableSpec:
    """What one table of the paper shows."""

    name: str
    version: int
    protocols: tuple[str, ...]
    rows: tuple[Row, ...]
    columns: tuple[str, ...]


def table_names() -> list[str]:
    """Names of the tables there are: table1, table2, table2_photographs, ..."""
    return stems("tables")


@cache
def load_table(name: str) -> TableSpec:
    """Read protocols/tables/<name>.toml; InputError as in load_protocol."""
    if name.lower() not in table_names():
        raise unknown("table", name, table_names())
    return parse_table(f"protocols/tables/{name.lower()}.toml", text_of("tables", f"{name.lower()}.toml"))


def parse_table(place: str, text: str) -> TableSpec:
    """A table from the text of its file."""
    values = checked(place, parsed(place, text), _TABLE)
    rows = [Row(**checked(f"{place}: rows[{index}]", row, _ROW)) for index, row in enumerate(values["rows"])]
    return TableSpec(stem(place), **(values | {"rows": tuple(rows)}))
