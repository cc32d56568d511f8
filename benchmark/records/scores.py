"""Score lines: one number each, failures included; appended as computed; of two lines with one key the newer counts."""

import gzip
import json
import math
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from degrade.core.errors import InputError
from degrade.core.files import JsonLines, parse_lines

SCHEMA = 1
PACKED = ".gz"  # of a finished run's file, a twentieth of its size
GROUPS = 20  # of a jackknife; an image's group is its position in name order modulo this
KEY = ("profile", "protocol", "task", "split", "method", "seed", "checkpoint")  # what all lines of a run share
_OF_SETS = ("n", "replicates", "deviation")


@dataclass(frozen=True)
class Score:
    """One number for one image (or one set, image None) and one metric; a failure is a Score too."""

    schema: int
    run: str
    profile: str
    protocol: str
    task: str
    split: str  # name of the test split's folder
    method: str
    seed: int | None  # training seed; None without training
    checkpoint: str | None  # SHA-256 of the weights; None without weights
    image: str | None  # None for a set score and for a metric that is unavailable
    metric: str
    value: float | None  # None with the reason in `error`
    unit: str
    seconds: float  # what this metric took on this image (or set)
    error: str = ""  # "+inf", "-inf", "nan", or the reason in a sentence
    # Of set scores only, and left out of other lines:
    n: int | None = None  # images behind the value
    replicates: tuple[float, ...] | None = None  # the value without each of the GROUPS of images in turn
    deviation: float | None = None  # of a kernel distance over its subsets

    @property
    def key(self) -> tuple[str | int | None, ...]:
        """What the score is of: two lines with one key are two tries at the same number."""
        return (*self.run_key, self.image, self.metric)

    @property
    def run_key(self) -> tuple[str | int | None, ...]:
        """The part of the key that is the same for all lines of one run."""
        return tuple(getattr(self, field) for field in KEY)

    def line(self) -> str:
        """Strict JSON without a line end."""
        values = {name: value for name, value in asdict(self).items() if not (name in _OF_SETS and value is None)}
        return json.dumps(values, allow_nan=False, ensure_ascii=False)


def split_value(value: float) -> tuple[float | None, str]:
    """(value, "") of a finite number; (None, "+inf" | "-inf" | "nan") of the others."""
    if math.isnan(value):
        return None, "nan"
    if math.isinf(value):
        return None, "+inf" if value > 0 else "-inf"
    return float(value), ""


def corrected(value: float, replicates: Sequence[float]) -> float:
    """The value less the bias that shrinks as the images grow in number, by the delete-one-group jackknife.

    replicates: the value without each group of images in turn. Lessens the bias of a Frechet distance and does not
    remove it where there are about as many images as numbers in a descriptor, or fewer; may fall below 0.
    Source: Quenouille, "Notes on bias in estimation", Biometrika, 1956, with groups for single images.

    >>> corrected(10.0, (11.0, 12.0))
    8.5
    """
    return len(replicates) * value - (len(replicates) - 1) * math.fsum(replicates) / len(replicates)


class ScoreFile(JsonLines[Score]):
    """The score lines of one run; they are parsed once, when it is opened."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, _parse)

    def line(self, score: Score) -> str:
        return score.line()


def scores_folder(results: Path, profile: str) -> Path:
    """Where the score lines of a profile lie."""
    return Path(results) / profile / "scores"


def read_scores(results: Path, profile: str) -> list[Score]:
    """All scores of a profile: of several lines with one key the newest, `unavailable` only while it holds.

    The name of a file begins with the UTC time of its run and a resumed run appends to its own
    file, so the newest line is the last in name and line order. No file gives an empty list.
    Raises InputError for a line that is not a score, unless it is a torn last line.
    """
    found = scores_folder(results, profile).glob("*.jsonl*")
    paths = sorted({path.with_name(path.name.removesuffix(PACKED)) for path in found})
    return newest(score for path in paths for score in read_file(path))


def newest(scores: Iterable[Score]) -> list[Score]:
    """The last of each key, in order of first appearance.

    The line that says a metric is unavailable has no image; it goes once images have been scored.
    """
    last = {score.key: score for score in scores}
    scored = {(*score.run_key, score.metric) for score in last.values() if score.image is not None}
    return [score for score in last.values() if score.image is not None or (*score.run_key, score.metric) not in scored]


def read_file(path: Path) -> list[Score]:
    """The scores of one file in order; a torn last line is left out, with a word on stderr.

    Raises InputError for any other line that is not a score and for one of a newer schema.
    """
    return parse_lines(path, content(path), _parse)


def content(path: Path) -> bytes:
    """The bytes of a file of score lines, or of `path`.gz where that stands in its place (`gzip -n` makes it).

    Raises InputError when that is damaged.
    """
    path, packed = Path(path), Path(f"{path}{PACKED}")
    if path.exists() or not packed.exists():
        return path.read_bytes()
    try:
        return gzip.decompress(packed.read_bytes())
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError(f"{packed}: is damaged ({error}); take it from its source again, or remove it") from error


def _parse(path: Path, number: int, line: bytes) -> Score:
    try:
        values = json.loads(line)
        _refuse_newer(path, values)
        return _score(values)
    except (ValueError, TypeError) as error:
        raise InputError(f"{path}: line {number} is not a score line ({error}); repair or remove it") from error


def _refuse_newer(path: Path, values: Any) -> None:
    schema = values.get("schema") if isinstance(values, dict) else None
    if isinstance(schema, int) and schema > SCHEMA:
        remedy = "update this program, or name another folder with --results"
        raise InputError(f"{path}: written in schema {schema} by a newer version, this one knows {SCHEMA}; {remedy}")


def _score(values: Any) -> Score:
    known = {field.name for field in fields(Score)}
    if not isinstance(values, dict) or not values.keys() <= known:
        raise ValueError(f"expected the keys {', '.join(sorted(known))}")
    if values.get("schema") != SCHEMA:
        raise ValueError(f"expected schema {SCHEMA}, got {values.get('schema')!r}")
    if values.get("replicates") is not None:
        values["replicates"] = tuple(values["replicates"])
    return Score(**values)
