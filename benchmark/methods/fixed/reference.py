"""The row FFHQ GT: the reference itself, the best score each metric can give."""

from pathlib import Path

from benchmark.methods.method import Method
from degrade.core.resize import match_scale


def load(device: str, checkpoint: Path | None, size: int) -> Method:
    """Gives back the reference it is handed; device and checkpoint are not used."""
    return Method(
        "reference", lambda images: [match_scale(image, size, 1) for image in images], scale=1, needs_reference=True
    )
