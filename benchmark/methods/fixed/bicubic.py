"""Bicubic enlargement of what is stored small; the rest is left alone."""

from pathlib import Path

from benchmark.methods.method import Method
from degrade.core.resize import match_scale


def load(device: str, checkpoint: Path | None, size: int) -> Method:
    """Antialiased bicubic to `size`, in float; on splits of scale 1 it equals `identity`."""
    return Method("bicubic", lambda images: [match_scale(image, size, 1) for image in images], scale=1)
