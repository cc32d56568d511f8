"""Does the restored image, degraded as the record says, give the degraded image again?"""

import math

import numpy as np

from benchmark.metrics.base import Compute, MetricError, Record
from degrade.core.image import Image, to_uint8
from degrade.operators.chain import replay_image

ROUNDING = 1 / (12 * 255**2)  # variance of an error of rounding to 8 bits; without it equal images had no finite value
CEILING = -10 * math.log10(ROUNDING)  # dB, 58.92: what the reference itself gets under every recipe


def load(metric_id: str) -> Compute:
    """The scorer of `consistency.replay`."""
    return {"consistency.replay": replayed}[metric_id]


def replayed(restored: Image, record: Record) -> float:
    """-10 log10(mean((q8(R(q8(y))) - x)^2) + 1 / (12 * 255^2)) in dB, at most CEILING.

    restored: y, (H, W, 3) in [0, 1], of the reference's size. record: R, its operators with their seeds, and x, the
    degraded image. q8 rounds to 8 bits, as degrading to disk does. Raises MetricError for another size.
    """
    if restored.shape[:2] != (record.side, record.side):
        height, width = restored.shape[:2]
        raise MetricError(f"restored is {height}x{width}, the reference of the record {record.side}x{record.side}")
    again, degraded = replay_image(to_uint8(restored), record.operators), to_uint8(record.degraded)
    if again.shape != degraded.shape:
        sizes = " and ".join("x".join(map(str, image.shape[:2])) for image in (again, degraded))
        raise MetricError(f"the replayed and the degraded image differ in size ({sizes})")
    error = np.mean((again.astype(np.float64) - degraded) ** 2) / 255**2
    return -10 * math.log10(error + ROUNDING)
