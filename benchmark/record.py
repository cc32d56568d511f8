"""Score lines: one number each, failures included; appended as computed; of two lines with one key the newer counts."""

import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import IO, Any

from degrade.errors import InputError
from degrade.files import sha256

SCHEMA = 1
GROUPS = 20  # of a jackknife; an image's group is its position in name order modulo this
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
        return (self.profile, self.protocol, self.task, self.split, self.method, self.seed, self.checkpoint)

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


def digest_of(value: Any) -> str:
    """Hexadecimal SHA-256 of plain data: the same for the same content, whatever the order of its keys."""
    return sha256(json.dumps(value, sort_keys=True, allow_nan=False).encode())


class ScoreFile:
    """Appends score lines to one file, each flushed when written; drops a torn last line on opening."""

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = open(self.path, "a+b")  # noqa: SIM115 - closed by __exit__
        except OSError as error:
            raise InputError(f"{path}: cannot be written ({error.strerror or error})") from error
        _drop_torn_line(self._file)

    def append(self, score: Score) -> None:
        """Write one line; InputError when the disk is full."""
        try:
            self._file.write((score.line() + "\n").encode())
            self._file.flush()
        except OSError as error:
            raise InputError(f"{self.path}: cannot be written ({error.strerror or error})") from error

    def __enter__(self) -> "ScoreFile":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def scores_folder(results: Path, profile: str) -> Path:
    """Where the score lines of a profile lie."""
    return Path(results) / profile / "scores"


def read_scores(results: Path, profile: str) -> list[Score]:
    """All scores of a profile: of several lines with one key the newest, `unavailable` only while it holds.

    The name of a file begins with the UTC time of its run and a resumed run appends to its own
    file, so the newest line is the last in name and line order. No file gives an empty list.
    Raises InputError for a line that is not a score, unless it is a torn last line.
    """
    paths = sorted(scores_folder(results, profile).glob("*.jsonl"))
    return newest(score for path in paths for score in read_file(path))


def newest(scores: Iterable[Score]) -> list[Score]:
    """The last of each key, in order of first appearance.

    The line that says a metric is unavailable has no image; it goes once images have been scored.
    """
    last = {score.key: score for score in scores}
    scored = {(*score.run_key, score.metric) for score in last.values() if score.image is not None}
    return [score for score in last.values() if score.image is not None or (*score.run_key, score.metric) not in scored]


def read_file(path: Path) -> list[Score]:
    """The scores of one file in order; a torn last line is left out."""
    scores = []
    lines = Path(path).read_bytes().split(b"\n")
    for number, line in enumerate(lines[:-1], start=1):  # what follows the last line end is torn or empty
        try:
            scores.append(_parse(line))
        except (ValueError, TypeError) as error:
            raise InputError(f"{path}: line {number} is not a score line ({error}); repair or remove it") from error
    return scores


def _parse(line: bytes) -> Score:
    values = json.loads(line)
    known = {field.name for field in fields(Score)}
    if not isinstance(values, dict) or not values.keys() <= known:
        raise ValueError(f"expected the keys {', '.join(sorted(known))}")
    if values.get("schema") != SCHEMA:
        raise ValueError(f"expected schema {SCHEMA}, got {values.get('schema')!r}")
    if values.get("replicates") is not None:
        values["replicates"] = tuple(values["replicates"])
    return Score(**values)


def _drop_torn_line(file: IO[bytes]) -> None:
    """Cut what follows the last line end: a line is whole once its line end is written."""
    file.seek(0)
    whole = file.read().rfind(b"\n") + 1
    file.truncate(whole)
