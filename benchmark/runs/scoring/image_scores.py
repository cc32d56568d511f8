"""The scores of one image, computed from plain values, so that any process can do it."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.metrics import registry as metrics
from benchmark.metrics.base import MetricError, Unavailable
from degrade.core.errors import InputError
from degrade.core.image import Image, from_uint8, read

UNAVAILABLE = "unavailable: "  # first letters of the error of a metric that cannot be loaded
NOT_RESTORED, NOT_COMPUTED = "not restored", "not computed"  # first letters of an error that should not have been


@dataclass(frozen=True)
class Outcome:
    """A number (of a set metric: the feature of an image), or None and the reason."""

    value: Any
    error: str = ""
    seconds: float = 0.0

    @property
    def is_failure(self) -> bool:
        """Whether something broke, other than a metric that has no value for such an image."""
        return self.error.startswith((NOT_RESTORED, NOT_COMPUTED))


@dataclass(frozen=True)
class Job:
    """One image to score.

    metrics: ids; of a set metric the feature of the restored image is computed.
    restored: (H, W, 3) in 8 bits, a file, or None for the reason in `trouble`.
    reference: a file, or None where there is none.
    """

    name: str
    metrics: tuple[str, ...]
    restored: np.ndarray | Path | None
    reference: Path | None = None
    trouble: str = ""


def measure(job: Job) -> dict[str, Outcome]:
    """What each metric says; a metric that fails says why and the others go on."""
    if job.restored is None:
        return dict.fromkeys(job.metrics, Outcome(None, job.trouble))
    try:
        restored = read(job.restored) if isinstance(job.restored, Path) else from_uint8(job.restored)
        reference = read(job.reference) if job.reference else None
    except InputError as error:
        return dict.fromkeys(job.metrics, Outcome(None, reason(NOT_COMPUTED, error)))
    for image in (restored, reference):
        if image is not None:
            image.flags.writeable = False  # a metric that wrote into it would change the next one's number
    return {metric: measured(lambda metric=metric: _value(metric, restored, reference)) for metric in job.metrics}


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


def _value(metric: str, restored: Image, reference: Image | None) -> Any:
    scorer = metrics.load(metric)
    return scorer.feature(restored) if hasattr(scorer, "feature") else scorer(restored, reference)


def measured(compute: Callable[[], Any]) -> Outcome:
    """The outcome of one computation, with its time."""
    start = time.perf_counter()
    try:
        value, error = compute(), ""
    except MetricError as caught:
        value, error = None, str(caught)
    except Exception as caught:  # a fault of one metric on one image must not end the run
        value, error = None, reason(NOT_COMPUTED, caught)
    return Outcome(value, error, time.perf_counter() - start)
