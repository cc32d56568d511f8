"""The numbers printed in the paper's Tables 1-3, and which of ours may be compared with them."""

import csv
import io
import math
from dataclasses import dataclass
from functools import cache
from importlib import resources

from degrade.core.errors import InputError

COLUMNS = ("table", "task", "protocol", "method", "metric", "value")


@dataclass(frozen=True)
class Published:
    """One printed number. `text` is as printed (trailing zeros kept); `inf` stands for the printed +infinity."""

    table: int
    task: str
    protocol: str
    method: str
    metric: str
    text: str

    @property
    def value(self) -> float:
        """The number; math.inf for the PSNR of the reference row."""
        return float(self.text)


@dataclass(frozen=True)
class Printed:
    """A published number beside a measured one; `comparable` is False where the paper measured in another way."""

    text: str
    comparable: bool


@cache
def load_published() -> tuple[Published, ...]:
    """Every number of the paper's Tables 1-3, in the paper's order. Raises InputError for a broken file."""
    text = (resources.files("protocols") / "paper" / "published.csv").read_text(encoding="utf-8")
    return parse(text, "protocols/paper/published.csv")


def parse(text: str, place: str) -> tuple[Published, ...]:
    """Read the comma-separated text of a published.csv; `place` names it in errors.

    Raises InputError for other columns, a value that is no number, or a number given twice.
    """
    reader = csv.DictReader(io.StringIO(text))
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise InputError(f"{place}: expected the columns {','.join(COLUMNS)}, got {','.join(reader.fieldnames or ())}")
    numbers: dict[tuple[str, ...], Published] = {}
    for line in reader:
        where = f"{place}, line {reader.line_num}"
        fields = _fields(line, where)
        if fields[:-1] in numbers:
            raise InputError(f"{where}: {' '.join(fields[:-1])} is given twice; keep one")
        numbers[fields[:-1]] = Published(int(fields[0]), *fields[1:])
    return tuple(numbers.values())


def printed_beside(
    table: int, task: str, protocol: str, method: str, column: str, comparable: bool = True
) -> Printed | None:
    """The number printed for a cell, or None where the paper prints none.

    column: a `metric` of published.csv; comparable: whether ours is measured as it was (Metric.as_published).
    Table 3 has no S2S columns of its own: its S2S numbers are those of Table 2.
    """
    source = 2 if table == 3 and protocol == "S2S" else table
    found = _by_cell().get((source, task, protocol, method, column))
    return Printed(found.text, comparable) if found else None


@cache
def _by_cell() -> dict[tuple[int, str, str, str, str], Published]:
    return {(line.table, line.task, line.protocol, line.method, line.metric): line for line in load_published()}


def _fields(line: dict[str | None, str], where: str) -> tuple[str, ...]:
    fields = tuple(line.get(column) or "" for column in COLUMNS)
    if None in line or not all(fields):
        raise InputError(f"{where}: expected {len(COLUMNS)} filled fields; correct the line")
    try:
        number = float(fields[-1])
        int(fields[0])
    except ValueError:
        raise InputError(f"{where}: expected numbers for table and value, got {fields[0]}, {fields[-1]}") from None
    if math.isnan(number):
        raise InputError(f"{where}: expected a printed number, got nan")
    return fields
