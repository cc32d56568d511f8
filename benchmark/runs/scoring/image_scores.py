"""The scores of one image, computed from plain values, so that any process can do it."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np

from benchmark.assets import feature_cache
from benchmark.metrics import registry as metrics
from benchmark.metrics.base import MetricError, Unavailable
from degrade.core.errors import InputError
from degrade.core.image import Image, from_uint8, read

UNAVAILABLE = "unavailable: "  # first letters of the error of a metric that cannot be loaded
NOT_RESTORED, NOT_COMPUTED = "not restored", "not computed"  # first letters of an error that should not have been
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
class ImageJob:
    """One image to score.

    metrics: ids of metrics of images. restored: (H, W, 3) in 8 bits, a file, or None for the reason in `trouble`.
    reference: a file, or None where there is none. features: ids of metrics of sets whose features are wanted.
    """

    name: str
    metrics: tuple[str, ...]
    restored: np.ndarray | Path | None
    reference: Path | None = None
    fault: str = ""
    features: tuple[str, ...] = ()


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


def is_failure(error: str) -> bool:
    """Whether something broke, other than a metric that has no value for such an image."""
    return error.startswith((NOT_RESTORED, NOT_COMPUTED))


def measure(job: ImageJob) -> ImageScores:
    """What each metric says; a metric that fails says why and the others go on."""
    if job.restored is None:
        return _nothing(job, job.fault)
    try:
        restored = read(job.restored) if isinstance(job.restored, Path) else from_uint8(job.restored)
        reference = read(job.reference) if job.reference else None
    except InputError as error:
        return _nothing(job, reason(NOT_COMPUTED, error))
    for image in (restored, reference):
        if image is not None:
            image.flags.writeable = False  # a metric that wrote into it would change the next one's number
    if not isinstance(job.restored, Path):
        feature_cache.keep_off_disk(restored)  # the features of restored images stand beside the run's scores
    values = {name: _value(name, restored, reference) for name in job.metrics}
    return ImageScores(values, {name: _feature(name, restored) for name in job.features})


def _value(metric_id: str, restored: Image, reference: Image | None) -> ImageValue:
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


def reason(what: str, error: Exception) -> str:
    """The sentence of a failure; an InputError is one already."""
    return f"{what}: {error}" if isinstance(error, InputError) else f"{what}: {type(error).__name__}: {error}"


def attempt(compute: Callable[[], Value]) -> tuple[Value | None, str, float]:
    """(value, why there is none, seconds) of one computation."""
    start = time.perf_counter()
    value, error = None, ""
    try:
        value = compute()
    except MetricError as caught:
        error = str(caught)
    except Exception as caught:  # a fault of one metric on one image must not end the run
        error = reason(NOT_COMPUTED, caught)
    return value, error, time.perf_counter() - start


def _nothing(job: ImageJob, error: str) -> ImageScores:
    return ImageScores(
        dict.fromkeys(job.metrics, ImageValue(None, error)), dict.fromkeys(job.features, Feature(None, error))
    )
