"""More images, or fewer: what a run on another split has scored of the same pairs is taken over, not computed again."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmark.records.scores import KEY, ScoreFile, newest, read_file
from benchmark.runs.scoring.image_scores import Outcome
from benchmark.runs.scoring.score_split import Subject
from benchmark.runs.scoring.set_scores import FeatureFile, FeatureFolder, read_features
from benchmark.runs.splits import Prepared, made_folder
from degrade.core.errors import InputError
from degrade.splits.split import Split, open_split


@dataclass(frozen=True)
class Earlier:
    """A run of the same method, weights and task on another split; `names`: its pairs that are also in ours."""

    scores: Path
    facts: Mapping[str, Any]
    names: frozenset[str]


def find_earlier(subject: Subject, prepared: Prepared, scores: Path) -> Earlier | None:
    """The run beside `scores` that shares most pairs with this one, if any does.

    The splits of earlier runs are looked for beside ours.
    """
    found = [
        Earlier(path.with_suffix(".jsonl"), facts, _shared(facts, prepared.split) & set(prepared.names))
        for path in sorted(scores.parent.glob("*.json"))
        if (facts := _facts_of_other(path, subject)) is not None
    ]
    return max((run for run in found if run.names), key=lambda run: len(run.names), default=None)


def take_over(earlier: Earlier, subject: Subject, features: FeatureFolder, file: ScoreFile, work: Path) -> None:
    """Copy its score lines and features that are not here yet, of metrics that are defined alike.

    Failures are left behind: they may have had other causes.
    """
    same = {metric for metric, digest in features.hashes.items() if earlier.facts["metrics"].get(metric) == digest}
    known = {(score.image, score.metric) for score in read_file(file.path)}
    for score in newest(read_file(earlier.scores)):
        wanted = score.image in earlier.names and score.metric in same and (score.image, score.metric) not in known
        if wanted and not Outcome(None, score.error).is_failure:
            file.append(replace(score, run=subject.run, split=subject.split))
    theirs = FeatureFolder(made_folder(work, "features", earlier.facts), features.hashes)
    for metric in sorted(same):
        _take_features(theirs.file(metric), features.file(metric), earlier.names)


def _take_features(source: Path, target: Path, names: Iterable[str]) -> None:
    there = read_features(source)
    missing = sorted((set(names) & there.keys()) - read_features(target).keys())
    if not missing:
        return
    with FeatureFile(target) as file:
        for name in missing:
            if not there[name].is_failure:
                file.append(name, there[name])


def _facts_of_other(path: Path, subject: Subject) -> dict[str, Any] | None:
    """The contents of a <run>.json that differs from ours in nothing but the split."""
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        theirs = tuple(facts[field] for field in KEY)
        return facts if theirs == replace(subject, split=facts["split"]).key != subject.key else None
    except (OSError, ValueError, KeyError, TypeError):
        return None  # of another program, or being written


def _shared(facts: Mapping[str, Any], split: Split) -> frozenset[str]:
    """Names of the pairs that are the same in its split and ours."""
    if facts["split_sha256"] == split.digest:
        return frozenset(split.names)
    try:
        other = open_split(split.path.parent / facts["split"])
    except InputError:
        return frozenset()
    if other.digest != facts["split_sha256"]:
        return frozenset()
    return frozenset(name for name, _ in _pairs(other) & _pairs(split))


def _pairs(split: Split) -> set[tuple[str, tuple]]:
    return {(record["name"], (record.get("hq_sha256"), record["lq_sha256"])) for record in split.records}
