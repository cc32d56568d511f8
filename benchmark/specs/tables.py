"""What each table shows: `protocols/tables/`."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from benchmark.specs.protocols import load_protocol, scored_task
from benchmark.specs.strict_toml import checked, is_file, own_text, parsed, stem, stems, text_of
from degrade.core.errors import InputError, unknown

_TABLE = {"version": int, "protocols": list[str], "rows": list[dict], "columns": list[str]}
_ROW = {"task": str, "methods": list[str], "protocols": list[str]}


@dataclass(frozen=True)
class Row:
    """One block of a table: the methods of one task, in the paper's order.

    A method may be unknown to benchmark.methods: the table then shows it as `not run`.
    protocols: those of the table under which the task stands; all of them where the file names none.
    """

    task: str
    methods: tuple[str, ...]
    protocols: tuple[str, ...] = ()


@dataclass(frozen=True)
class TableSpec:
    """What one table of the paper shows."""

    name: str
    version: int
    protocols: tuple[str, ...]
    rows: tuple[Row, ...]
    columns: tuple[str, ...]

    def protocols_of(self, row: Row) -> tuple[str, ...]:
        """The protocols under which a row stands, in the table's order."""
        return tuple(name for name in self.protocols if name in (row.protocols or self.protocols))


def table_names() -> list[str]:
    """Names of the tables there are: table1, table2, table2_photographs, ..."""
    return stems("tables")


@cache
def load_table(name: str) -> TableSpec:
    """Read protocols/tables/<name>.toml, or a user's FILE.toml; InputError as in load_protocol."""
    if is_file(name):
        return parse_table(name, own_text(name, "table", table_names()))
    if name.lower() not in table_names():
        raise unknown("table", name, table_names())
    return parse_table(f"protocols/tables/{name.lower()}.toml", text_of("tables", f"{name.lower()}.toml"))


def parse_table(place: str, text: str) -> TableSpec:
    """A table from the text of its file."""
    values = checked(place, parsed(place, text), _TABLE)
    values["protocols"] = tuple(load_protocol(name).name if is_file(name) else name for name in values["protocols"])
    rows = [Row(**_row(f"{place}: rows[{index}]", row, values)) for index, row in enumerate(values["rows"])]
    return TableSpec(stem(place), **(values | {"rows": tuple(rows)}))


def _row(place: str, row: dict[str, Any], table: dict[str, Any]) -> dict[str, Any]:
    found = checked(place, {"protocols": []} | row, _ROW)
    beyond = [name for name in found["protocols"] if name not in table["protocols"]]
    if beyond:
        raise InputError(f"{place}: protocols: expected some of the table's, got {beyond[0]}")
    return found | {"task": scored_task(found["task"])}
