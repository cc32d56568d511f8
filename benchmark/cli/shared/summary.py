"""What a command prints at its end: means of its scores, what it made, and how long each stage took."""

import math
from collections.abc import Collection, Iterable, Iterator, Sequence

from benchmark.metrics.registry import find_metric
from benchmark.records.scores import Score, corrected
from benchmark.records.words import NOT_RESTORED, UNAVAILABLE, is_failure, is_unavailable
from benchmark.runs.request import RunSummary, stages
from degrade.cli.console import fitting
from degrade.cli.reasons import by_reason


def means(scores: Sequence[Score]) -> list[str]:
    """A table with a line for each metric and a column for each task; reasons of failures below it.

    A cell is the mean over the images that have a number, with the number of images (n) and of
    failures. Infinite values are counted beside the mean, never averaged. A Frechet distance is shown as in the
    tables, reduced in bias, with the plain one behind it.
    """
    tasks = list(dict.fromkeys(score.task for score in scores))
    metrics = dict.fromkeys((score.metric, score.unit) for score in scores)
    rows = [["metric", *tasks]]
    for metric, unit in metrics:
        cells = [_cell([score for score in scores if (score.task, score.metric) == (task, metric)]) for task in tasks]
        rows.append([metric if unit == "1" else f"{metric} ({unit})", *cells])
    return [*_aligned(rows), *reasons(_without_number(scores))]


def failures(scores: Iterable[Score]) -> list[str]:
    """The reasons of what failed alone, see `reasons`."""
    return reasons(one for one in _without_number(scores) if is_failure(one[2]))


def closing(summary: RunSummary) -> list[str]:
    """What was made and what was reused, how long it took, and where the files are."""
    tunings = f"choices of parameters: {summary.tunings_made} made, {summary.tunings_reused} reused; "
    lines = [
        f"trainings: {summary.trainings_made} made, {summary.trainings_reused} reused; "
        f"{tunings if summary.tunings_made + summary.tunings_reused else ''}"
        f"splits made: {summary.splits_made}; "
        f"scores: {summary.scores_made} made, {summary.scores_reused} reused",
        "time: " + stages(summary),
    ]
    lines += [f"left out: {line}" for line in by_reason(summary.errors)]
    folders = list(dict.fromkeys(path.parent for path in summary.places))
    return lines + [f"score lines: {folder}" for folder in folders]


def _without_number(scores: Iterable[Score]) -> Iterator[tuple[str | None, str, str]]:
    """(image of a task, metric, error); an infinite value is a number."""
    for score in scores:
        if score.value is None and score.error != "+inf":
            yield (None if score.image is None else f"{score.task} {score.image}"), score.metric, score.error


def _cell(scores: Sequence[Score]) -> str:
    finite = [score for score in scores if score.value is not None]
    infinite = sum(score.error == "+inf" for score in scores)
    failed = sum(is_failure(score.error) for score in scores)
    absent = len(scores) - len(finite) - infinite - failed  # a metric may have no value for an image
    if not scores:
        return "-"
    if not finite and not infinite:
        unavailable = is_unavailable(scores[0].error)
        return "unavailable" if unavailable else f"none ({', '.join(_counted(failed, absent))})"
    mean = _mean(finite) if finite else "inf"
    count = finite[0].n if finite and finite[0].image is None else len(finite) or infinite
    notes = [f"n={count}"] + [f"{infinite} inf"] * bool(infinite and finite)
    return f"{mean} ({', '.join([*notes, *_counted(failed, absent)])})"


def _counted(failed: int, absent: int) -> list[str]:
    return [f"{count} {what}" for count, what in ((failed, "failed"), (absent, "without a value")) if count]


def _mean(finite: Sequence[Score]) -> str:
    plain = [score.value for score in finite if score.value is not None]
    text = f"{math.fsum(plain) / len(plain):.4g}"
    if not find_metric(finite[0].metric).frechet_over:
        return text
    pairs = [(score.value, score.replicates) for score in finite]
    found = [corrected(value, replicates) for value, replicates in pairs if value is not None and replicates]
    if len(found) < len(plain):
        return f"{text}, not reduced in bias"
    return f"{math.fsum(found) / len(found):.4g} reduced in bias, plain {text}"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def reasons(scores: Iterable[tuple[str | None, str, str]]) -> list[str]:
    """Why (image, metric, error) have no number: each reason once, with the metrics and images it concerns.

    What keeps an image from every metric is said without them. A set that lacks such images adds nothing.
    """
    found: dict[str, tuple[dict[str, None], dict[str, None]]] = {}
    for image, metric, error in sorted(scores, key=lambda score: score[0] is None):
        if image is None and any(known in error for known in found):
            continue
        metrics, images = found.setdefault(error, ({}, {}))
        metrics[metric] = None
        images |= {image: None} if image is not None else {}
    return [_reason(error, *concerned) for error, concerned in found.items()]


def _reason(error: str, metrics: Iterable[str], images: Collection[str]) -> str:
    error = fitting(error)
    which = "" if error.startswith((NOT_RESTORED, UNAVAILABLE)) else f"{', '.join(metrics)}: "
    return f"{which}{error} ({len(images)} images)" if len(images) > 1 else f"{which}{error}"


def exit_status(summary: RunSummary, named: Collection[str] = ()) -> int:
    """1 where faces were left out, or scores failed that were asked for, else 0.

    named: as have_failed takes them.
    """
    lines = ((score.task, score.metric, score.value, score.error) for score in summary.scores)
    return int(have_failed(lines, named) or bool(summary.errors))


def have_failed(scores: Iterable[tuple[str, str, float | None, str]], named: Collection[str]) -> bool:
    """Whether something broke, or a metric that was asked for has no number at all on a test set.

    scores: (test set, metric, value, error). named: metrics that the user asked for by id; one of a protocol may be
    unavailable, or have no value.
    """
    numbers: dict[tuple[str, str], bool] = {}
    broken = False
    for test_set, metric, value, error in scores:
        broken |= is_failure(error)
        is_number = value is not None or error == "+inf"
        numbers[test_set, metric] = numbers.get((test_set, metric), False) or is_number
    return broken or any(metric in named and not there for (_, metric), there in numbers.items())
