"""What operators and their fields are called in figures and sentences: words, and the unit of a number.

The words of a field stand in its annotation, such as `sigma: Annotated[float, Words("scale", "8-bit steps")]`; of a
length the unit is its marker's.
"""

import re
from dataclasses import dataclass, fields

from degrade.operators.lengths import lengths_of

_SPELT = {"jpeg": "JPEG", "webp": "WebP"}


@dataclass(frozen=True)
class Words:
    """A field in words, and its unit; empty for a share, a factor and what is no number."""

    name: str
    unit: str = ""

    def __str__(self) -> str:
        return f"{self.name}, {self.unit}" if self.unit else self.name


def words_of(kind: type) -> dict[str, Words]:
    """The words of an operator's fields by the fields' names, without the seed, which means nothing.

    Where the operator has `realised_words`, those of the pixels that a record says were computed from the fields.
    """
    lengths, found = lengths_of(kind), {}
    for field in fields(kind):
        for marker in getattr(field.type, "__metadata__", ()):
            if isinstance(marker, Words):
                unit = lengths[field.name].unit if field.name in lengths else marker.unit
                found[field.name] = Words(marker.name, unit)
    return found | getattr(kind, "realised_words", {})


def operator_words(name: str) -> str:
    """An operator's name in words.

    >>> [operator_words(name) for name in ("GaussianBlur", "DoubleJpeg", "Webp")]
    ['Gaussian blur', 'Double JPEG', 'WebP']
    """
    first, *rest = (_SPELT.get(word.lower(), word) for word in re.findall("[A-Z][a-z]*", name))
    return " ".join((first, *(word if word in _SPELT.values() else word.lower() for word in rest)))
