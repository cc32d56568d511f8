"""One method on one test split: restores what is missing scores, and appends a line for every score."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from tqdm import tqdm

from benchmark import metrics
from benchmark.methods.method import Method
from benchmark.metrics import Metric
from benchmark.places import Prepared
from benchmark.record import SCHEMA, Score, ScoreFile, split_value
from degrade.image import Image, check_image, from_uint8, to_uint8

UNAVAILABLE = "unavailable: "


@dataclass(frozen=True)
class Subject:
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
        return (self.profile, self.protocol, self.task, self.split, self.method, self.seed, self.checkpoint)

    def score(self, metric: Metric, image: str | None, outcome: "Outcome", n: int | None = None) -> Score:
        """The score line of one outcome."""
        value, error = (None, outcome.error) if outcome.value is None else split_value(outcome.value)
        seconds = round(outcome.seconds, 4)
        fields = (self.run, self.profile, self.protocol, self.task, self.split, self.method, self.seed, self.checkpoint)
        return Score(SCHEMA, *fields, image, metric.id, value, metric.unit, seconds, error, n)


@dataclass(frozen=True)
class Outcome:
    """A number, or None and the reason."""

    value: Any
    error: str = ""
    seconds: float = 0.0


@dataclass
class Task:
    """What is still to be done for one metric."""

    metric: Metric
    scorer: Any
    images: frozenset[str]  # of the split; every one for a metric of a set
    pairs: list[tuple[np.ndarray, np.ndarray]] = field(default_factory=list)  # features of restored and reference
    trouble: str = ""  # why an image is missing from the set


@dataclass
class Plan:
    """All that is to be done, and what there was already."""

    tasks: list[Task]
    unavailable: list[Score]  # lines to write: metrics without weights
    reused: int


def plan(subject: Subject, prepared: Prepared, ids: Iterable[str], there: Iterable[Score]) -> Plan:
    """Compare the lines that are there with the ones asked for.

    A failure is a score and is not tried again; only an unavailable metric is, when it can be loaded by now.
    """
    known = {(score.image, score.metric): score for score in there if score.run_key == subject.key}
    result = Plan([], [], 0)
    for metric_id in ids:
        _plan_metric(result, subject, prepared, metrics.find_metric(metric_id), known)
    return result


def _plan_metric(result: Plan, subject: Subject, prepared: Prepared, metric: Metric, known: dict) -> None:
    names = (None,) if metric.per == "set" else prepared.names
    whole = known.get((None, metric.id))
    untried = whole is not None and whole.error.startswith(UNAVAILABLE)
    missing = {name for name in names if (name, metric.id) not in known or (name is None and untried)}
    result.reused += len(names) - len(missing)
    if not missing:
        return
    try:
        scorer = metrics.load(metric.id)
    except metrics.Unavailable as error:
        if untried:
            result.reused += 1
        else:
            result.unavailable.append(subject.score(metric, None, Outcome(None, f"{UNAVAILABLE}{error}")))
        return
    images = prepared.names if metric.per == "set" else missing
    result.tasks.append(Task(metric, scorer, frozenset(images)))


def score(
    subject: Subject, prepared: Prepared, todo: Plan, load_method: Callable[[], Method], file: ScoreFile
) -> dict[str, float]:
    """Restore and score image by image, then the sets. Returns seconds spent on "restore" and "score".

    An image that cannot be restored or scored gives a line with the reason, and the next one follows.
    """
    seconds = {"restore": 0.0, "score": 0.0}
    for line in todo.unavailable:
        file.append(line)
    if not todo.tasks:
        return seconds
    method = load_method()
    names = [name for name in prepared.names if any(name in task.images for task in todo.tasks)]
    for name in tqdm(names, desc=f"{subject.protocol} {subject.task} {subject.method}", unit="image", disable=None):
        start = time.perf_counter()
        reference, restored = _restore(method, prepared, name)
        restored_at = time.perf_counter()
        for line in _score_image(subject, todo.tasks, name, reference, restored):
            file.append(line)
        seconds["restore"] += restored_at - start
        seconds["score"] += time.perf_counter() - restored_at
    start = time.perf_counter()
    for task in todo.tasks:
        if task.metric.per == "set":
            file.append(_score_set(subject, task))
    seconds["score"] += time.perf_counter() - start
    return seconds


def _restore(method: Method, prepared: Prepared, name: str) -> tuple[Image | None, Outcome]:
    """The reference and the restored image, or the reason why there is none.

    Restored images are rounded to 8 bits first, so that a score is that of the file a user would save.
    """
    reference = None
    try:
        reference = prepared.split.reference(name)
        given = reference if method.needs_reference else prepared.split.degraded(name)
        (restored,) = method.restore([given])
        check_image(restored, f"what {method.name} restored")
        if restored.shape != reference.shape:
            raise ValueError(f"{method.name} gave {restored.shape}, expected {reference.shape}")
    except Exception as error:  # any method may fail on any image in any way; the reason is the score
        return reference, Outcome(None, _reason("not restored", error))
    return reference, Outcome(from_uint8(to_uint8(restored)))


def _score_image(
    subject: Subject, tasks: list[Task], name: str, reference: Image | None, restored: Outcome
) -> Iterable[Score]:
    """Lines of the image metrics that want this image; features of the set metrics are kept in their tasks."""
    for task in tasks:
        if name not in task.images:
            continue
        if task.metric.per == "set":
            _add_features(task, reference, restored)
        elif restored.value is None:
            yield subject.score(task.metric, name, restored)
        else:
            yield subject.score(task.metric, name, _measured(lambda task=task: task.scorer(restored.value, reference)))


def _add_features(task: Task, reference: Image | None, restored: Outcome) -> None:
    """Both sides or neither, so that the two sets hold the same faces."""
    if restored.value is None:
        task.trouble = restored.error
        return
    outcome = _measured(lambda: (task.scorer.feature(restored.value), task.scorer.feature(reference)))
    if outcome.value is None:
        task.trouble = outcome.error
    else:
        task.pairs.append(outcome.value)


def _score_set(subject: Subject, task: Task) -> Score:
    if not task.pairs:
        return subject.score(task.metric, None, Outcome(None, f"no image has features; last: {task.trouble}"), n=0)
    restored, reference = (np.stack(side) for side in zip(*task.pairs, strict=True))
    outcome = _measured(lambda: task.scorer.distance(restored, reference))
    return subject.score(task.metric, None, outcome, n=len(task.pairs))


def _measured(compute: Callable[[], Any]) -> Outcome:
    start = time.perf_counter()
    try:
        value, error = compute(), ""
    except metrics.MetricError as caught:
        value, error = None, str(caught)
    except Exception as caught:  # a fault of one metric on one image must not end the run
        value, error = None, _reason("not computed", caught)
    return Outcome(value, error, time.perf_counter() - start)


def _reason(what: str, error: Exception) -> str:
    return f"{what}: {type(error).__name__}: {error}"
