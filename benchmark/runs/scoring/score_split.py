"""One method on one test split: restores what is missing scores, and appends a line for every score."""

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from tqdm import tqdm

from benchmark.methods.method import Method
from benchmark.metrics.registry import find_metric
from benchmark.metrics.table import Metric
from benchmark.records.scores import KEY, SCHEMA, Score, ScoreFile, split_value
from benchmark.runs.scoring.image_scores import NOT_RESTORED, UNAVAILABLE, Job, Outcome, reason
from benchmark.runs.scoring.set_scores import FeatureFile, FeatureFolder, References, SetValue, read_features, score_set
from benchmark.runs.scoring.workers import Pool
from benchmark.runs.splits import Prepared
from degrade.core.errors import InputError
from degrade.core.image import check_image, from_uint8, read, to_uint8, write


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
        return tuple(getattr(self, field) for field in KEY)

    def score(self, metric: Metric, image: str | None, outcome: Outcome, n: int | None = None) -> Score:
        """The score line of one outcome; the value of a set may be a SetValue."""
        found = outcome.value if isinstance(outcome.value, SetValue) else SetValue(outcome.value)
        value, error = (None, outcome.error) if found.value is None else split_value(found.value)
        measures = (metric.id, value, metric.unit, round(outcome.seconds, 4), error)
        return Score(SCHEMA, self.run, *self.key, image, *measures, n, found.replicates, found.deviation)


@dataclass(frozen=True)
class Keeping:
    """A folder of restored images: those that lie there are not restored again; with `keep` the others come there."""

    folder: Path
    keep: bool = False


@dataclass(frozen=True)
class Bench:
    """What scoring stands on.

    references: the split that sets are compared with, None where there is none.
    max_failures: so many images may fail; None for any number.
    """

    pool: Pool
    features: FeatureFolder
    keeping: Keeping
    references: Prepared | None = None
    max_failures: int | None = None


@dataclass(frozen=True)
class Task:
    """What is still to be done for one metric."""

    metric: Metric
    images: frozenset[str]  # of the split; every one for a metric of a set


@dataclass
class Plan:
    """All that is to be done, and what there was already."""

    tasks: list[Task] = field(default_factory=list)
    unavailable: list[Score] = field(default_factory=list)  # lines to write: metrics without weights
    reused: int = 0
    failed: set[str] = field(default_factory=set)  # images that failed before

    @property
    def is_empty(self) -> bool:
        return not (self.tasks or self.unavailable)

    @property
    def begun(self) -> set[str]:
        """The metrics that get a line."""
        return {task.metric.id for task in self.tasks} | {score.metric for score in self.unavailable}


def plan(subject: Subject, prepared: Prepared, ids: Iterable[str], there: Iterable[Score], pool: Pool) -> Plan:
    """Compare the lines that are there with the ones asked for.

    A failure is a score and is not tried again; only an unavailable metric is, when it can be loaded by now.
    """
    known = {(score.image, score.metric): score for score in there if score.run_key == subject.key}
    failed = {score.image for score in known.values() if score.image and Outcome(None, score.error).is_failure}
    result, missing = Plan(failed=failed), {}
    for metric in map(find_metric, ids):
        names = (None,) if metric.per == "set" else prepared.names
        missing[metric] = [name for name in names if not _is_known(known.get((name, metric.id)))]
        result.reused += len(names) - len(missing[metric])
    reasons = pool.unavailable(metric.id for metric, names in missing.items() if names)
    for metric, names in missing.items():
        if metric.id not in reasons:
            images = prepared.names if metric.per == "set" else names
            result.tasks += [Task(metric, frozenset(images))] if names else []
        elif (None, metric.id) in known:
            result.reused += 1
        else:
            result.unavailable.append(subject.score(metric, None, Outcome(None, reasons[metric.id])))
    return result


def _is_known(score: Score | None) -> bool:
    return score is not None and not score.error.startswith(UNAVAILABLE)


def _computed(metric: Metric) -> str:
    """What is asked of an image for a metric: of a set, the descriptor, which several metrics may share."""
    return metric.descriptors if metric.per == "set" else metric.id


