"""One method on one test split: restores what is missing scores, and appends a line for every score."""

import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmark.methods.method import Method
from benchmark.metrics.base import Metric
from benchmark.metrics.registry import find_metric
from benchmark.records.scores import Score, ScoreFile
from benchmark.records.words import NOT_RESTORED
from benchmark.runs.scoring.cost import Cost
from benchmark.runs.scoring.image_scores import ImageJob, RecordFile, reason
from benchmark.runs.scoring.plan import Plan, RunKey
from benchmark.runs.scoring.set_scores import FeatureFile, FeatureFolder, References, score_set
from benchmark.runs.scoring.workers import Pool
from benchmark.runs.splits import PreparedSplit
from degrade.core.errors import Failed
from degrade.core.image import check_image, from_uint8, read, to_uint8, write
from degrade.core.progress import progress_bar


@dataclass(frozen=True)
class RestoredImages:
    """A folder of restored images: those that lie there are not restored again; with `keep` the others come there."""

    folder: Path
    keep: bool = False


@dataclass(frozen=True)
class ScoringContext:
    """What scoring stands on.

    references: the split that sets are compared with, None where there is none.
    max_failures: so many images may fail; None for any number.
    """

    pool: Pool
    features: FeatureFolder
    restored_images: RestoredImages
    references: PreparedSplit | None = None
    max_failures: int | None = None


class Scoring:
    """The work of a plan; run() returns when all of its lines are written."""

    def __init__(
        self, run_key: RunKey, prepared: PreparedSplit, todo: Plan, context: ScoringContext, file: ScoreFile
    ) -> None:
        self.run_key, self.prepared, self.todo, self.context, self.file = run_key, prepared, todo, context, file
        self.seconds = {"restore": 0.0, "score": 0.0}  # of this process: restoring, and all else
        self.cost = Cost()
        self._sets = [pending.metric for pending in todo.pending if pending.metric.per == "set"]
        self._of_records = {pending.metric.id for pending in todo.pending if pending.metric.needs_record}
        self._features: dict[str, FeatureFile] = {}  # by descriptors, which several metrics may share; while it runs
        # Metric or descriptors -> the images of which they are still to be computed.
        self._values = {pending.metric.id: pending.images for pending in todo.pending if pending.metric.per == "image"}
        self._vectors: dict[str, frozenset[str]] = {}
        self.failed: dict[str, str] = {}  # image -> why

    def run(self, load_method: Callable[[], Method]) -> None:
        """Restore and score image by image, then the sets.

        An image that cannot be restored or scored gives a line with the reason, and the next one follows.
        Raises Failed when more images fail than may.
        """
        start = time.perf_counter()
        try:
            for line in self.todo.unavailable:
                self.file.append(line)
            with ExitStack() as stack:
                for kind in dict.fromkeys(metric.descriptors for metric in self._sets):
                    file = stack.enter_context(FeatureFile(self.context.features.file(kind)))
                    self._features[kind] = file
                    self._vectors[kind] = frozenset(self.prepared.names) - file.done
                self._score_images(load_method)
                for metric in self._sets:
                    self.file.append(self._score_set(metric))
        finally:
            self.seconds["score"] = time.perf_counter() - start - self.seconds["restore"]

    def _score_images(self, load_method: Callable[[], Method]) -> None:
        unseen = frozenset().union(*self._values.values(), *self._vectors.values())
        names = [name for name in self.prepared.names if name in unseen]
        if not names:
            return
        method = load_method()
        self.cost.parameters = method.parameters
        title = f"{self.run_key.protocol} {self.run_key.task} {self.run_key.method}"
        done = self.context.pool.stream(self._job(method, name) for name in names)
        for job, found in progress_bar(done, title, len(names), unit="image"):
            for metric_id, value in found.values.items():
                self.file.append(self.run_key.score(find_metric(metric_id), job.name, value))
            for kind, feature in found.features.items():
                self._features[kind].append((job.name, feature))
            self._count_failure(job.name, found.failure)

    def _job(self, method: Method, name: str) -> ImageJob:
        values, vectors = (
            tuple(wanted for wanted, images in missing.items() if name in images)
            for missing in (self._values, self._vectors)
        )
        split, kept = self.prepared.split, self.context.restored_images.folder / f"{name}.png"
        start = time.perf_counter()
        pixels, fault = None, ""
        try:
            pixels = to_uint8(read(kept)) if kept.exists() else self._restored(method, name)
        except (Exception, SystemExit) as error:  # any method may fail on any image in any way; the reason is the score
            fault = reason(NOT_RESTORED, error)
        self.seconds["restore"] += time.perf_counter() - start
        if self.context.restored_images.keep and pixels is not None and not kept.exists():
            write(kept, from_uint8(pixels))
        reference = split.images(name)[0] if split.has_reference and values else None
        return ImageJob(name, values, pixels, reference, fault, vectors, self._record(name, values))

    def _record(self, name: str, metric_ids: Iterable[str]) -> RecordFile | None:
        """Where a metric of these needs it."""
        if self._of_records.isdisjoint(metric_ids):
            return None
        record = self.prepared.split.record(name)
        return RecordFile(self.prepared.split.images(name)[-1], tuple(record["operators"]), record["size"])

    def _restored(self, method: Method, name: str) -> np.ndarray:
        """The restored image in 8 bits, so that a score is that of the file a user would save."""
        if method.files is not None:  # restored elsewhere
            restored = method.restored(self.prepared.split, name)
        else:
            with self.cost.of_one(weigh=not method.own_process):
                restored = method.restored(self.prepared.split, name)
        check_image(restored, f"what {method.name} restored")
        side = self.prepared.split.info["size"]
        if restored.shape != (side, side, 3):
            raise ValueError(f"{method.name} gave {restored.shape}, expected {(side, side, 3)}")
        return to_uint8(restored)

    def _count_failure(self, name: str, why: str) -> None:
        if not why:
            return
        self.failed[name] = why
        most = self.context.max_failures
        if most is not None and len(self.failed) > most:
            failed = f"{len(self.failed)} images failed, more than --max-failures {most}"
            remedy = "put that right; the same command tries them again"
            raise Failed(f"{self.run_key.task} {self.run_key.method}: {failed}; last: {name}: {why}; {remedy}")

    def _score_set(self, metric: Metric) -> Score:
        found = self._features[metric.descriptors].by_image
        restored = {name: found[name] for name in self.prepared.names}
        return self.run_key.score(
            metric, None, score_set(self.context.pool, metric.id, restored, self._references(metric))
        )

    def _references(self, metric: Metric) -> References | None:
        others = self.context.references
        if not metric.needs_reference or others is None:
            return None
        files = {name: others.split.images(name)[0] for name in others.names}
        return References(files, paired=others is self.prepared)
