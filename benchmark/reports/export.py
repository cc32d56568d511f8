"""Score lines as one file for other programs: CSV, or Parquet, which keeps types and loads a million in seconds."""

import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from pathlib import Path

from benchmark.records.load_scores import score_table
from benchmark.records.scores import Score
from degrade.core.errors import InputError
from degrade.core.storage.csv_text import to_csv
from degrade.core.storage.files import write_bytes

Labels = Mapping[str, str] | None  # full name of a method -> what the user calls it

_NAMES = Score.__struct_fields__
_REPLICATES = _NAMES.index("replicates")


def export_scores(scores: Sequence[Score], path: Path, form: str | None = None, labels: Labels = None) -> None:
    """Write scores to one file. form: one of FORMATS; as the name of the file ends where it is None.

    labels: as records.load_scores.score_table takes them.

    Raises InputError for another form, one that the name denies, a missing package, and a place that cannot be written
    to.
    """
    named = path.suffix.lower().removeprefix(".")
    if named in FORMATS and form not in (None, named):
        raise InputError(f"{path}: expected a name ending in .{form} with --format {form}; leave one of the two out")
    form = form or named
    if form not in FORMATS:
        raise InputError(f"{path}: expected a name ending in {' or '.join(f'.{name}' for name in FORMATS)}")
    write_bytes(path, FORMATS[form](scores, labels))


def score_rows(scores: Iterable[Score], labels: Labels = None) -> Iterator[tuple[object, ...]]:
    """Score lines as lines of a CSV file, the names of their fields first; replicates are parted by blanks."""
    yield _NAMES if labels is None else (*_NAMES, "label")
    fields = attrgetter(*_NAMES)
    for score in scores:
        values = fields(score)
        replicates = " ".join(map(repr, values[_REPLICATES] or ()))
        label = () if labels is None else (labels.get(score.method, ""),)
        yield (*values[:_REPLICATES], replicates, *values[_REPLICATES + 1 :], *label)


def _csv(scores: Sequence[Score], labels: Labels) -> bytes:
    return to_csv(score_rows(scores, labels)).encode()


def _parquet(scores: Sequence[Score], labels: Labels) -> bytes:
    file = io.BytesIO()
    try:
        score_table(scores, labels).to_parquet(file, engine="pyarrow", index=False)
    except ImportError as error:
        raise InputError(f"parquet: needs a package; pip install pyarrow ({error})") from error
    return file.getvalue()


FORMATS: dict[str, Callable[[Sequence[Score], Labels], bytes]] = {"csv": _csv, "parquet": _parquet}