class Scoring:
    """The work of a plan; run() returns when all of its lines are written."""

    def __init__(self, subject: Subject, prepared: Prepared, todo: Plan, bench: Bench, file: ScoreFile) -> None:
        self.subject, self.prepared, self.todo, self.bench, self.file = subject, prepared, todo, bench, file
        self.seconds = {"restore": 0.0, "score": 0.0}  # of this process: restoring, and all else
        self._missing = {_computed(task.metric): self._unseen(task) for task in todo.tasks}

    def run(self, load_method: Callable[[], Method]) -> None:
        """Restore and score image by image, then the sets.

        An image that cannot be restored or scored gives a line with the reason, and the next one follows.
        Raises InputError when more images fail than may.
        """
        start = time.perf_counter()
        try:
            for line in self.todo.unavailable:
                self.file.append(line)
            self._score_images(load_method)
            for task in self._sets():
                self.file.append(self._score_set(task))
        finally:
            self.seconds["score"] = time.perf_counter() - start - self.seconds["restore"]

    def _unseen(self, task: Task) -> frozenset[str]:
        """Images that a metric still has to see; features of an earlier session are there."""
        if task.metric.per == "image":
            return task.images
        return task.images - read_features(self.bench.features.file(task.metric.id)).keys()

    def _sets(self) -> list[Task]:
        return [task for task in self.todo.tasks if task.metric.per == "set"]

    def _score_images(self, load_method: Callable[[], Method]) -> None:
        names = [name for name in self.prepared.names if any(name in images for images in self._missing.values())]
        if not names:
            return
        method = load_method()
        title = f"{self.subject.protocol} {self.subject.task} {self.subject.method}"
        with ExitStack() as stack:
            files = {
                kept_as: stack.enter_context(FeatureFile(self.bench.features.file(kept_as)))
                for kept_as in dict.fromkeys(_computed(task.metric) for task in self._sets())
            }
            done = self.bench.pool.stream(self._job(method, name) for name in names)
            for job, outcomes in tqdm(done, title, len(names), unit="image", disable=None):
                for metric_id, outcome in outcomes.items():
                    if metric_id in files:
                        files[metric_id].append(job.name, outcome)
                    else:
                        self.file.append(self.subject.score(find_metric(metric_id), job.name, outcome))
                self._count_failure(job.name, outcomes)

    def _job(self, method: Method, name: str) -> Job:
        wanted = tuple(metric for metric, images in self._missing.items() if name in images)
        split, kept = self.prepared.split, self.bench.keeping.folder / f"{name}.png"
        start = time.perf_counter()
        pixels, trouble = None, ""
        try:
            pixels = to_uint8(read(kept)) if kept.exists() else self._restored(method, name)
        except Exception as error:  # any method may fail on any image in any way; the reason is the score
            trouble = reason(NOT_RESTORED, error)
        self.seconds["restore"] += time.perf_counter() - start
        if self.bench.keeping.keep and pixels is not None and not kept.exists():
            write(kept, from_uint8(pixels))
        return Job(name, wanted, pixels, split.files(name)[0] if split.has_reference else None, trouble)

    def _restored(self, method: Method, name: str) -> np.ndarray:
        """The restored image in 8 bits, so that a score is that of the file a user would save."""
        restored = method.restored(self.prepared.split, name)
        check_image(restored, f"what {method.name} restored")
        side = self.prepared.split.info["size"]
        if restored.shape != (side, side, 3):
            raise ValueError(f"{method.name} gave {restored.shape}, expected {(side, side, 3)}")
        return to_uint8(restored)

    def _count_failure(self, name: str, outcomes: Mapping[str, Outcome]) -> None:
        why = next((outcome.error for outcome in outcomes.values() if outcome.is_failure), None)
        if why is None:
            return
        self.todo.failed.add(name)
        most = self.bench.max_failures
        if most is not None and len(self.todo.failed) > most:
            failed = f"{len(self.todo.failed)} images failed, more than --max-failures {most}"
            remedy = "put that right and score again with --anew"
            raise InputError(f"{self.subject.task} {self.subject.method}: {failed}; last: {name}: {why}; {remedy}")

    def _score_set(self, task: Task) -> Score:
        found = read_features(self.bench.features.file(task.metric.id))
        restored = {name: found[name] for name in self.prepared.names}
        outcome, n = score_set(self.bench.pool, task.metric.id, restored, self._references(task.metric))
        return self.subject.score(task.metric, None, outcome, n)

    def _references(self, metric: Metric) -> References | None:
        others = self.bench.references
        if not metric.needs_reference or others is None:
            return None
        files = {name: others.split.files(name)[0] for name in others.names}
        return References(files, paired=others is self.prepared)
