"""One restored array scored, without files."""

import math
from collections.abc import Sequence
from typing import cast

import numpy as np

from benchmark.metrics.base import Compute, MetricError, Unavailable
from benchmark.metrics.registry import find_metric, load
from benchmark.records.words import UNAVAILABLE
from degrade.core.arrays import as_image
from degrade.core.errors import InputError
from degrade.core.image import Image
from degrade.core.names import as_names

FIDELITY = ("psnr.rgb", "ssim.gauss11.rgb")


def score(
    restored: np.ndarray, reference: np.ndarray | None = None, metrics: Sequence[str] | str = FIDELITY
) -> dict[str, float]:
    """Metric id -> number, for one restored image and its reference.

    restored, reference: (H, W, 3), RGB, uint8 or float in [0, 1], of one size; None for metrics that need no reference.
    metrics: ids of METRICS whose `per` is "image", or pyiqa:NAME; or one. Floats are scored as they are, where a run
    scores what it rounded to 8 bits. A number is inf where the formula says so (PSNR of equal images) and nan where the
    metric has none for these images, such as one of faces where none is found; its unit is METRICS[id].unit, its
    source the docstring of its module. Raises InputError for other arrays, an unknown metric, one of sets
    (`score_folders` has those), one that needs the record of a split (`benchmark run` has it), one whose weights are
    not here, and one that needs a reference where there is none.

    >>> reference = np.full((64, 64, 3), 100, np.uint8)
    >>> {metric: round(value, 2) for metric, value in score(reference + 10, reference, ["psnr.rgb"]).items()}
    {'psnr.rgb': 28.13}
    >>> score(reference, metrics=["psnr.rgb"])
    Traceback (most recent call last):
    degrade.core.errors.InputError: psnr.rgb: expected a reference, got none; give one, or name metrics without
    """
    ours = as_image(restored, "restored")
    theirs = None if reference is None else as_image(reference, "reference")
    if theirs is not None and ours.shape != theirs.shape:
        sizes = " and ".join(f"{height} x {width}" for height, width, _ in (ours.shape, theirs.shape))
        raise InputError(f"restored and reference: expected one size, got {sizes} (height x width); resize one")
    return {metric_id: _number(metric_id, ours, theirs) for metric_id in as_names(metrics)}


def _number(metric_id: str, restored: Image, reference: Image | None) -> float:
    metric = find_metric(metric_id)
    if metric.per == "set":
        raise InputError(f"{metric_id}: compares sets, not two images; use score_folders")
    if metric.needs_record:
        raise InputError(f"{metric_id}: needs the record of a split; score it with `benchmark run --metrics`")
    if metric.needs_reference and reference is None:
        raise InputError(f"{metric_id}: expected a reference, got none; give one, or name metrics without")
    try:
        return cast(Compute, load(metric_id))(restored, reference)
    except Unavailable as error:
        raise InputError(f"{UNAVAILABLE}{error}") from error
    except MetricError:
        return math.nan
