"""Names that callers from Python give: several, or one alone."""

from collections.abc import Iterable
from pathlib import Path


def as_names(given: Iterable[Path | str] | Path | str) -> tuple[str, ...]:
    """Each name as a string; one alone is no sequence of letters.

    >>> as_names("psnr.rgb"), as_names(["psnr.rgb", "gmsd"])
    (('psnr.rgb',), ('psnr.rgb', 'gmsd'))
    """
    return (str(given),) if isinstance(given, Path | str) else tuple(map(str, given))
