"""Bicubic to a quarter and back: the floor for every network of scale 4."""

from pathlib import Path

from benchmark.methods.method import Method
from degrade.core.resize import match_scale, resize_bicubic


def load(device: str, checkpoint: Path | None, size: int) -> Method:
    """What a network of scale 4 is given, enlarged by bicubic resizing; no rounding in between."""
    return Method(
        "bicubic_x4",
        lambda images: [resize_bicubic(match_scale(image, size, 4), size, size) for image in images],
        scale=4,
    )
