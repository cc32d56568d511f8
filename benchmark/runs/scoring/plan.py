"""What a run still has to restore and score, beside the lines that are there."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from benchmark.metrics.base import Metric
from benchmark.metrics.registry import find_metric
from benchmark.records.scores import KEY, SCHEMA, Score, split_value
from benchmark.runs.scoring.image_scores import UNAVAILABLE, ImageValue, is_failure
from benchmark.runs.scoring.set_scores import SetValue
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

    @property
    def key(self) -> tuple[str | int | None, ...]:
        """As Score.run_key."""
        return tuple(getattr(self, field) for field in KEY)

    def score(self, metric: Metric, image: str | None, found: ImageValue | SetValue) -> Score:
        """The score line of one number."""
        value, error = (None, found.error) if found.value is None else split_value(found.value)
        facts: dict[str, Any] = {field: getattr(self, field) for field in KEY}
        facts |= {"image": image, "metric": metric.id, "value": value, "unit": metric.unit, "error": error}
        line = Score(SCHEMA, self.run, **facts, seconds=round(found.seconds, 4))
        if not isinstance(found, SetValue):
            return line
        return replace(line, n=found.n, replicates=found.replicates, deviation=found.deviation)


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
    failed: set[str] = field(default_factory=set)  # images that failed before

    @property
    def is_empty(self) -> bool:
        return not (self.pending or self.unavailable)

    @property
    def begun(self) -> set[str]:
        """The metrics that get a line."""
        return {pending.metric.id for pending in self.pending} | {score.metric for score in self.unavailable}


def plan(run_key: RunKey, prepared: PreparedSplit, ids: Iterable[str], there: Iterable[Score], pool: Pool) -> Plan:
    """Compare the lines that are there with the ones asked for.

    A failure is a score and is not tried again; only an unavailable metric is, when it can be loaded by now.
    """
    known = {(score.image, score.metric): score for score in there if score.run_key == run_key.key}
    failed = {score.image for score in known.values() if score.image and is_failure(score.error)}
    result = Plan(failed=failed)
    missing: dict[Metric, list[str | None]] = {}
    for metric in map(find_metric, ids):
        wanted = (None,) if metric.per == "set" else prepared.names
        missing[metric] = [name for name in wanted if not _is_known(known.get((name, metric.id)))]
        result.reused += len(wanted) - len(missing[metric])
    reasons = pool.unavailable(metric.id for metric, names in missing.items() if names)
    for metric, names in missing.items():
        if metric.id not in reasons:
            images = prepared.names if metric.per == "set" else filter(None, names)
            result.pending += [PendingMetric(metric, frozenset(images))] if names else []
        elif (None, metric.id) in known:
            result.reused += 1
        else:
            result.unavailable.append(run_key.score(metric, None, ImageValue(None, reasons[metric.id])))
    return result


def _is_known(score: Score | None) -> bool:
    return score is not None and not score.error.startswith(UNAVAILABLE)
