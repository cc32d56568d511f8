"""Metrics of sets: features of restored images kept line by line, and the set's number with its replicates."""

import base64
import math
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from benchmark.metrics import registry as metrics
from benchmark.metrics.base import SetScorer
from benchmark.metrics.registry import metric_hashes
from benchmark.records.scores import GROUPS
from benchmark.records.words import NOT_COMPUTED, is_failure
from benchmark.runs.scoring.image_scores import Feature, ImageJob, attempt
from benchmark.runs.scoring.workers import Pool
from degrade.core.errors import InputError
from degrade.core.progress import progress_bar
from degrade.core.storage import strict_json
from degrade.core.storage.files import JsonLines, json_line, parse_lines
from degrade.splits.recorded import RecordedImage

_FEWEST = 2  # images on each side of a distance


@dataclass(frozen=True)
class FeatureFolder:
    """Where one run keeps features: a file for each kind of descriptor and its definition.

    hashes: of the definitions of the metrics of the run.
    """

    path: Path
    hashes: Mapping[str, str]

    def file(self, metric_id: str) -> Path:
        """The FeatureFile of a metric, which metrics on the same descriptors share."""
        kept_as = metrics.find_metric(metric_id).descriptors
        digest = self.hashes.get(kept_as) or metric_hashes([kept_as])[kept_as]
        return self.path / f"{kept_as}-{digest[:8]}.jsonl"

    def has_failures(self, metric_id: str) -> bool:
        """Whether an image of the metric could not be restored or described."""
        return any(is_failure(feature.error) for feature in read_features(self.file(metric_id)).values())


class FeatureFile(JsonLines[tuple[str, Feature]]):
    """One line for each image: its feature, or why it has none. Exact: the bytes of the numbers in base 64."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, _parse)

    def line(self, value: tuple[str, Feature]) -> str:
        image, feature = value
        line = {"image": image, "error": feature.error}
        if feature.vector is not None:
            vector = np.ascontiguousarray(feature.vector)
            line |= {"dtype": vector.dtype.str, "feature": base64.b64encode(vector.tobytes()).decode()}
        return json_line(line)

    @property
    def by_image(self) -> dict[str, Feature]:
        """Of two lines with one image the newer."""
        return dict(self.values)

    @property
    def done(self) -> set[str]:
        """The images that are not to be tried again."""
        return {image for image, feature in self.by_image.items() if not is_failure(feature.error)}


def read_features(path: Path) -> dict[str, Feature]:
    """What the lines of a FeatureFile say, by image; nothing when there is no such file."""
    return dict(parse_lines(path, path.read_bytes(), _parse)) if path.exists() else {}


class _FeatureLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    image: str
    error: str
    dtype: str = ""
    feature: str | None = None


_decode = strict_json.decoder_of(_FeatureLine)


def _parse(path: Path, _number: int, line: bytes) -> tuple[str, Feature]:
    try:
        found = _decode(line)
        if found.feature is None:
            return found.image, Feature(None, found.error)
        kind = np.dtype(found.dtype)
        if kind.kind != "f":
            raise ValueError(f"expected numbers, got {kind}")
        return found.image, Feature(np.frombuffer(base64.b64decode(found.feature), kind))
    except (ValueError, TypeError) as error:
        raise InputError(f"{path}: is damaged ({error}); remove it, its images are then restored again") from error


@dataclass(frozen=True)
class Side:
    """One side of a distance: features (N, D) and the group (N,) of each image, its position in name order modulo
    GROUPS; `count`: how many groups there are, as few as images."""

    features: np.ndarray
    groups: np.ndarray
    count: int

    @classmethod
    def of(cls, names: Collection[str], found: Mapping[str, np.ndarray]) -> "Side":
        """The images of a split (`names`, in its order) that have a feature."""
        kept = [(place % GROUPS, found[name]) for place, name in enumerate(names) if name in found]
        groups, features = zip(*kept, strict=True)
        return cls(np.stack(features), np.array(groups), min(GROUPS, len(names)))

    def without(self, group: int) -> np.ndarray:
        """The features of all other groups."""
        return self.features[self.groups != group]


@dataclass(frozen=True)
class SetValue:
    """A set metric's number, or None with the reason in `error`, and what makes an interval of it; see Score."""

    value: float | None
    error: str = ""
    seconds: float = 0.0
    n: int | None = None
    replicates: tuple[float, ...] | None = None
    deviation: float | None = None


