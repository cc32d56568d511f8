"""Score lines as one file for other programs: CSV, or Parquet, which keeps types and loads a million in seconds."""

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter
from pathlib import Path

from benchmark.records.load_scores import score_table
from benchmark.records.scores import Score
from degrade.core.errors import InputError
from degrade.core.storage.csv_text import to_csv
from degrade.core.storage.files import write_bytes

_NAMES = Score.__struct_fields__
_REPLICATES = _NAMES.index("replicates")


def export_scores(scores: Sequence[Score], path: Path, form: str | None = None) -> None:
    """Write scores to one file. form: one of FORMATS; as the name of the file ends where it is None.

    Raises InputError for another form, one that the name denies, a missing package, and a place that cannot be written
    to.
    """
    named = path.suffix.lower().removeprefix(".")
    if named in FORMATS and form not in (None, named):
        raise InputError(f"{path}: expected a name ending in .{form} with --format {form}; leave one of the two out")
    form = form or named
    if form not in FORMATS:
        raise InputError(f"{path}: expected a name ending in {' or '.join(f'.{name}' for name in FORMATS)}")
    write_bytes(path, FORMATS[form](scores))


def score_rows(scores: Iterable[Score]) -> Iterator[tuple[object, ...]]:
    """Score lines as lines of a CSV file, the names of their fields first; replicates are parted by blanks."""
    yield _NAMES
    for values in map(attrgetter(*_NAMES), scores):
        replicates = " ".join(map(repr, values[_REPLICATES] or ()))
        yield (*values[:_REPLICATES], replicates, *values[_REPLICATES + 1 :])


def _csv(scores: Sequence[Score]) -> bytes:
    return to_csv(score_rows(scores)).encode()


def _parquet(scores: Sequence[Score]) -> bytes:
    file = io.BytesIO()
    try:
        score_table(scores).to_parquet(file, engine="pyarrow", index=False)
    except ImportError as error:
        raise InputError(f"parquet: needs a package; pip install pyarrow ({error})") from error
    return file.getvalue()


FORMATS: dict[str, Callable[[Sequence[Score]], bytes]] = {"csv": _csv, "parquet": _parquet}
