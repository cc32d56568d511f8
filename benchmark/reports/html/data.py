"""What the script of a page knows: plain values for JSON."""

from collections.abc import Mapping
from typing import Any

from benchmark.metrics.facts import facts_of
from benchmark.reports.html.content import TestSet
from benchmark.reports.html.pictures import Column, safe
from benchmark.reports.html.words import degradation

_DIGITS = 6  # of a value, which is shown with fewer


def plain(found: TestSet, pictures: Mapping[str, Column], colours: Mapping[str, str]) -> dict[str, Any]:
    """One test set: its images with their degradation in words, and each method's values, errors and pictures."""
    names = found.images
    records = {record["name"]: record for record in found.split.records} if found.split else {}
    columns = [_column("degraded", "Degraded input", "", found, pictures.get("degraded"))]
    columns += [
        _column(kind, found.name(key), colours[key], found, pictures.get(kind)) | _scores(found, key)
        for key, run in found.runs.items()
        if run.scores and (kind := f"method:{key}")
    ]
    columns.append(_column("reference", "Reference", "", found, pictures.get("reference")))
    return {
        "title": found.title,
        "hidden": found.hidden,
        "size": found.size,
        "metrics": [_metric(metric) for metric in _of_images(found)],
        "images": [_image(name, records.get(name)) for name in names],
        "columns": [column for column in columns if column["folder"] or "values" in column],
    }


def _of_images(found: TestSet) -> list[str]:
    """The metrics that some image has a value of."""
    return [metric for metric in found.metrics if any(run.by_image(metric) for run in found.runs.values())]


def _metric(metric_id: str) -> dict[str, Any]:
    """rising: 1 where higher is better, -1 where lower is, 0 where neither."""
    metric = facts_of(metric_id)
    rising = {True: 1, False: -1, None: 0}[metric.higher_is_better]
    return {"id": metric.id, "header": metric.header, "rising": rising, "decimals": metric.decimals}


def _image(name: str, record: Mapping[str, Any] | None) -> dict[str, Any]:
    return {"name": name, "file": safe(name), "words": degradation(record) if record else ()}


def _column(kind: str, title: str, colour: str, found: TestSet, column: Column | None) -> dict[str, Any]:
    """One kind of picture; folder: where they lie, empty where there are none; missing: places of those not there."""
    missing = [place for place, name in enumerate(found.images) if column and name not in column.files]
    folder = column.folder if column and column.files else ""
    return {"kind": kind, "title": title, "colour": colour, "folder": folder, "missing": missing}


def _scores(found: TestSet, key: str) -> dict[str, Any]:
    """values: metric -> a number or null for each image. errors: metric -> place of an image -> why it has none."""
    run, places = found.runs[key], {name: place for place, name in enumerate(found.images)}
    values, errors = {}, {}
    for metric in _of_images(found):
        by_image = run.by_image(metric)
        values[metric] = [_rounded(by_image.get(name)) for name in places]
        errors[metric] = {
            str(places[score.image]): score.error
            for score in run.scores
            if score.metric == metric and score.image is not None and score.error
        }
    return {"values": values, "errors": {metric: own for metric, own in errors.items() if own}}


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{_DIGITS}g}")
