"""Score lines: one number each, failures included; appended as computed; of two lines with one key the newer counts."""

import gzip
import io
import math
import zlib
from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Any, TypedDict

import msgspec

from benchmark.records.order import PACKED, current, in_order, score_files
from benchmark.records.words import EVALUATION
from degrade.core.errors import InputError
from degrade.core.storage import strict_json
from degrade.core.storage.files import JsonLines, json_line, parse_lines
from degrade.core.storage.paths import read_bytes

SCHEMA = 1
_MOST_BYTES = 1 << 30  # of score lines in one file
GROUPS = 20  # of a jackknife; an image's group is its position in name order modulo this
KEY = ("profile", "protocol", "task", "split", "method", "seed", "checkpoint")  # what all lines of a run share
_LEFT_OUT = {"n": None, "replicates": None, "deviation": None, "method_version": 1, "metric_version": 1}


class _Schema(TypedDict):
    schema: int


class Score(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """One number for one image (or one set, image None) and one metric; a failure is a Score too.

    A Struct, since a million are read: the decoder makes it itself, and as it holds no cycles none are looked for.
    """

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
    replicates: tuple[float, ...] | None = None  # without each group of images in turn: GROUPS, few images as few
    deviation: float | None = None  # of a kernel distance over its subsets
    # Of the code that restored and of the code that scored, left out where 1, as older lines have none:
    method_version: int = 1
    metric_version: int = 1

    @property
    def key(self) -> tuple[str | int | None, ...]:
        """What the score is of: two lines with one key are two tries at the same number."""
        return (*self.run_key, self.image, self.metric, self.metric_version)

    @property
    def run_key(self) -> tuple[str | int | None, ...]:
        """The part of the key that is the same for all lines of one run."""
        return _with_version(_shared(self), self.method_version)

    def line(self) -> str:
        """Strict JSON without a line end."""
        values = msgspec.structs.asdict(self)
        return json_line({name: value for name, value in values.items() if _LEFT_OUT.get(name, ...) != value})


_shared = attrgetter(*KEY)  # a million lines are asked for it


def run_key(facts: Mapping[str, Any]) -> tuple[str | int | None, ...]:
    """Score.run_key from the facts of a run."""
    return _with_version(tuple(map(facts.get, KEY)), facts.get("method_version", 1))


def _with_version(shared: tuple[str | int | None, ...], method_version: int) -> tuple[str | int | None, ...]:
    """A first version adds nothing: older lines have none."""
    return shared if method_version == 1 else (*shared, method_version)


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
    """Where the score lines of a profile lie; those of an evaluation, which has no profile, lie in its own folder."""
    return Path(results, "scores") if profile == EVALUATION else Path(results, profile, "scores")


def read_scores(results: Path, profile: str, every: bool = False) -> list[Score]:
    """All scores of a profile in the order of writing: of several lines with one key the newest.

    every: with those of older outputs of a method, which records.order.current leaves out. No file gives an empty list.
    Raises InputError for a line that is not a score, unless it is a torn last line, and for one of another profile.
    """
    return read_folder(scores_folder(results, profile), every, profile)


def need_scores(results: Path, profile: str, every: bool = False) -> list[Score]:
    """As read_scores; InputError where there are none."""
    if found := read_scores(results, profile, every):
        return found
    maker = "evaluate" if profile == EVALUATION else f"run --profile {profile}"
    place = scores_folder(results, profile)
    raise InputError(f"{place}: holds no scores; `benchmark {maker}` makes them, or name another folder with --results")


def read_folder(folder: Path, every: bool = False, profile: str | None = None) -> list[Score]:
    """As read_scores, of a folder of score lines; of any profile where none is named."""
    there = newest(score for path in in_order(score_files(folder)) for score in _scores_of(path, profile))
    return there if every else current(there)


def _scores_of(path: Path, profile: str | None) -> list[Score]:
    """read_file, where every line must be of the profile, if one is named."""
    scores = read_file(path)
    other = next((score.profile for score in scores if profile not in (None, score.profile)), None)
    if other is not None:
        remedy = f"move it, and the .json beside it, to the scores of {other}"
        raise InputError(f"{path}: expected scores of profile {profile}, got one of {other}; {remedy}")
    return scores


def newest(scores: Iterable[Score]) -> list[Score]:
    """The last of each key, where it stands.

    The line that says a metric is unavailable has no image; it goes once images have been scored.
    """
    last: dict[tuple[str | int | None, ...], Score] = {}
    for score in scores:
        key = score.key
        last.pop(key, None)
        last[key] = score
    of_sets = {score.metric for score in last.values() if score.image is None}
    of_images = (score for score in last.values() if score.image is not None and score.metric in of_sets)
    scored = {(*score.run_key, score.metric) for score in of_images}
    return [score for score in last.values() if score.image is not None or (*score.run_key, score.metric) not in scored]


def read_file(path: Path) -> list[Score]:
    """The scores of one file in order; a torn last line is left out, with a message on stderr.

    Raises InputError for any other line that is not a score and for one of a newer schema.
    """
    return parse_lines(path, content(path), _parse)


def content(path: Path) -> bytes:
    """The bytes of a file of score lines, or of `path`.gz where that stands in its place (`gzip -n` makes it).

    Raises InputError when that is damaged.
    """
    path, packed = Path(path), Path(f"{path}{PACKED}")
    if path.exists() or not packed.exists():
        return read_bytes(path)
    try:
        with gzip.open(io.BytesIO(read_bytes(packed))) as file:
            found = file.read(_MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:  # OSError: also of what is no gzip
        raise InputError(f"{packed}: is damaged ({error}); take it from its source again, or remove it") from error
    if len(found) > _MOST_BYTES:
        raise InputError(f"{packed}: expected at most {_MOST_BYTES} bytes unpacked, got more; remove it")
    return found


_decode = strict_json.decoder_of(Score)


def _parse(path: Path, number: int, line: bytes) -> Score:
    try:
        score = _decode(line)
        if score.schema != SCHEMA:
            raise ValueError(f"expected schema {SCHEMA}, got {score.schema}")
        return score
    except ValueError as error:
        _refuse_newer(path, line)
        raise InputError(f"{path}: line {number} is not a score line ({error}); repair or remove it") from error


def _refuse_newer(path: Path, line: bytes) -> None:
    """Raise InputError for a line of a newer schema, which may have other keys and types."""
    try:
        schema = strict_json.decode_object(line, _Schema)["schema"]
    except ValueError:
        return
    if schema > SCHEMA:
        remedy = "update this program, or name another folder with --results"
        raise InputError(f"{path}: written in schema {schema} by a newer version, this one knows {SCHEMA}; {remedy}")
