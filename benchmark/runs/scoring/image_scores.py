"""The scores of one image, computed from plain values, so that any process can do it."""

import re
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from benchmark.assets import feature_cache
from benchmark.metrics import registry as metrics
from benchmark.metrics.base import MetricError, Record, Unavailable
from benchmark.records.words import NOT_COMPUTED, UNAVAILABLE, is_failure
from degrade.core.errors import InputError, cut, out_of_memory, shown, without_addresses
from degrade.core.image import Image, from_uint8, read
from degrade.splits.recorded import RecordedImage

_TEMPORARY = re.compile(re.escape(tempfile.gettempdir()) + r"/(?:tmp|restore-)[a-z0-9_]{8}/")  # as tempfile names them
Value = TypeVar("Value")


@dataclass(frozen=True)
class ImageValue:
    """A metric's number of one image, or None with the reason in `error`."""

    value: float | None
    error: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Feature:
    """What a metric of sets takes from one image, (D,) numbers; or None with the reason in `error`."""

    vector: np.ndarray | None
    error: str = ""


@dataclass(frozen=True)
class RecordFile:
    """A metrics.base.Record of which the degraded image is still a file: plain data for any process."""

    degraded: RecordedImage
    operators: tuple[Mapping[str, Any], ...]
    side: int

    def opened(self) -> Record:
        """InputError where the file cannot be read."""
        return Record(self.degraded.read(), self.operators, self.side)


@dataclass(frozen=True)
class ImageJob:
    """One image to score.

    metrics: ids of metrics of images. restored: (H, W, 3) in 8 bits, a file, or None for the reason in `fault`.
    reference: a file, one of a split with the hashes in its record, or None where there is none. features: ids of
    metrics of sets whose features are wanted. record: how it was degraded, where a metric needs that.
    """

    name: str
    metrics: tuple[str, ...]
    restored: np.ndarray | Path | RecordedImage | None
    reference: Path | RecordedImage | None = None
    fault: str = ""
    features: tuple[str, ...] = ()
    record: RecordFile | None = None


@dataclass(frozen=True)
class ImageScores:
    """What the metrics of a job say of its image, by id."""

    values: dict[str, ImageValue] = field(default_factory=dict)
    features: dict[str, Feature] = field(default_factory=dict)

    @property
    def failure(self) -> str:
        """The first error that should not have been; empty where there is none."""
        errors = [value.error for value in self.values.values()] + [one.error for one in self.features.values()]
        return next(filter(is_failure, errors), "")


def measure(job: ImageJob) -> ImageScores:
    """What each metric says; a metric that fails says why and the others go on."""
    if job.restored is None:
        return _nothing(job, job.fault)
    try:
        restored = from_uint8(job.restored) if isinstance(job.restored, np.ndarray) else _opened(job.restored)
        reference = _opened(job.reference) if job.reference else None
        record = job.record.opened() if job.record else None
    except InputError as error:
        return _nothing(job, reason(NOT_COMPUTED, error))
    for image in (restored, reference, record.degraded if record else None):
        if image is not None:
            image.flags.writeable = False  # a metric that wrote into it would change the next one's number
    if isinstance(job.restored, np.ndarray):
        feature_cache.keep_off_disk(restored)  # the features of restored images stand beside the run's scores
    values = {
        name: _value(name, restored, record if metrics.find_metric(name).needs_record else reference)
        for name in job.metrics
    }
    return ImageScores(values, {name: _feature(name, restored) for name in job.features})


def _opened(file: Path | RecordedImage) -> Image:
    return file.read() if isinstance(file, RecordedImage) else read(file)


def _value(metric_id: str, restored: Image, reference: Image | Record | None) -> ImageValue:
    return ImageValue(*attempt(lambda: metrics.load_of_images(metric_id)(restored, reference)))


def _feature(metric_id: str, restored: Image) -> Feature:
    vector, error, _ = attempt(lambda: metrics.load_of_sets(metric_id).feature(restored))
    return Feature(vector, error)


def unavailable(metric_ids: Iterable[str]) -> dict[str, str]:
    """The metrics of these that cannot be loaded here, and why."""
    reasons = {}
    for metric_id in metric_ids:
        try:
            metrics.load(metric_id)
        except Unavailable as error:
            reasons[metric_id] = f"{UNAVAILABLE}{error}"
    return reasons


def reason(what: str, error: BaseException) -> str:
    """The sentence of a failure, the same for each image; an InputError is one already."""
    error = out_of_memory(error) or error
    text = _TEMPORARY.sub("", without_addresses(str(error)))
    return shown(f"{what}: {text if isinstance(error, InputError) else cut(f'{type(error).__name__}: {text}')}")


def attempt(compute: Callable[[], Value]) -> tuple[Value | None, str, float]:
    """(value, why there is none, seconds) of one computation."""
    start = time.perf_counter()
    value, error = None, ""
    try:
        value = compute()
    except MetricError as caught:
        error = shown(cut(str(caught)))
    except (Exception, SystemExit) as caught:  # a fault of one metric on one image must not end the run
        error = reason(NOT_COMPUTED, caught)
    return value, error, time.perf_counter() - start


def _nothing(job: ImageJob, error: str) -> ImageScores:
    return ImageScores(
        dict.fromkeys(job.metrics, ImageValue(None, error)), dict.fromkeys(job.features, Feature(None, error))
    )
