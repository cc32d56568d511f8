"""What a run on another split has scored of the same pairs: taken over, not computed again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from benchmark.metrics.registry import find_metric
from benchmark.records.order import in_order, run_files
from benchmark.records.restoring_cost import take_cost
from benchmark.records.run_file import read_run_file
from benchmark.records.run_folder import run_folder
from benchmark.records.scores import ScoreFile, newest, read_file, run_key
from benchmark.records.words import is_failure
from benchmark.runs.scoring.plan import RunKey
from benchmark.runs.scoring.set_scores import FeatureFile, FeatureFolder, read_features
from benchmark.runs.splits import PreparedSplit
from degrade.core.errors import InputError
from degrade.core.storage.files import write_bytes
from degrade.splits.split import Split, open_split


@dataclass(frozen=True)
class ReusableRun:
    """A run of the same method, weights and task on another split; `names`: its pairs that are also in ours."""

    scores: Path
    facts: Mapping[str, Any]
    names: frozenset[str]


def find_reusable(run_key: RunKey, prepared: PreparedSplit, scores: Path, precision: str) -> ReusableRun | None:
    """The run beside `scores` that shares most pairs with this one, if any does, restored in the same precision.

    The splits of earlier runs are looked for beside ours.
    """
    found = [
        ReusableRun(path.with_suffix(".jsonl"), facts, _shared(facts, prepared.split) & set(prepared.names))
        for path in reversed(in_order(run_files(scores.parent)))
        if (facts := _facts_of_other(path, run_key)) is not None and facts.get("precision", precision) == precision
    ]
    return max((run for run in found if run.names), key=lambda run: len(run.names), default=None)


def take_over(reusable: ReusableRun, run_key: RunKey, features: FeatureFolder, file: ScoreFile, work: Path) -> None:
    """Copy its score lines and features that are not here yet, of metrics that are defined alike.

    Failures are left behind: they may have had other causes.
    """
    same = {metric for metric, digest in features.hashes.items() if reusable.facts["metrics"].get(metric) == digest}
    known = {(score.image, score.metric) for score in file.values if not is_failure(score.error)}
    for score in newest(read_file(reusable.scores)):
        wanted = score.image in reusable.names and score.metric in same and (score.image, score.metric) not in known
        wanted = wanted and score.metric_version == find_metric(score.metric).version
        if wanted and not is_failure(score.error):
            file.append(msgspec.structs.replace(score, run=run_key.run, split=run_key.split))
    theirs = FeatureFolder(run_folder(work, "features", reusable.facts), features.hashes)
    for metric in sorted(same):
        _take_features(theirs.file(metric), features.file(metric), reusable.names)


def take_restored(source: Path, target: Path, names: Iterable[str]) -> None:
    """Copy the restored images of these names that are not there yet, and what restoring them cost."""
    for name in names:
        if (kept := source / f"{name}.png").is_file() and not (own := target / kept.name).exists():
            write_bytes(own, kept.read_bytes())
    take_cost(source, target)


def _take_features(source: Path, target: Path, names: Iterable[str]) -> None:
    there = read_features(source)
    if not there:
        return
    with FeatureFile(target) as file:
        for name in sorted((set(names) & there.keys()) - file.by_image.keys()):
            if not is_failure(there[name].error):
                file.append((name, there[name]))


def _facts_of_other(path: Path, ours: RunKey) -> dict[str, Any] | None:
    """The contents of a <run>.json that differs from ours in nothing but the split."""
    try:
        facts = read_run_file(path)
    except InputError:
        return None  # of another program
    alike = run_key(facts) == replace(ours, split=facts["split"]).key
    return facts if alike and facts["split"] != ours.split else None


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