@dataclass(frozen=True)
class References:
    """The images that a set is compared with, by name; paired: each restored image has its own among them."""

    files: Mapping[str, Path | RecordedImage]
    paired: bool = True


def score_set(pool: Pool, metric_id: str, restored: Mapping[str, Feature], references: References | None) -> SetValue:
    """What a metric of sets says; n are the restored images in the set, None without any.

    restored: the features of a split's images in its order. references: None for a metric that knows its own. Of
    pairs only those with both features count, so that both sets hold the same faces. A reference that cannot be read,
    or is not as its split recorded it, is a failure of the whole set.
    """
    start = time.perf_counter()
    ours, theirs = _vectors(restored), None
    if references:
        asked = {name: path for name, path in references.files.items() if name in ours or not references.paired}
        found = _reference_features(pool, metric_id, asked)
        fault = next((feature.error for feature in found.values() if is_failure(feature.error)), "")
        if fault:
            return SetValue(None, fault, time.perf_counter() - start)
        theirs = _vectors(found)
        ours = {name: feature for name, feature in ours.items() if name in theirs or not references.paired}
    if not ours or theirs == {}:
        last = next((one.error for one in reversed(list(restored.values())) if one.error), "of the references")
        failed = f"{NOT_COMPUTED}: " if is_failure(last) else ""
        return SetValue(None, f"{failed}no image has features; last: {last}")
    against = Side.of(references.files, theirs) if references and theirs else None
    numbers, error, _ = attempt(lambda: set_numbers(metric_id, Side.of(restored, ours), against))
    value, replicates, deviation = numbers or (None, None, None)
    return SetValue(value, error, time.perf_counter() - start, len(ours), replicates, deviation)


def set_numbers(
    metric_id: str, restored: Side, reference: Side | None
) -> tuple[float, tuple[float, ...] | None, float | None]:
    """The distance between two sets, the distance without each group in turn, and its deviation over subsets.

    reference: None for a metric that knows its own. MetricError where the distance has no value.
    """
    scorer = metrics.load_of_sets(metric_id)
    against = None if reference is None else reference.features
    value = scorer.distance(restored.features, against)
    deviation = scorer.deviation(restored.features, against)
    return value, _replicates(scorer, restored, reference), deviation


def _replicates(scorer: SetScorer, restored: Side, reference: Side | None) -> tuple[float, ...] | None:
    """None unless every group leaves two images on each side, and every value is finite."""
    sides = [restored] if reference is None else [restored, reference]
    if any(len(side.without(group)) < _FEWEST for side in sides for group in range(restored.count)):
        return None
    few = restored.features.size < 100_000  # done in a moment
    groups = progress_bar(range(restored.count), "sets without a group", unit="group", disable=few, leave=False)
    values = [
        scorer.distance(restored.without(group), None if reference is None else reference.without(group))
        for group in groups
    ]
    return tuple(values) if all(map(math.isfinite, values)) else None


def _reference_features(pool: Pool, metric_id: str, files: Mapping[str, Path | RecordedImage]) -> dict[str, Feature]:
    """All are remembered by their pixels: the second method computes none."""
    jobs = (ImageJob(name, (), path, features=(metric_id,)) for name, path in files.items())
    done = progress_bar(pool.stream(jobs), f"{metric_id} of references", len(files), unit="image", leave=False)
    return {job.name: found.features[metric_id] for job, found in done}


def _vectors(features: Mapping[str, Feature]) -> dict[str, np.ndarray]:
    """Of the images that have one."""
    return {name: feature.vector for name, feature in features.items() if feature.vector is not None}
