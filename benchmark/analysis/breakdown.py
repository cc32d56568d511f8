"""A metric by how each image was degraded: bins of noise level, factor, quality, ..."""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any

from benchmark.analysis.runs import Run
from benchmark.analysis.statistics import Interval, mean, mean_interval
from benchmark.metrics.facts import check_known, facts_of
from degrade.core.errors import InputError, unknown
from degrade.core.storage import strict_json
from degrade.operators.chain import OPERATORS
from degrade.operators.words import operator_words, words_of

OPERATOR = "operator"  # the parameter that says which operators an image went through
FEWEST = 5  # images of a bin that is shown: of fewer an interval says little
_TELLING = 5  # different values: of fewer two parameters may rise together by chance
_PARAMETER = re.compile(r"(\w+?)(?:\[(\d+)\])?(?:\.(\w+))?")


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


@dataclass(frozen=True)
class Breakdown:
    """The means of the bins that are shown, and (parameter, bin, images) of those left out for having too few."""

    points: tuple[BinMean, ...]
    left_out: tuple[tuple[str, Bin, int], ...]


def bin_words(parameter: str, part: Bin) -> str:
    """A bin's label as a reader calls it."""
    return in_words(part.label) if parameter == OPERATOR else part.label


def panels(points: Sequence[BinMean]) -> dict[str, list[BinMean]]:
    """The points of each parameter, which are drawn together."""
    return {parameter: list(own) for parameter, own in groupby(points, key=lambda point: point.parameter)}


def in_words(parameter: str) -> str:
    """A parameter, or a use of an operator, as a reader calls it; what is neither, such as a column, stays as it is.

    >>> [in_words(name) for name in ("GaussianBlur.sigma", "Resize[2].height", "Jpeg", "pose")]
    ['Gaussian blur sigma, px', 'Resize (use 2) result height, px', 'JPEG', 'pose']
    """
    found = _PARAMETER.fullmatch(parameter)
    if not found or found[1] not in OPERATORS:
        return parameter
    use = f" (use {found[2]})" if found[2] else ""
    field = f" {words_of(OPERATORS[found[1]])[found[3]]}" if found[3] else ""
    return f"{operator_words(found[1])}{use}{field}"


def parameters(records: Sequence[Mapping[str, Any]], bins: int) -> dict[str, tuple[Bin, ...]]:
    """What varies between the images of a split, each parameter with bins of about equally many images.

    records: lines of metadata.jsonl. A parameter is called Operator.name, or Operator[2].name of an operator's second
    use in a chain; its value is the realised one where there is one, else the drawn. At most `bins` different values
    get a bin each. Images without the operator are in no bin of it. The bins of `operator` are the operators that some
    images lack, and overlap. Of parameters that part the images alike (height and width), or rise or fall with each
    other (factor and height), the first is kept, and of uses of one operator in the same images.
    """
    values: dict[str, dict[str, Any]] = {}
    users: dict[str, list[str]] = {}
    for record in records:
        for operator, own in operators_of(record):
            users.setdefault(operator, []).append(record["name"])
            for name, value in own.items():
                values.setdefault(f"{operator}.{name}", {})[record["name"]] = value
    some = {operator: images for operator, images in users.items() if len(images) < len(records)}
    first_use: dict[tuple[str, tuple[str, ...]], str] = {}
    for operator, images in sorted(some.items()):
        first_use.setdefault((operator.partition("[")[0], tuple(images)), operator)
    found = {OPERATOR: tuple(Bin(operator, None, images) for (_, images), operator in first_use.items())}
    found |= {parameter: part_images(of_images, bins) for parameter, of_images in _drawn_apart(values).items()}
    first: dict[tuple[tuple[str, ...], ...], str] = {}
    for parameter, made in found.items():
        first.setdefault(tuple(part.images for part in made), parameter)
    return {parameter: found[parameter] for parts, parameter in first.items() if len(parts) > 1}


def _drawn_apart(values: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Parameter -> image -> value, in order, without those that are an earlier one's in other units."""
    kept: dict[str, Mapping[str, Any]] = {}
    for parameter, own in sorted(values.items()):
        if not any(_is_one_draw(other, own) for other in kept.values()):
            kept[parameter] = own
    return kept


def _is_one_draw(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    """Whether of two parameters of the same images, with values enough to tell, one rises or falls with the other."""
    both = (first, second)
    if first.keys() != second.keys() or any(isinstance(value, str) for own in both for value in own.values()):
        return False
    if min(len(set(own.values())) for own in both) < _TELLING:
        return False
    orders = (sorted((first[name], sign * second[name]) for name in first) for sign in (1, -1))
    return any(all(one[1] <= other[1] for one, other in pairwise(order)) for order in orders)


def chosen_parameters(records: Sequence[Mapping[str, Any]], by: Sequence[str], bins: int) -> dict[str, tuple[Bin, ...]]:
    """As `parameters`, of those in `by`, or all; InputError where nothing varies, and for one that does not."""
    varying = parameters(records, bins)
    if not varying:
        raise InputError("breakdown: all images of this split have the same degradation; choose another task")
    for parameter in by:
        if parameter not in varying:
            raise unknown("parameter", parameter, varying)
    return {parameter: varying[parameter] for parameter in by or varying}


def breakdown(runs: Mapping[str, Run], metric: str, parts: Mapping[str, Sequence[Bin]]) -> Breakdown:
    """The means of a metric of images by parameter, bin and method. parts: the bins of each parameter.

    A bin in which a method has fewer than FEWEST values is left out.
    Raises InputError for a metric of sets, a method without values, and where no bin is left.
    """
    check_known(metric, {name for run in runs.values() for name in run.metrics})
    if facts_of(metric).per == "set":
        raise InputError(f"{metric}: is a number of a whole set; breakdown needs a metric of images")
    values = {method: run.by_image(metric) for method, run in runs.items()}
    absent = next((method for method, found in values.items() if not found), None)
    if absent:
        raise InputError(f"{metric}: {absent} has no values of it; score it first")
    points, left_out = [], []
    for parameter, bins in parts.items():
        for part in bins:
            valued = {method: [own[name] for name in part.images if name in own] for method, own in values.items()}
            fewest = min(map(len, valued.values()))
            if fewest < FEWEST:
                left_out.append((parameter, part, fewest))
                continue
            points += [_point(parameter, part, method, own) for method, own in valued.items()]
    if not points:
        raise InputError(f"breakdown: no bin has {FEWEST} images with values; give fewer --bins, or score more images")
    return Breakdown(tuple(points), tuple(left_out))


def operators_of(record: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(name, parameters) of each operator of an image, without the seeds, which mean nothing.

    Raises InputError for a record that does not say how its image was degraded.
    """
    uses: Counter[str] = Counter()
    try:
        steps = [
            (step["op"], {**strict_json.fields_of(step, "drawn"), **strict_json.fields_of(step, "realised")})
            for step in record["operators"]
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{record['name']}: its degradation cannot be read ({error}); make the split again") from error
    for kind, found in steps:
        uses[kind] += 1
        name = kind if uses[kind] == 1 else f"{kind}[{uses[kind]}]"
        yield (
            name,
            {key: value for key, value in found.items() if key != "seed" and isinstance(value, int | float | str)},
        )


def part_images(of_images: Mapping[str, Any], count: int) -> tuple[Bin, ...]:
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


def _point(parameter: str, part: Bin, method: str, found: Sequence[float]) -> BinMean:
    return BinMean(parameter, part, method, len(found), mean(found), mean_interval([[value] for value in found]))
