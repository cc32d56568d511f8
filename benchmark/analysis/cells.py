"""From score lines to the value of one table cell, with its notes."""

import math
from collections import Counter
from dataclasses import dataclass, replace

from benchmark.analysis.statistics import (
    Interval,
    mean,
)
from benchmark.records.scores import Score
from benchmark.records.words import is_unavailable

NOT_RUN = "not run"
MISSING = "unavailable"
NO_VALUE = "n/a"
MEASURED = "measured"
NO_REPLICATES = (
    "no interval, and a Frechet distance not reduced in bias: its score lines hold no values without each group of "
    "images; score it again for them"
)


@dataclass(frozen=True)
class Cell:
    """One measured value, or why there is none.

    state: MEASURED, NOT_RUN, MISSING (weights or packages are) or NO_VALUE (every try failed).
    value: mean over images and training seeds, or the set's score, a Frechet distance corrected by the jackknife;
        math.inf when every one is infinite.
    plain: a Frechet distance as it was scored, None of the others.
    scored, failed: images in the mean (of a set score: in the set), and tries that gave no number.
    notes: sentences that a table shows as footnotes.
    interval: 95 %, of a mean by bootstrap, of a set score by jackknife; None where there is none.
    seeds: trainings behind the value, 0 of what is not trained. over_seeds: 95 % by Student's t over what each of them
        gives; None of fewer than three.
    deviation: of a kernel distance over its subsets.
    alike: computed as the newest scores of its column are and on the same images, a Frechet distance reduced in bias.
    """

    state: str
    value: float | None = None
    scored: int = 0
    failed: int = 0
    notes: tuple[str, ...] = ()
    interval: Interval | None = None
    seeds: int = 0
    over_seeds: Interval | None = None
    deviation: float | None = None
    alike: bool = True
    plain: float | None = None

    @property
    def number(self) -> float:
        """The value of a measured cell."""
        if self.value is None:
            raise ValueError(f"the cell has no value: {self.state}")
        return self.value


def summarise(scores: list[Score]) -> Cell:
    """The cell of one row and metric from its score lines.

    Infinite values (PSNR of equal images) are counted and left out of a mean of finite ones; only when
    every value is infinite is the cell infinite. Failures are counted and their reasons noted.
    """
    if not scores:
        return Cell(NOT_RUN)
    finite = [score for score in scores if score.value is not None]
    infinite = sum(score.error == "+inf" for score in scores)
    failures = [score.error for score in scores if score.value is None and score.error != "+inf"]
    if len(failures) == len(scores) and all(map(is_unavailable, failures)):
        return Cell(MISSING, notes=tuple(sorted({reason.rstrip(".") for reason in failures})))
    notes = _failure_note(failures, len(scores))
    if finite:
        notes += _infinite_note(infinite, len(scores))
        value = mean([score.value for score in finite if score.value is not None])
        return Cell(MEASURED, value, _images(finite), len(failures), notes)
    if infinite:
        return Cell(MEASURED, math.inf, infinite, len(failures), notes)
    return Cell(NO_VALUE, failed=len(failures), notes=notes)


def outdated(cell: Cell, why: str) -> Cell:
    """A cell that was made in another way than those of the newest run, which is said where it has a value."""
    if cell.state != MEASURED:
        return cell
    return replace(cell, alike=False, notes=(*cell.notes, why))


def _images(finite: list[Score]) -> int:
    """Images behind the values: those named, or the size of the set."""
    named = {score.image for score in finite} - {None}
    return len(named) if named else max(score.n or 0 for score in finite)


def _failure_note(failures: list[str], tries: int) -> tuple[str, ...]:
    if not failures:
        return ()
    reason = Counter(sorted(failures)).most_common(1)[0][0].rstrip(".")
    often = "" if len(set(failures)) == 1 else "most often: "
    return (f"{len(failures)} of {tries} without a value ({often}{reason})",)


def _infinite_note(infinite: int, tries: int) -> tuple[str, ...]:
    if not infinite:
        return ()
    return (f"{infinite} of {tries} values are infinite (restored equals reference); the mean is over the others",)
