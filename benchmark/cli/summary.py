"""What a command prints at its end: means of its scores, what it made, and how long each stage took."""

import math
from collections.abc import Iterable, Sequence

from benchmark.metrics.registry import find_metric
from benchmark.records.scores import Score, corrected
from benchmark.runs.request import RunSummary, stages


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
    return [*_aligned(rows), *_reasons(scores)]


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
    lines += [f"left out: {name}: {sentence}" for name, sentence in summary.errors]
    folders = list(dict.fromkeys(path.parent for path in summary.places))
    return lines + [f"score lines: {folder}" for folder in folders]


def _cell(scores: Sequence[Score]) -> str:
    finite = [score for score in scores if score.value is not None]
    infinite = sum(score.error == "+inf" for score in scores)
    failed = len(scores) - len(finite) - infinite
    if not scores:
        return "-"
    if not finite and not infinite:
        return "unavailable" if scores[0].error.startswith("unavailable") else f"none ({failed} failed)"
    mean = _mean(finite) if finite else "inf"
    count = finite[0].n if finite and finite[0].image is None else len(finite) or infinite
    notes = [f"n={count}"] + [f"{infinite} inf"] * bool(infinite and finite) + [f"{failed} failed"] * bool(failed)
    return f"{mean} ({', '.join(notes)})"


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


def _reasons(scores: Iterable[Score]) -> list[str]:
    """Each reason once, with how often it was given."""
    counts: dict[str, int] = {}
    for score in scores:
        if score.value is None and score.error != "+inf":
            counts[f"{score.metric}: {score.error}"] = counts.get(f"{score.metric}: {score.error}", 0) + 1
    return [reason if count == 1 else f"{reason} ({count} times)" for reason, count in counts.items()]
