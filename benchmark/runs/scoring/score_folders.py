"""Two plain folders, restored and reference, scored without any protocol: a table with a line for each number.

`score_folders` gives a pandas table, `folder_lines` what it is made of.
"""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.metrics.base import Metric
from benchmark.metrics.registry import find_metric
from benchmark.records.scores import corrected, split_value
from benchmark.records.words import is_failure
from benchmark.runs.scoring.image_scores import Feature, ImageJob, ImageValue
from benchmark.runs.scoring.score import FIDELITY
from benchmark.runs.scoring.set_scores import References, SetValue, score_set
from benchmark.runs.scoring.workers import Pool, scoring_pool
from degrade.core.errors import InputError
from degrade.core.formats.container import image_size
from degrade.core.names import as_names
from degrade.core.packages import needed_for
from degrade.core.progress import progress_bar
from degrade.core.storage.csv_text import to_csv
from degrade.core.storage.files import write_bytes
from degrade.splits.pairing import check_images
from degrade.splits.sources import images_by_name

if TYPE_CHECKING:
    import pandas

SUFFIXES = (".csv", ".jsonl")


@dataclass(frozen=True)
class FolderScore:
    """One number. image: None for a mean over the images that have one (n of them) and for a metric of sets.

    value: of a Frechet distance reduced in bias (records.scores.corrected), where plain is as it was computed.
    error: "+inf", of a mean where all values that there are are infinite; or why there is no value; or, of a mean, how
    many images are not in it.
    """

    image: str | None
    metric: str
    value: float | None
    unit: str
    n: int | None
    error: str = ""
    plain: float | None = None


def score_folders(
    restored: Path | str,
    reference: Path | str | None = None,
    metrics: Sequence[str] | str = FIDELITY,
    workers: int = 1,
) -> "pandas.DataFrame":
    """Score the images of one folder, against the references of the same names in another if one is given.

    metrics: one or several ids of METRICS, or pyiqa:NAME. A row for each image and metric, then one for each without an
    image: the mean over the `n` images that have a finite value, or the number of a metric of sets. value is NaN where
    `error` says why ("+inf", no weights here, no face found, ...). workers: processes that score.
    Raises InputError for an unknown metric, folders without images, names or sizes that do not match, and for a metric
    that needs a reference where there is none. The numbers are those of `benchmark score`.

    >>> import tempfile
    >>> from degrade import make_split
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     make_split(folder, None, "jpeg", size=64, limit=2).made
    ...     score_folders(f"{folder}/lq", f"{folder}/hq", ["psnr.rgb"])["n"].tolist()
    2
    [<NA>, <NA>, 2]
    """
    with needed_for("a table of scores"):
        import pandas  # here, because it takes half a second

    lines = folder_lines(Path(restored), None if reference is None else Path(reference), as_names(metrics), workers)
    table = pandas.DataFrame([asdict(line) for line in lines], columns=[field.name for field in fields(FolderScore)])
    return table.astype({"value": float, "n": "Int64"})


def folder_lines(
    restored: Path, reference: Path | None, metric_ids: Sequence[str], workers: int = 1
) -> tuple[FolderScore, ...]:
    """The lines of every image in name order, then the means and the metrics of sets.

    Raises InputError for names or sizes that do not match, and without references for metrics that need them.
    """
    wanted = [find_metric(metric_id) for metric_id in metric_ids]
    recorded = ", ".join(metric.id for metric in wanted if metric.needs_record)
    if recorded:
        raise InputError(f"{recorded}: needs the record of a split; score it with `benchmark run --metrics`")
    needing = [metric.id for metric in wanted if metric.needs_reference]
    if reference is None and needing:
        raise InputError(f"{', '.join(needing)}: expected a folder of references, got none; name one or leave them out")
    files, references = images_by_name(restored), {}
    if reference is not None:
        references = images_by_name(reference)
        check_images(str(restored), files, {name: image_size(path) for name, path in references.items()})
    with scoring_pool(workers, None) as pool:
        jobs = [ImageJob(name, (), path, references.get(name)) for name, path in files.items()]
        return tuple(_lines(pool, wanted, jobs))


