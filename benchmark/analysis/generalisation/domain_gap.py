"""How much a method loses from synthetic to real degradation, and wins back by training on it (Table 3)."""

from collections.abc import Container, Sequence
from dataclasses import dataclass

from benchmark.metrics.base import Metric
from benchmark.metrics.table import with_role

PAPER_PAIR = ("fid.inception", "lpips.alex")  # what the paper's own gap and gain are over


def gap(s2s: Sequence[float], s2r: Sequence[float]) -> float:
    """Mean over metrics of S2R / S2S: how many times worse the same checkpoint gets. No unit.

    Args:
        s2s, s2r: the same lower-is-better metrics in the same order, values > 0.
    Raises:
        ValueError: lengths differ, nothing given, or a value is not > 0.
    Source: ISPL paper, Section 4.4 ("average changing rate"); the formula is the one that yields the printed column.

    >>> gap((2.0, 0.1), (8.0, 0.2))
    3.0
    """
    _check(s2s, s2r)
    return sum(real / synthetic for synthetic, real in zip(s2s, s2r, strict=True)) / len(s2s)


def gain(s2r: Sequence[float], r2r: Sequence[float]) -> float:
    """Mean over metrics of (S2R - R2R) / S2R in per cent: what training on the real domain wins back.

    Args, raises and source as `gap`.

    >>> gain((8.0, 0.2), (2.0, 0.15))
    50.0
    """
    _check(s2r, r2r)
    return 100 * sum((before - after) / before for before, after in zip(s2r, r2r, strict=True)) / len(s2r)


def too_few(metric: Metric, images: int) -> str:
    """Why a number of a set of so many images has no interval, in a sentence; empty where it may have one."""
    if not metric.frechet_over:
        return ""
    fewest = metric.interval_from
    if fewest is None:
        return f"no interval: whether one of {metric.header} holds the truth was not simulated"
    if images >= fewest:
        return ""
    return f"no interval: N = {images} is too small for one ({metric.header}'s holds the truth from N = {fewest} on)"


@dataclass(frozen=True)
class GapMetrics:
    """What a gap is over: a distance of sets and a perceptual metric; None where none of the kind could be had.

    frechet: the Frechet distance that is shown; of_sets: the distance that enters the mean.
    """

    frechet: str | None
    of_sets: str | None
    perceptual: str | None

    @property
    def shown(self) -> tuple[str, ...]:
        """All of them, as far as there are any."""
        return tuple(dict.fromkeys(filter(None, (self.frechet, self.of_sets, self.perceptual))))

    @property
    def counted(self) -> tuple[str, ...]:
        """The metrics that enter the mean."""
        return tuple(filter(None, (self.of_sets, self.perceptual)))


def of_sets() -> tuple[str, ...]:
    """The distances of sets that may enter a mean: those of Frechet first, last what is unbiased at any N."""
    return (*with_role("frechet"), *with_role("kernel"))


def choose_gap_metrics(available: Container[str], sound: Container[str]) -> GapMetrics:
    """The first of each kind; a distance of sets counts only when it is `sound`: its intervals are above 0.

    >>> choose_gap_metrics({"ffd.dlib", "mmd.dlib", "gmsd", "lpips.squeeze"}, {"mmd.dlib"})
    GapMetrics(frechet='ffd.dlib', of_sets='mmd.dlib', perceptual='lpips.squeeze')
    """
    return GapMetrics(
        next((metric for metric in with_role("frechet") if metric in available), None),
        next((metric for metric in of_sets() if metric in sound), None),
        next((metric for metric in with_role("perceptual") if metric in available), None),
    )


def _check(first: Sequence[float], second: Sequence[float]) -> None:
    if len(first) != len(second) or not first:
        raise ValueError(f"expected as many values on both sides, at least one; got {len(first)} and {len(second)}")
    if not all(value > 0 for value in (*first, *second)):
        raise ValueError(f"expected values > 0 of lower-is-better metrics, got {tuple(first)} and {tuple(second)}")
