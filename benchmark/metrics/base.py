"""What a metric is made of, and how it says that it has no value."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Protocol, runtime_checkable

import msgspec
import numpy as np

from degrade.core.image import Image

Compute = Callable[..., float]  # of (restored, reference or Record) where the metric needs one; else of the first


@dataclass(frozen=True)
class Metric:
    """All that is known about a metric without computing it: one row of benchmark.metrics.table.

    What it computes:
        module: file below benchmark/metrics, or dotted name in another package, that has its `load(metric_id)`.
        meaning: how the images are prepared and what is computed.
        per: a number for each image, or one for a whole set of images.
        needs_record: it is computed from the split's record of how each image was degraded, in place of a reference.
        packages: the distributions whose version can move the number. weights: files below $TORCH_HOME/hub;
        benchmark.assets.weights has their facts.
        version: raised with every change of the numbers: what another version scored is scored again.
        frechet_over: of a Frechet distance the numbers of a descriptor, on which its bias depends; 0 of the others.
        descriptors_of: the metric of sets whose descriptors it shares, in files and in memory; itself when empty.
    How it is shown:
        higher_is_better: None where neither is: it is never bold, ranked or judged.
        header: for tables. unit: "1" for plain numbers. decimals: as the paper prints it, 0 to 12.
        note: what a reader of a table must know; it holds for images from `note_from_px` and below `note_below_px` of
        which there are fewer than `note_below_images`, where these are given.
    Beside the paper and other metrics:
        published_as: the column of protocols/paper/published.csv that stands beside it although it was measured in
        another way; its own id, and then comparable, when empty.
        stands_in_for: the metric in whose place it judges a claim, or is drawn, where that one was not measured.
        gap_role: what it may serve as in a gap or a gain; of a role the first row that was measured is taken, so rows
        stand in order of preference: what the paper used, then what needs fewer weights.
        interval_from: of a Frechet distance the fewest images of which an interval is printed; None: not known.
        judged_from: the fewest images of which it judges a claim.
    """

    id: str
    module: str
    header: str
    meaning: str
    higher_is_better: bool | None
    unit: str = "1"
    needs_reference: bool = True
    needs_record: bool = False
    per: Literal["image", "set"] = "image"
    packages: tuple[str, ...] = ()
    weights: tuple[str, ...] = ()
    version: int = 1
    frechet_over: int = 0
    descriptors_of: str = ""
    decimals: Annotated[int, msgspec.Meta(ge=0, le=12)] = 3
    note: str = ""
    note_from_px: int = 0
    note_below_px: int | None = None
    note_below_images: int | None = None
    published_as: str = ""
    stands_in_for: str = ""
    gap_role: Literal["", "frechet", "kernel", "perceptual", "naturalness"] = ""
    interval_from: int | None = None
    judged_from: int = 1

    @property
    def descriptors(self) -> str:
        """The metric under whose name descriptors are kept."""
        return self.descriptors_of or self.id

    @property
    def printed_column(self) -> str:
        """The column of published.csv whose numbers stand beside ours, where there are any."""
        return self.published_as or self.id

    @property
    def arrow(self) -> str:
        """Which way is better, to stand behind the header; empty where neither is."""
        return {True: " ↑", False: " ↓", None: ""}[self.higher_is_better]

    @property
    def as_published(self) -> bool:
        """Whether the paper, where it prints the metric, measured it as we do."""
        return not self.published_as

    def note_holds(self, size: int, images: int) -> bool:
        """Whether a reader must be told the note of so many images of side `size` px."""
        limits = ((size, self.note_below_px), (images, self.note_below_images))
        return (
            bool(self.note)
            and size >= self.note_from_px
            and all(limit is None or value < limit for value, limit in limits)
        )


@dataclass(frozen=True)
class Record:
    """How a degraded image was made: operators as in metadata.jsonl, and the side in pixels of its reference."""

    degraded: Image
    operators: Sequence[Mapping[str, Any]]
    side: int


class Unavailable(Exception):
    """A metric cannot be loaded here: a weight file or package is missing. One sentence, no machine path."""


class MetricError(ValueError):
    """A metric has no value for these images (too small, no face in the reference). One sentence."""


@runtime_checkable
class SetScorer(Protocol):
    """What `load` gives for a metric of sets.

    feature: one image to (D,) numbers, remembered by the image's content.
    distance: (N, D) of the restored and (M, D) of the references to one number; MetricError below two rows.
        The references are not looked at, and may be None, where the metric needs none.
    deviation: of that number over the subsets it is a mean of; None where it is no such mean.

    Features and what faces are made of are kept on disk once `benchmark.assets.feature_cache.keep_in(CACHE)` was
    called in the process.
    """

    def feature(self, image: Image) -> np.ndarray: ...

    def distance(self, restored: np.ndarray, reference: Any) -> float: ...

    def deviation(self, restored: np.ndarray, reference: Any) -> float | None: ...


def two_sets(restored: np.ndarray, reference: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The features (N, D) and (M, D) of two sets in float64; MetricError below two images on either side."""
    if min(len(restored), len(reference)) < 2:
        raise MetricError(f"needs at least two images on each side, got {len(restored)} and {len(reference)}")
    return np.asarray(restored, np.float64), np.asarray(reference, np.float64)
