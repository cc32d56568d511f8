"""What a run still has to restore and score, beside the lines that are there."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from benchmark.metrics.base import Metric
from benchmark.metrics.registry import find_metric
from benchmark.records.scores import KEY, SCHEMA, Score, run_key, split_value
from benchmark.records.words import UNAVAILABLE, is_failure, is_unavailable
from benchmark.runs.scoring.image_scores import ImageValue
from benchmark.runs.scoring.set_scores import FeatureFolder, SetValue
from benchmark.runs.scoring.workers import Pool
from benchmark.runs.splits import PreparedSplit


@dataclass(frozen=True)
class RunKey:
    """What every line of one run says of itself: the fields of a Score up to the checkpoint."""

    run: str
    profile: str
    protocol: str
    task: str
    split: str
    method: str
    seed: int | None
    checkpoint: str | None
    method_version: int = 1

    @property
    def key(self) -> tuple[str | int | None, ...]:
        """As Score.run_key."""
        return run_key(vars(self))

    def score(self, metric: Metric, image: str | None, found: ImageValue | SetValue) -> Score:
        """The score line of one number."""
        value, error = (None, found.error) if found.value is None else split_value(found.value)
        facts: dict[str, Any] = {field: getattr(self, field) for field in (*KEY, "method_version")}
        facts |= {"image": image, "metric": metric.id, "metric_version": metric.version, "unit": metric.unit}
        facts |= {"value": value, "error": error}
        line = Score(SCHEMA, self.run, **facts, seconds=round(found.seconds, 4))
        if not isinstance(found, SetValue):
            return line
        return msgspec.structs.replace(line, n=found.n, replicates=found.replicates, deviation=found.deviation)


@dataclass(frozen=True)
class PendingMetric:
    """What is still to be done for one metric."""

    metric: Metric
    images: frozenset[str]  # of the split; every one for a metric of a set


@dataclass
class Plan:
    """All that is to be done, and what there was already."""

    pending: list[PendingMetric] = field(default_factory=list)
    unavailable: list[Score] = field(default_factory=list)  # lines to write: metrics without weights
    reused: int = 0

    @property
    def is_empty(self) -> bool:
        return not (self.pending or self.unavailable)

    @property
    def begun(self) -> set[str]:
        """The metrics that get a line."""
        return {pending.metric.id for pending in self.pending} | {score.metric for score in self.unavailable}


def plan(
    ours: RunKey,
    prepared: PreparedSplit,
    ids: Iterable[str],
    there: Iterable[Score],
    pool: Pool,
    features: FeatureFolder,
) -> Plan:
    """Compare the lines that are there with the ones asked for; those of another version of the code are not there.

    What failed is tried again, an unavailable metric only when it can be loaded by now. An image that such a metric
    has no value for did not fail.
    """
    known = {(score.image, score.metric, score.metric_version): score for score in there if score.run_key == ours.key}
    result = Plan()
    missing: dict[Metric, list[str | None]] = {}
    for metric in map(find_metric, ids):
        if metric.per == "set":
            wanted: tuple[str | None, ...] = (None,)
            whole = _is_whole(known.get((None, metric.id, metric.version)), metric, len(prepared.names), features)
            missing[metric] = [] if whole else [None]
        else:
            wanted = prepared.names
            missing[metric] = [name for name in wanted if not _is_done(known.get((name, metric.id, metric.version)))]
        result.reused += len(wanted) - len(missing[metric])
    asked = [metric for metric, names in missing.items() if names]
    reasons = pool.unavailable(metric.id for metric in asked) | _without_record(prepared, asked)
    for metric, names in missing.items():
        if metric.id not in reasons:
            images = prepared.names if metric.per == "set" else filter(None, names)
            result.pending += [PendingMetric(metric, frozenset(images))] if names else []
        elif (None, metric.id, metric.version) in known:
            result.reused += 1
        else:
            result.unavailable.append(ours.score(metric, None, ImageValue(None, reasons[metric.id])))
    return result


def _is_done(score: Score | None) -> bool:
    return score is not None and not is_unavailable(score.error) and not is_failure(score.error)


def _is_whole(score: Score | None, metric: Metric, images: int, features: FeatureFolder) -> bool:
    """Whether a set's score stands on every image that can be had; features are read only where some miss."""
    return score is not None and _is_done(score) and (score.n == images or not features.has_failures(metric.id))


def _without_record(prepared: PreparedSplit, asked: Iterable[Metric]) -> dict[str, str]:
    """The metrics that need to know how the images were degraded, where the split does not say."""
    if not prepared.split.info.get("imported"):
        return {}
    why = f"{UNAVAILABLE}{prepared.label} was imported, so it has no record of how its images were degraded"
    return {metric.id: why for metric in asked if metric.needs_record}
