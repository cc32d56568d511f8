"""What was drawn for an image, in words: Gaussian blur (sigma 2.72 px, kernel width 21 px)."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from degrade.operators.chain import OPERATORS
from degrade.operators.words import Words, operator_words, words_of

SILENT = ("Quantize",)  # rounding to 8 bits, which follows every step


def drawn_words(name: str, values: Mapping[str, Any]) -> str:
    """An operator and what was drawn for it; what stands at the operator's default, which most often changes nothing,
    is left out, and the seed, which means nothing.

    Lengths are in pixels of the image as it was then, noise levels in 8-bit steps. What is no operator of ours is
    called as it is.

    >>> drawn_words("GaussianBlur", {"sigma": 2.71758, "size": 21})
    'Gaussian blur (sigma 2.72 px, kernel width 21 px)'
    """
    if name == "Resize" and values.keys() >= {"width", "height", "filter", "factor"}:
        return _resize(values)
    parts = ", ".join(_parts(name, values))
    title = operator_words(name) if name in OPERATORS else name
    return f"{title} ({parts})" if parts else title


def _resize(own: Mapping[str, Any]) -> str:
    sides = f"{own['width']} x {own['height']} px"
    factor = own["factor"]
    if not isinstance(factor, int | float) or factor <= 0:
        return f"resized to {sides} ({own['filter']})"
    return f"{'reduced' if factor > 1 else 'enlarged'} {max(factor, 1 / factor):.3g} times to {sides} ({own['filter']})"


def _parts(name: str, own: Mapping[str, Any]) -> Iterator[str]:
    known = OPERATORS.get(name)
    usual = {field.name: field.default for field in fields(known)} if known else {}
    words = words_of(known) if known else {}
    for key, value in own.items():
        if key == "seed" or value == usual.get(key):
            continue
        shown = f"{value:.3g}" if isinstance(value, float) else str(value)
        named = words.get(key, Words(key.replace("_", " ")))
        unit = f"in {named.unit}" if named.unit[:1].isdigit() else named.unit  # 26.4 in 8-bit steps
        yield f"{named.name} {shown} {unit}".rstrip()
