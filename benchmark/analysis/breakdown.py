"""A metric by how each image was degraded: bins of noise level, factor, quality, ..."""

import json
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmark.analysis.runs import Run
from benchmark.analysis.statistics import Interval, mean, mean_interval
from benchmark.metrics.registry import find_metric
from degrade.core.errors import InputError, unknown

OPERATOR = "operator"  # the parameter that says which operators an image went through


@dataclass(frozen=True)
class Bin:
    """Images alike in one parameter. label: its value or range of values; place: their mean, None without numbers."""

    label: str
    place: float | None
    images: tuple[str, ...]


@dataclass(frozen=True)
class BinMean:
    """The mean of one method over those images of a bin that have a finite value."""

    parameter: str
    bin: Bin
    method: str
    images: int
    value: float
    interval: Interval | None


def parameters(records: Sequence[Mapping[str, Any]], bins: int) -> dict[str, tuple[Bin, ...]]:
    """What varies between the images of a split, each parameter with bins of about equally many images.

    records: lines of metadata.jsonl. A parameter is called Operator.name, or Operator[2].name of an operator's second
    use in a chain; its value is the realised one where there is one, else the drawn. At most `bins` different values
    get a bin each. Images without the operator are in no bin of it. The bins of `operator` are the operators that some
    images lack, and overlap. Of parameters that part the images alike (height and width) the first is kept.
    """
    values: dict[str, dict[str, Any]] = {}
    users: dict[str, list[str]] = {}
    for record in records:
        for operator, own in _operators(record):
            users.setdefault(operator, []).append(record["name"])
            for name, value in own.items():
                values.setdefault(f"{operator}.{name}", {})[record["name"]] = value
    some = {operator: images for operator, images in users.items() if len(images) < len(records)}
    found = {OPERATOR: tuple(Bin(operator, None, tuple(images)) for operator, images in sorted(some.items()))}
    found |= {parameter: _bins(of_images, bins) for parameter, of_images in sorted(values.items())}
    first: dict[tuple[tuple[str, ...], ...], str] = {}
    for parameter, made in found.items():
        first.setdefault(tuple(part.images for part in made), parameter)
    return {parameter: found[parameter] for parts, parameter in first.items() if len(parts) > 1}


def breakdown(
    runs: Mapping[str, Run], metric: str, records: Sequence[Mapping[str, Any]], by: Sequence[str], bins: int
) -> list[BinMean]:
    """The means of a metric of images by parameter, bin and method; `by` empty for every parameter that varies.

    Raises InputError for a metric of sets, a parameter that does not vary and a method without values.
    """
    if find_metric(metric).per == "set":
        raise InputError(f"{metric}: is a number of a whole set; breakdown needs a metric of images")
    values = {method: run.by_image(metric) for method, run in runs.items()}
    absent = next((method for method, found in values.items() if not found), None)
    if absent:
        raise InputError(f"{metric}: {absent} has no values of it; score it first")
    varying = parameters(records, bins)
    if not varying:
        raise InputError("breakdown: all images of this split have the same degradation; choose another task")
    for parameter in by:
        if parameter not in varying:
            raise unknown("parameter", parameter, varying)
    return [
        point
        for parameter in by or varying
        for part in varying[parameter]
        for method in runs
        for point in _points(parameter, part, method, values[method])
    ]


def _operators(record: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(name, parameters) of each operator of an image, without the seeds, which mean nothing."""
    uses: Counter[str] = Counter()
    for step in record["operators"]:
        uses[step["op"]] += 1
        name = step["op"] if uses[step["op"]] == 1 else f"{step['op']}[{uses[step['op']]}]"
        own = json.loads(step["drawn"]) | json.loads(step["realised"])
        yield name, {key: value for key, value in own.items() if key != "seed" and isinstance(value, int | float | str)}


def _bins(of_images: Mapping[str, Any], count: int) -> tuple[Bin, ...]:
    """Words, and at most `count` different numbers, get a bin each; other numbers one for each quantile."""
    numbers = not any(isinstance(value, str) for value in of_images.values())
    known = dict(of_images) if numbers else {image: str(value) for image, value in of_images.items()}
    values, different = sorted(known.values()), sorted(set(known.values()))
    cuts = different[1:]
    if numbers and len(different) > count:
        ends = (values[len(values) * part // count - 1] for part in range(1, count))  # a quantile's last value ...
        after = ({*different[bisect_right(different, end) :][:1]} for end in ends)  # ... and the value after it
        cuts = sorted(set().union(*after))
    inside: dict[int, dict[str, Any]] = {}
    for image, value in known.items():
        inside.setdefault(bisect_right(cuts, value), {})[image] = value
    return tuple(_bin(found, numbers) for _, found in sorted(inside.items()))


def _bin(found: Mapping[str, Any], numbers: bool) -> Bin:
    if not numbers:
        return Bin(next(iter(found.values())), None, tuple(found))
    ends = [f"{end:.4g}" for end in (min(found.values()), max(found.values()))]
    return Bin(" to ".join(dict.fromkeys(ends)), mean(list(found.values())), tuple(found))


def _points(parameter: str, part: Bin, method: str, values: Mapping[str, float]) -> Iterator[BinMean]:
    found = [values[name] for name in part.images if name in values]
    if found:
        yield BinMean(parameter, part, method, len(found), mean(found), mean_interval([[value] for value in found]))
