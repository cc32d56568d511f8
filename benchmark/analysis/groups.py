"""Groups of test images that a user names in a file: pose, age, anything; and how far apart a method does on them."""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from unicodedata import normalize

from benchmark.analysis.breakdown import Bin, BinMean, part_images
from benchmark.analysis.runs import Run
from benchmark.analysis.statistics import Interval, difference_interval
from degrade.core.errors import InputError
from degrade.core.storage.paths import read_text


@dataclass(frozen=True)
class Groups:
    """What a file says: the column's name, its bins, and how many images of the split it leaves out."""

    column: str
    bins: tuple[Bin, ...]
    without: int


@dataclass(frozen=True)
class GroupDifference:
    """The largest difference between the means of two groups of one method: of the first, the higher, less the last."""

    parameter: str
    method: str
    groups: tuple[str, str]
    images: tuple[int, int]
    value: float
    interval: Interval | None


def read_groups(file: Path, names: Sequence[str], bins: int) -> Groups:
    """The group of each image of a split, from a CSV file with the columns `name` and one other.

    names: the split's images; the file may call them by name or file name, and hold others, which are left alone. Words
    are groups as they are; numbers, such as ages, are parted as breakdown parts parameters, into at most `bins`.
    Raises InputError for another form, an image named twice, and where no image of the split has a group.
    """
    column, rows = _rows(file)
    known = {_nfc(name): name for name in names}
    found: dict[str, str] = {}
    for name, group in rows:
        ways = (name, Path(name).stem, name.strip(), Path(name.strip()).stem)  # names may begin or end with a space
        own = next((known[way] for way in map(_nfc, ways) if way in known), None)
        if own is None or not group:
            continue
        if own in found:
            raise InputError(f"{file}: expected one line for each image, got two of '{own}'; leave one out")
        found[own] = group
    if not found:
        raise InputError(f"{file}: names no image of this split, such as '{names[0]}'; name images as in its lq/")
    return Groups(column, part_images(_numbers(found) or found, bins), len(names) - len(found))


def largest_differences(points: Sequence[BinMean], runs: Mapping[str, Run], metric: str) -> list[GroupDifference]:
    """Of each method the two groups furthest apart, with the interval of their difference; none below two groups."""
    found = []
    for method, own in groupby(sorted(points, key=lambda point: list(runs).index(point.method)), _method):
        ordered = sorted(own, key=lambda point: point.value)
        if len(ordered) > 1:
            found.append(_difference(ordered[-1], ordered[0], method, runs[method].by_image(metric)))
    return found


def sentences(groups: Groups, apart: Sequence[GroupDifference]) -> list[str]:
    """What a reader of the table must know."""
    found = [f"{groups.without} images of the split have no group and are in no row"] if groups.without else []
    if apart:
        found.append(
            "The difference is of the two groups furthest apart, each resampled on its own: of more than two "
            "groups it is chosen for being large, so 0 outside its interval is a hint, not a test"
        )
    return found


def _nfc(name: str) -> str:
    return normalize("NFC", name)


def _method(point: BinMean) -> str:
    return point.method


def _difference(high: BinMean, low: BinMean, method: str, values: Mapping[str, float]) -> GroupDifference:
    sides = [[values[name] for name in point.bin.images if name in values] for point in (high, low)]
    return GroupDifference(
        high.parameter, method, (high.bin.label, low.bin.label), (high.images, low.images), high.value - low.value,
        difference_interval(*sides),
    )  # fmt: skip


def _rows(file: Path) -> tuple[str, list[tuple[str, str]]]:
    """(the other column's name, (name with its spaces, group) of each line)."""
    try:
        rows = csv.reader(io.StringIO(read_text(file)))
        lines = [line for line in rows if any(line)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{file}: expected a readable CSV file ({error})") from error
    head = [entry.strip() for entry in lines[0]] if lines else []
    if len(head) != 2 or "name" not in head or head[0] == head[1]:
        raise InputError(f"{file}: expected the columns 'name' and one other, got {', '.join(head) or 'nothing'}")
    odd = next((number for number, line in enumerate(lines, 1) if len(line) != 2), None)
    if odd:
        raise InputError(f"{file}: expected two columns in every line, got {len(lines[odd - 1])} in line {odd}")
    place = head.index("name")
    return head[1 - place], [(line[place], line[1 - place].strip()) for line in lines[1:]]


def _numbers(groups: Mapping[str, str]) -> dict[str, float]:
    """The groups as numbers; empty where one is none."""
    try:
        found = {name: float(group) for name, group in groups.items()}
    except ValueError:
        return {}
    return found if all(map(math.isfinite, found.values())) else {}
