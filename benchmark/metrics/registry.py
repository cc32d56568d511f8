"""Metrics by id: `find_metric`, and `load`, which gives the thing that computes one.

Colour space, window and weights are part of the id; a changed definition is a new version. Nothing
here or below ever downloads: a weight file that is missing makes its metric `Unavailable`.
"""

import functools
import importlib.metadata
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmark.assets import entry_points, weights
from benchmark.metrics import python_function
from benchmark.metrics.base import Compute, Metric, MetricError, Record, SetScorer, Unavailable
from benchmark.metrics.table import METRICS, is_statistics, with_statistics
from degrade.core.errors import InputError, unknown
from degrade.core.image import Image, check_image
from degrade.core.packages import package_version
from degrade.core.storage.files import digest_of
from ispl_model.runtime.known_files import Refused, file_digest


def metric_hashes(ids: Iterable[str]) -> dict[str, str]:
    """SHA-256 of each metric's definition with its weights and package versions: the number's whole ancestry."""
    return {metric_id: digest_of(definition(metric_id)) for metric_id in ids}


def find_metric(metric_id: str) -> Metric:
    """The metric of that id; InputError with the nearest one when there is none.

    Besides those in METRICS and in installed packages (benchmark.assets.entry_points): `pyiqa:NAME` for any of
    pyiqa's, `python:MODULE:FUNCTION` for a function of the user's, and `fid.inception@NAME.npz` for the distance
    to a set of which $TORCH_HOME/hub/pyiqa/NAME.npz holds mean `mu` and covariance `sigma`.
    """
    if metric_id.startswith("pyiqa:"):
        return _library().describe(metric_id)
    if is_statistics(metric_id):
        return with_statistics(metric_id)
    if metric_id.startswith(python_function.PREFIX):
        return python_function.describe(metric_id)
    metric = METRICS.get(metric_id) or entry_points.row_of(entry_points.METRICS, metric_id, Metric)
    if metric is None:
        raise unknown("metric", metric_id, metric_names())
    if metric.id != metric_id:
        raise InputError(f"metric '{metric_id}': its package calls it {metric.id}; the two must be alike")
    return metric


def metric_names() -> list[str]:
    """The ids of the table, then those of installed packages; imports none of these."""
    return [*METRICS, *(name for name in entry_points.names(entry_points.METRICS) if name not in METRICS)]


@functools.cache
def load(metric_id: str) -> Compute | SetScorer:
    """What computes the metric, on the CPU; one object per process, made on the first call.

    per "image": scorer(restored, reference) -> float; +inf where the formula says so, MetricError where
    there is no value; the reference may be None where the metric needs none, and is a Record where it needs one.
    per "set": a SetScorer.
    Raises Unavailable with the reason, InputError for an unknown id.
    """
    metric = find_metric(metric_id)
    _need_weights(metric)
    try:
        module = importlib.import_module(module_path(metric))
        scorer = _loaded(module, metric)
    except ImportError as error:
        raise Unavailable(f"{metric_id} needs the package {error.name or error}; install it with pip") from error
    except Unavailable:
        raise
    except Refused as refusal:
        raise Unavailable(f"{metric_id}: {refusal}") from refusal
    except Exception as error:  # damaged weight files raise nearly every kind of exception
        if not metric.weights:
            raise
        names = " or ".join(Path(file).name for file in metric.weights)
        reason = f"{metric_id}: {names} cannot be used ({type(error).__name__}); fetch it again"
        raise Unavailable(reason) from error
    return scorer if metric.per == "set" else _guarded(metric, scorer)


def _loaded(module: Any, metric: Metric) -> Any:
    """module.load; where weights are read, none of them runs code."""
    if not metric.weights:
        return module.load(metric.id)
    from benchmark.assets.loading import guarded

    for file in metric.weights:
        weights.origin(weights.weight_path(file))  # also of files that are not read through torch
    with guarded():
        return module.load(metric.id)


def load_of_images(metric_id: str) -> Compute:
    """As `load`, of a metric of images; ValueError for one of sets."""
    scorer = load(metric_id)
    if isinstance(scorer, SetScorer):
        raise ValueError(f"{metric_id}: expected a metric of images, got one of sets")
    return scorer


def load_of_sets(metric_id: str) -> SetScorer:
    """As `load`, of a metric of sets; ValueError for one of images."""
    scorer = load(metric_id)
    if not isinstance(scorer, SetScorer):
        raise ValueError(f"{metric_id}: expected a metric of sets, got one of images")
    return scorer


def module_path(metric: Metric) -> str:
    """The dotted name of what computes it: below benchmark.metrics, or as a package gives it."""
    return metric.module if "." in metric.module else f"benchmark.metrics.{metric.module}"


def definition(metric_id: str) -> dict[str, Any]:
    """Everything that fixes the metric's numbers, for run files: plain JSON, None for what is not here."""
    metric = find_metric(metric_id)
    return {
        "id": metric.id,
        "version": metric.version,
        "unit": metric.unit,
        "higher_is_better": metric.higher_is_better,
        "per": metric.per,
        "meaning": metric.meaning,
        "packages": {package: package_version(package) for package in metric.packages},
        "weights": _weight_hashes(metric),
    }


def weight_origins(ids: Iterable[str]) -> dict[str, str]:
    """The files of weights that are not the published ones: what each is, see benchmark.assets.weights.origin."""
    found: dict[str, str] = {}
    for metric in map(find_metric, ids):
        found |= _library().weight_origins(metric.id) if metric.module == "pyiqa" else _origins(metric)
    return {name: origin for name, origin in sorted(found.items()) if origin}


def _origins(metric: Metric) -> dict[str, str]:
    found = {}
    for path in map(weights.weight_path, metric.weights):
        try:
            found[path.name] = weights.origin(path) if path.is_file() else ""
        except Refused:
            continue  # it is not loaded, and its score lines say why
    return found


def _need_weights(metric: Metric) -> None:
    for file in metric.weights:
        if not weights.weight_path(file).is_file():
            raise Unavailable(f"{metric.id} needs {weights.missing(file)}")


def _guarded(metric: Metric, compute: Compute) -> Compute:
    """The checks that every metric of images shares."""

    def scorer(restored: Image, reference: Image | Record | None = None) -> float:
        check_image(restored, "restored")
        if metric.needs_record and not isinstance(reference, Record):
            raise ValueError(f"{metric.id}: expected a Record, got {type(reference).__name__}")
        if metric.needs_reference:
            if reference is None or isinstance(reference, Record):
                raise ValueError(f"{metric.id}: expected a reference, got {type(reference).__name__}")
            check_image(reference, "reference")
            if restored.shape != reference.shape:
                sizes = " and ".join("x".join(map(str, image.shape[:2])) for image in (restored, reference))
                raise MetricError(f"restored and reference differ in size ({sizes})")
        value = float(compute(restored, reference))
        if math.isnan(value):
            raise MetricError(f"{metric.header} is not a number for this image")
        return value

    return scorer


def _weight_hashes(metric: Metric) -> dict[str, str | None]:
    from degrade.faces.detection import weights_sha256

    if metric.module in ("pyiqa", "python_function"):
        return importlib.import_module(module_path(metric)).weight_hashes(metric.id)
    if "face_recognition_models" in metric.packages:  # their weights are a package of their own
        try:
            return {"face_recognition_models": weights_sha256()}
        except InputError:
            return {"face_recognition_models": None}
    paths = {file: weights.weight_path(file) for file in metric.weights}
    return {file: file_digest(path) if path.is_file() else None for file, path in paths.items()}


def _library() -> Any:
    return importlib.import_module("benchmark.metrics.pyiqa")
