"""What a metric is made of, and how it says that it has no value."""

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import numpy as np

from degrade.core.image import Image

Compute = Callable[..., float]  # of (restored, reference) where the metric needs one; else that is not looked at


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

    Features and what faces are made of are kept on disk once `memory.keep_in(CACHE)` was called in the process.
    """

    def feature(self, image: Image) -> np.ndarray: ...

    def distance(self, restored: np.ndarray, reference: Any) -> float: ...

    def deviation(self, restored: np.ndarray, reference: Any) -> float | None: ...
