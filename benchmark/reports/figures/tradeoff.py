"""The perception-distortion trade-off of one network with levels (paper, Secs. 3.2, 3.3 and 4.5, Fig. 8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Required, TypedDict

import numpy as np

from benchmark.metrics import registry as metrics
from benchmark.metrics.base import MetricError, Unavailable
from benchmark.metrics.table import METRICS, with_stand_ins
from benchmark.reports.figures.sheets import heading
from benchmark.reports.figures.tradeoff_plot import FOUND_SHARE, LevelMean, factor_sheet, plot
from benchmark.specs.titles import TASKS
from degrade.core.errors import InputError
from degrade.core.image import Image, from_uint8, to_uint8, write
from degrade.core.progress import Bar, progress_bar
from degrade.core.resize import match_scale
from degrade.core.storage.csv_text import to_csv
from degrade.core.storage.files import JsonLines, object_parser, write_bytes
from degrade.splits.split import Split
from ispl_model.network.variants import IsplConfig
from ispl_model.restoration.restorer import Restorer, load_restorer

DISTORTION, PERCEPTION, FOUND = "psnr.rgb", "lpips.alex", "found.dlib"  # or what can be had in place of the second
_LINE: Any = TypedDict(  # of tradeoff.jsonl, as far as it is relied on; names of metrics are keys
    "_LINE",
    {
        "image": Required[str],
        DISTORTION: Required[float],  # type: ignore[misc]
        FOUND: Required[float | None],
        **dict.fromkeys(with_stand_ins(PERCEPTION), float),
    },
    total=False,
)


@dataclass(frozen=True)
class Tradeoff:
    """The points in the order of the levels, the metric of perception, and the files written."""

    points: tuple[LevelMean, ...]
    perception: str
    files: tuple[Path, ...]


def tradeoff(
    checkpoint: Path, split: Split, out: Path, step: float = 0.5, limit: int | None = None, device: str = "auto"
) -> Tradeoff:
    """Restore the degraded images of a split at every `step` of the level, and score them.

    Writes to `out`: tradeoff.jsonl, a line for each level and image (those of the same checkpoint and split are not
    computed again); tradeoff.csv, the means; tradeoff.png, PSNR against LPIPS; factors.png, Fig. 8 right.
    limit: the first so many images. Raises InputError for a network without levels, images of another side than its
    own or without reference, and where LPIPS cannot be computed.
    """
    restorer = load_restorer(checkpoint, device)
    config = restorer.network.config
    _check(config, checkpoint, split)
    names, perception = split.names[:limit], _perception()
    levels = sweep(config.top_level, step)
    with (
        JsonLines(out / "tradeoff.jsonl", object_parser(_LINE)) as lines,
        progress_bar(total=len(levels) * len(names), unit="image") as bar,
    ):
        points = [_point(restorer.at(level), split, names, perception, lines, bar) for level in levels]
    files = tuple(out / name for name in ("tradeoff.csv", "tradeoff.png", "factors.png"))
    write_bytes(files[0], _table(points, perception).encode())
    task = split.info["recipe"]
    where = f"{TASKS.get(task, task)}, split {split.path.name}"
    write(files[1], plot(points, METRICS[perception].header, where))
    shown = names[:2]
    title = heading(task, checkpoint.name, split.path.name, len(shown), len(split.names))
    write(files[2], factor_sheet(restorer, [split.reference(name) for name in shown], title))
    return Tradeoff(tuple(points), perception, (lines.path, *files))


def sweep(top: int, step: float) -> list[float]:
    """0, step, 2 step, ... and the highest level.

    >>> sweep(2, 0.75)
    [0.0, 0.75, 1.5, 2.0]
    """
    return [*np.arange(0, top, step).tolist(), float(top)]


def closing(done: Tradeoff) -> list[str]:
    """Whether the face is found at every level, and whether the two metrics trade against each other."""
    return [_found_sentence(done.points), _traded_sentence(done.points, METRICS[done.perception].header)]


def _found_sentence(points: Sequence[LevelMean]) -> str:
    if not points[0].faces:
        return "dlib finds no face in the references, so nothing is said of the restored ones"
    lost = [f"{point.level:g} ({point.found:.0%})" for point in points if point.found < FOUND_SHARE]
    if lost:
        return f"dlib finds the face in fewer than {FOUND_SHARE:.0%} of the images at level {', '.join(lost)}"
    return f"dlib finds the face in at least {min(point.found for point in points):.0%} of the images at every level"


def _traded_sentence(points: Sequence[LevelMean], header: str) -> str:
    traded = [f"{a.level:g} to {b.level:g}" for a, b in pairwise(points) if _opposite(a, b)]
    if not traded:
        return f"PSNR and {header} never move in opposite directions: no level trades one for the other"
    return f"PSNR and {header} move in opposite directions, one better and one worse, from level {', '.join(traded)}"


def _opposite(a: LevelMean, b: LevelMean) -> bool:
    """PSNR is better where it is higher, LPIPS where it is lower: both rising is one better and one worse."""
    return (b.distortion - a.distortion) * (b.perception - a.perception) > 0


def _check(config: IsplConfig, checkpoint: Path, split: Split) -> None:
    if not config.levels:
        raise InputError(f"{checkpoint}: was trained without levels, so there is no trade-off; train with --levels")
    if split.info["size"] != config.size:
        raise InputError(f"{split.path}: expected images of {config.size} px, got {split.info['size']} px")
    if not split.has_reference:
        raise InputError(f"{split.path}: has no references to measure against; choose a split with hq/")


def _perception() -> str:
    reasons = []
    for metric in with_stand_ins(PERCEPTION):
        try:
            metrics.load(metric)
        except Unavailable as reason:
            reasons.append(str(reason))
        else:
            return metric
    raise InputError(f"tradeoff: LPIPS cannot be computed here ({'; '.join(reasons)})")


def _point(
    restorer: Restorer, split: Split, names: Sequence[str], perception: str, lines: JsonLines, bar: Bar
) -> LevelMean:
    """The means at the restorer's level, from the lines that are there and new ones."""
    facts = restorer.facts | {"split": split.digest, "perception": perception}
    versions = {metric: METRICS[metric].version for metric in (DISTORTION, perception, FOUND)}
    facts |= {f"{metric} version": version for metric, version in versions.items() if version != 1}
    there = {line.get("image"): line for line in lines.values if perception in line and line.items() >= facts.items()}
    for name in names:
        if name not in there:
            there[name] = facts | {"image": name} | _values(restorer, split, name, perception)
            lines.append(there[name])
        bar.update()
    chosen = [there[name] for name in names]
    found = [line[FOUND] for line in chosen if line[FOUND] is not None]
    distorted, perceived = (float(np.mean([line[metric] for line in chosen])) for metric in (DISTORTION, perception))
    assert restorer.level is not None
    return LevelMean(
        restorer.level, len(chosen), len(found), distorted, perceived, float(np.mean(found)) if found else float("nan")
    )


def _values(restorer: Restorer, split: Split, name: str, perception: str) -> dict[str, Any]:
    reference = split.reference(name)
    (restored,) = restorer.plain([match_scale(split.degraded(name), restorer.size, 1)])
    rounded = from_uint8(to_uint8(restored))  # as every score is, what a file would hold
    return {metric: _value(metric, rounded, reference) for metric in (DISTORTION, perception, FOUND)}


def _value(metric: str, restored: Image, reference: Image) -> float | None:
    try:
        return metrics.load_of_images(metric)(restored, reference)
    except MetricError:  # no face in the reference
        return None


def _table(points: Sequence[LevelMean], perception: str) -> str:
    rows: list[list[object]] = [["level", "images", DISTORTION, perception, "faces", FOUND]]
    for point in points:
        means = [f"{value:.6f}" for value in (point.distortion, point.perception)]
        rows.append([f"{point.level:g}", point.images, *means, point.faces, f"{point.found:.4f}"])
    return to_csv(rows)