def write_lines(out: Path, lines: Sequence[FolderScore]) -> None:
    """Write CSV or JSON lines, as the suffix says; whole or not at all. InputError for another suffix."""
    check_suffix(out)
    rows = [asdict(line) for line in lines]
    if out.suffix.lower() == ".jsonl":
        text = "".join(json.dumps(row, allow_nan=False, ensure_ascii=False) + "\n" for row in rows)
    else:
        text = to_csv([[field.name for field in fields(FolderScore)], *(list(row.values()) for row in rows)])
    write_bytes(out, text.encode())


def check_suffix(out: Path) -> None:
    """InputError unless the file's name says how to write it."""
    if out.suffix.lower() not in SUFFIXES:
        raise InputError(f"{out}: expected a name ending in {' or '.join(SUFFIXES)}")


def _lines(pool: Pool, wanted: Sequence[Metric], jobs: Sequence[ImageJob]) -> Iterator[FolderScore]:
    reasons = pool.unavailable(metric.id for metric in wanted)
    usable = [metric for metric in wanted if metric.id not in reasons]
    of_images = tuple(metric.id for metric in usable if metric.per == "image")
    of_sets = tuple(metric.id for metric in usable if metric.per == "set")
    values: dict[str, dict[str, ImageValue]] = {}  # image -> metric -> value
    features: dict[str, dict[str, Feature]] = {metric: {} for metric in of_sets}
    done = pool.stream(replace(job, metrics=of_images, features=of_sets) for job in jobs) if usable else iter(())
    for job, found in progress_bar(done, "score", len(jobs), unit="image"):
        values[job.name] = found.values
        for metric_id, feature in found.features.items():
            features[metric_id][job.name] = feature
    for name, own in values.items():
        yield from (_line(name, find_metric(metric_id), value) for metric_id, value in own.items())
    for metric_id, vectors in features.items():
        faults = {name: feature.error for name, feature in vectors.items() if is_failure(feature.error)}
        yield from (_line(name, find_metric(metric_id), ImageValue(None, fault)) for name, fault in faults.items())
    references = {job.name: job.reference for job in jobs if job.reference is not None}
    for metric in wanted:
        if metric.id in reasons:
            yield FolderScore(None, metric.id, None, metric.unit, None, reasons[metric.id])
        elif metric.per == "image":
            yield _mean(metric, [own[metric.id] for own in values.values()])
        else:
            against = References(references) if metric.needs_reference else None
            yield _line(None, metric, score_set(pool, metric.id, features[metric.id], against))


def _line(image: str | None, metric: Metric, found: ImageValue | SetValue) -> FolderScore:
    value, error = (None, found.error) if found.value is None else split_value(found.value)
    if not isinstance(found, SetValue):
        return FolderScore(image, metric.id, value, metric.unit, None, error)
    plain = value if metric.frechet_over else None
    if plain is not None and found.replicates:
        value = corrected(plain, found.replicates)
    return FolderScore(image, metric.id, value, metric.unit, found.n, error, plain)


def _mean(metric: Metric, found: Sequence[ImageValue]) -> FolderScore:
    """Over the finite values; what is not in it is counted in the error. Infinite where all that there are are so."""
    values = [one.value for one in found]
    finite = [value for value in values if value is not None and math.isfinite(value)]
    failed, infinite = sum(is_failure(one.error) for one in found), sum(value == math.inf for value in values)
    if infinite and not finite:
        return FolderScore(None, metric.id, None, metric.unit, infinite, "+inf")
    left_out = {
        "infinite": infinite,
        "failed": failed,
        "without a value": sum(value is None for value in values) - failed,
    }
    error = ", ".join(f"{count} {what}" for what, count in left_out.items() if count)
    return FolderScore(
        None, metric.id, math.fsum(finite) / len(finite) if finite else None, metric.unit, len(finite), error
    )
