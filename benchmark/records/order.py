"""Which files hold scores, and which of their lines are the newest: run files are numbered as they are written to,
and no clock decides.

A clock may be a day behind, and two machines may share a folder.
"""

import re
from collections.abc import Iterable, Sequence
from operator import attrgetter
from pathlib import Path
from typing import TypedDict, TypeVar

from degrade.core.errors import InputError
from degrade.core.storage import strict_json
from degrade.core.storage.paths import kind_of, read_bytes

PACKED = ".gz"  # of a finished run's file of score lines, a twentieth of its size
_LINES = re.compile(rf"[^.].*\.jsonl({re.escape(PACKED)})?", re.DOTALL)
_RUN_FILE = re.compile(r"[^.].*\.json", re.DOTALL)
Line = TypeVar("Line")  # a benchmark.records.scores.Score


class _Run(TypedDict, total=False):
    """A run file, as far as it is relied on here."""

    order: int


def score_files(folder: Path) -> set[Path]:
    """The files of score lines in a folder by their unpacked names: no copies and what editors and systems leave."""
    found = (path for path in folder.glob("*.jsonl*") if _LINES.fullmatch(path.name))
    return {path.with_name(path.name.removesuffix(PACKED)) for path in found}


def run_files(folder: Path) -> list[Path]:
    """The <run>.json in a folder, in no order; left alone are the same as for score_files."""
    return [path for path in folder.glob("*.json") if _RUN_FILE.fullmatch(path.name)]


def in_order(files: Iterable[Path]) -> list[Path]:
    """Files of score lines, or the run files beside them, the newest last."""
    return sorted(files, key=order_of)


def order_of(file: Path) -> tuple[int, str]:
    """(`order` of the run file, name); one without it is older, and of these the name begins with the UTC time."""
    name = file.name.partition(".")[0]
    note = file.with_name(f"{name}.json")
    if kind_of(note) != "file":  # scores may stand alone
        return 0, name
    try:
        order = strict_json.decode_object(read_bytes(note), _Run).get("order", 0)
    except ValueError as error:
        remedy = "remove it and its .jsonl, and score again"
        raise InputError(f"{note}: expected the description of a run ({error}); {remedy}") from error
    return order, name


def highest_order(folder: Path) -> int:
    """Of the run files in a folder; 0 where none has one. The folder must be locked by who wants the next."""
    return max((order_of(path)[0] for path in run_files(folder)), default=0)


def current(scores: Sequence[Line]) -> list[Line]:
    """The lines of the newest outputs of each method, and of these the ones of each metric's newest version.

    scores: the newest last. Outputs are told apart by the digest of what made them (weights, a folder of images) and
    the version of the code that restored; one seed on one split has several where any of these changed.
    """
    if _is_of_one_version(scores):
        return list(scores)
    outputs = dict(zip(map(_of, scores), map(_made_by, scores), strict=True))
    kept = [score for score in scores if outputs[_of(score)] == _made_by(score)]
    versions = {(_of(score), metric): version for score in kept for metric, version in [_scored_by(score)]}
    return [score for score in kept if (metric := _scored_by(score))[1] == versions[_of(score), metric[0]]]


_of = attrgetter("profile", "protocol", "task", "split", "method", "seed")
_made_by = attrgetter("checkpoint", "method_version")
_scored_by = attrgetter("metric", "metric_version")


def _is_of_one_version(scores: Sequence[object]) -> bool:
    """As nearly always: asked in one pass, since there may be a million lines."""
    found = set(zip(map(_of, scores), map(_made_by, scores), map(_scored_by, scores), strict=True))
    outputs, metrics = {(of, made) for of, made, _ in found}, {(of, metric) for of, _, (metric, _) in found}
    return len({of for of, _ in outputs}) == len(outputs) and len(metrics) == len(found)
