"""What the last run of an evaluation came to: the splits that count, and what was refused and why."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import NotRequired, TypedDict

from benchmark.records.scores import Score, read_scores
from benchmark.records.words import EVALUATION
from degrade.core.storage import strict_json
from degrade.core.storage.files import write_json

FILE_NAME = "outcome.json"  # in the folder of an evaluation


class _Outcome(TypedDict):
    splits: dict[strict_json.FileName, str]
    refused: list[tuple[str, str, str]]
    folders: NotRequired[dict[str, str]]


@dataclass(frozen=True)
class Outcome:
    """What is recorded of an evaluation.

    splits: test set -> the name in its score lines. refused: (test set, label of a method, why), which gave no scores;
    those that it has of before do not count.
    folders: test set -> the folder that its images come from, wherever the command was given; not in older records.
    """

    splits: Mapping[str, str] = field(default_factory=dict)
    refused: Sequence[Sequence[str]] = ()
    folders: Mapping[str, str] = field(default_factory=dict)


def write_outcome(folder: Path, outcome: Outcome) -> None:
    """Record it in the folder of an evaluation."""
    write_json(folder / FILE_NAME, asdict(outcome))


def has_outcome(folder: Path) -> bool:
    """Whether an evaluation was begun in a folder."""
    return Path(folder, FILE_NAME).is_file()


def read_outcome(folder: Path) -> Outcome:
    """That of an evaluation; an empty one where none was recorded. Raises InputError for a damaged file."""
    if not has_outcome(folder):
        return Outcome()
    wanted, remedy = "the outcome of an evaluation", "remove it and evaluate again"
    found = strict_json.read_object(folder / FILE_NAME, _Outcome, wanted, remedy)
    return Outcome(found["splits"], found["refused"], found.get("folders", {}))


def evaluated_scores(folder: Path) -> list[Score]:
    """The scores of an evaluation on the images asked for last: another --limit or --list is another split."""
    counting = read_outcome(folder).splits
    return [score for score in read_scores(folder, EVALUATION) if counting.get(score.task, score.split) == score.split]
