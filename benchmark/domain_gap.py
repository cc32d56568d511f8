"""How much a method loses from synthetic to real degradation, and wins back by training on it (Table 3)."""

from collections.abc import Container, Sequence
from dataclasses import dataclass

# In order of preference: what the paper used first, then what needs fewer weights.
FRECHET = ("fid.inception", "ffd.dlib")
PERCEPTUAL = ("lpips.alex", "lpips.squeeze", "gmsd")
PAPER_PAIR = (FRECHET[0], PERCEPTUAL[0])

# Two samples of one distribution differ by 0.32 in Frechet distance at 16 images and by 0.08 at 100 (dlib
# descriptors): a ratio of two such distances says little below.
FEWEST_FOR_FRECHET = 100


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


@dataclass(frozen=True)
class MetricPair:
    """The Frechet and the perceptual metric a gap is taken over; None where none of the kind could be had."""

    frechet: str | None
    perceptual: str | None

    @property
    def shown(self) -> tuple[str, ...]:
        """Both halves, as far as there are any."""
        return tuple(metric for metric in (self.frechet, self.perceptual) if metric)

    def counted(self, images: int) -> tuple[str, ...]:
        """The metrics that enter the mean at this number of images: without the Frechet half below 100."""
        return self.shown if images >= FEWEST_FOR_FRECHET else tuple(filter(None, (self.perceptual,)))


def choose_pair(available: Container[str]) -> MetricPair:
    """The first available metric of each kind.

    >>> choose_pair({"ffd.dlib", "gmsd", "lpips.squeeze"})
    MetricPair(frechet='ffd.dlib', perceptual='lpips.squeeze')
    """
    return MetricPair(
        *(next((metric for metric in kind if metric in available), None) for kind in (FRECHET, PERCEPTUAL))
    )


def _check(first: Sequence[float], second: Sequence[float]) -> None:
    if len(first) != len(second) or not first:
        raise ValueError(f"expected as many values on both sides, at least one; got {len(first)} and {len(second)}")
    if not all(value > 0 for value in (*first, *second)):
        raise ValueError(f"expected values > 0 of lower-is-better metrics, got {tuple(first)} and {tuple(second)}")
