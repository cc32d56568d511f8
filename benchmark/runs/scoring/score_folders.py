"""Two plain folders, restored and reference, scored without any protocol: a table with a line for each number."""

import csv
import io
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from tqdm import tqdm

from benchmark.metrics.registry import find_metric
from benchmark.metrics.table import Metric
from benchmark.records.scores import split_value
from benchmark.runs.scoring.image_scores import Job, Outcome
from benchmark.runs.scoring.set_scores import References, SetValue, score_set
from benchmark.runs.scoring.workers import Pool, scoring_pool
from degrade.core.errors import InputError
from degrade.core.files import write_bytes
from degrade.splits.pairing import check_images, image_size
from degrade.splits.sources import images_by_name

SUFFIXES = (".csv", ".jsonl")


@dataclass(frozen=True)
class Line:
    """One number. image: None for a mean over the images that have one (n of them) and for a metric of sets."""

    image: str | None
    metric: str
    value: float | None
    unit: str
    n: int | None
    error: str = ""  # "+inf", or why there is no value; of a mean: how many images are not in it


def score_folders(
    restored: Path, reference: Path | None, metric_ids: Sequence[str], workers: int = 1
) -> tuple[Line, ...]:
    """The lines of every image in name order, then the means and the metrics of sets.

    Raises InputError for names or sizes that do not match, and without references for metrics that need them.
    """
    wanted = [find_metric(metric_id) for metric_id in metric_ids]
    needing = [metric.id for metric in wanted if metric.needs_reference]
    if reference is None and needing:
        raise InputError(f"{', '.join(needing)}: expected a folder of references, got none; name one or leave them out")
    files, references = images_by_name(restored), {}
    if reference is not None:
        references = images_by_name(reference)
        check_images(str(restored), files, {name: image_size(path) for name, path in references.items()})
    with scoring_pool(workers, None) as pool:
        jobs = [Job(name, (), path, references.get(name)) for name, path in files.items()]
        return tuple(_lines(pool, wanted, jobs))


def write_lines(out: Path, lines: Sequence[Line]) -> None:
    """Write CSV or JSON lines, as the suffix says; whole or not at all. InputError for another suffix."""
    check_suffix(out)
    rows = [asdict(line) for line in lines]
    if out.suffix.lower() == ".jsonl":
        text = "".join(json.dumps(row, allow_nan=False, ensure_ascii=False) + "\n" for row in rows)
    else:
        table = io.StringIO()
        writer = csv.DictWriter(table, [field.name for field in fields(Line)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        text = table.getvalue()
    write_bytes(out, text.encode())


def check_suffix(out: Path) -> None:
    """InputError unless the file's name says how to write it."""
    if out.suffix.lower() not in SUFFIXES:
        raise InputError(f"{out}: expected a name ending in {' or '.join(SUFFIXES)}")


def _lines(pool: Pool, wanted: Sequence[Metric], jobs: Sequence[Job]) -> Iterator[Line]:
    reasons = pool.unavailable(metric.id for metric in wanted)
    usable = tuple(metric.id for metric in wanted if metric.id not in reasons)
    done = pool.stream(replace(job, metrics=usable) for job in jobs) if usable else iter(())
    found = {metric_id: {} for metric_id in usable}
    for job, outcomes in tqdm(done, "score", len(jobs), unit="image", disable=None):
        for metric_id, outcome in outcomes.items():
            found[metric_id][job.name] = outcome
    of_images = [metric for metric in wanted if metric.id in found and metric.per == "image"]
    for job in jobs:
        yield from (_line(job.name, metric, found[metric.id][job.name]) for metric in of_images)
    references = {job.name: job.reference for job in jobs}
    for metric in wanted:
        if metric.id in reasons:
            yield Line(None, metric.id, None, metric.unit, None, reasons[metric.id])
        elif metric.per == "image":
            yield _mean(metric, found[metric.id].values())
        else:
            against = References(references) if metric.needs_reference else None
            yield _line(None, metric, *score_set(pool, metric.id, found[metric.id], against))


def _line(image: str | None, metric: Metric, outcome: Outcome, n: int | None = None) -> Line:
    found = outcome.value.value if isinstance(outcome.value, SetValue) else outcome.value
    value, error = (None, outcome.error) if found is None else split_value(found)
    return Line(image, metric.id, value, metric.unit, n, error)


def _mean(metric: Metric, outcomes: Iterable[Outcome]) -> Line:
    """Over the finite values; what is not in it is counted in the error."""
    values = [outcome.value for outcome in outcomes]
    finite = [value for value in values if value is not None and math.isfinite(value)]
    left_out = {
        "infinite": sum(value == math.inf for value in values),
        "failed": sum(value is None for value in values),
    }
    error = ", ".join(f"{count} {what}" for what, count in left_out.items() if count)
    return Line(None, metric.id, math.fsum(finite) / len(finite) if finite else None, metric.unit, len(finite), error)
