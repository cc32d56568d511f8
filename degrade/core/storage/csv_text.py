"""CSV in which no text is taken for a formula: a spreadsheet computes a cell that begins with = + - @ or a tab.

Such a text gets an apostrophe before it, which `unescape_cell` takes away again; numbers stay as they are.
"""

import csv
import io
import re
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from degrade.core.errors import InputError
from degrade.core.storage.paths import read_text

_BEGINS = frozenset("'=+-@\t\r")  # what a text begins with that may be a formula
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_MARKED = re.compile(r"'+[=+\-@\t\r]")


def to_csv(rows: Iterable[Sequence[object]]) -> str:
    """Rows, the column names first, as CSV with Unix line ends."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([*map(escape_cell, row)] for row in rows)
    return text.getvalue()


def escape_cell(cell: object) -> object:
    """A cell as it is written.

    >>> [escape_cell(cell) for cell in ("=1+1", "-0.5", -0.5, "a=b", "'+x")]
    ["'=1+1", '-0.5', -0.5, 'a=b', "''+x"]
    """
    if isinstance(cell, str) and cell[:1] in _BEGINS and _FORMULA.match(cell) and not _is_number(cell):
        return f"'{cell}"
    return cell


def unescape_cell(cell: str) -> str:
    """The inverse of `escape_cell`, of a text.

    >>> [unescape_cell(cell) for cell in ("'=1+1", "-0.5", "a=b", "''+x", "'quoted'")]
    ['=1+1', '-0.5', 'a=b', "'+x", "'quoted'"]
    """
    return cell[1:] if _MARKED.match(cell) else cell


def read_rows(path: Path, columns: tuple[str, ...], kept: Collection[str] = ()) -> list[tuple[int, tuple[str, ...]]]:
    """Line numbers and fields of a CSV file whose first line names `columns`; spaces around fields are dropped.

    kept: the columns whose fields keep their spaces, as names of files may begin or end with one.

    Raises InputError for a file that is none, other columns, and a line of more or fewer fields.
    """
    try:
        reader = csv.reader(io.StringIO(read_text(path)), strict=True)
        lines = [(reader.line_num, row) for row in reader if any(row)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: cannot be read as a CSV file ({error})") from error
    head = tuple(field.strip() for field in lines[0][1]) if lines else ()
    if head != columns:
        got = ",".join(head)[:60] if lines else "an empty file"
        raise InputError(f"{path}: expected the columns {','.join(columns)} in the first line, got {got}")
    wrong = next(((number, row) for number, row in lines if len(row) != len(columns)), None)
    if wrong is not None:
        raise InputError(f"{path}, line {wrong[0]}: expected {len(columns)} fields, got {len(wrong[1])}; correct it")
    return [(number, tuple(map(_field, row, [column in kept for column in columns]))) for number, row in lines[1:]]


def _field(cell: str, kept: bool) -> str:
    return unescape_cell(cell if kept else cell.strip())


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return text in ("-", "+")  # a dash where there is no number
    return True
