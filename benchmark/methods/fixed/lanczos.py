"""Lanczos enlargement of what is stored small, with three lobes; the rest is left alone."""

from pathlib import Path

from benchmark.methods.method import Method
from degrade.core.image import Image
from degrade.operators.digital.resize import Resize


def load(device: str, checkpoint: Path | None, size: int) -> Method:
    """Pillow's Lanczos to `size`, in float, clipped; on splits of scale 1 it equals `identity`."""
    return Method("lanczos", lambda images: [_enlarged(image, size) for image in images], scale=1)


def _enlarged(image: Image, size: int) -> Image:
    return Resize("pil", "lanczos", factor=min(image.shape[:2]) / size)(image)
