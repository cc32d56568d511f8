"""Markers of an operator's fields that are lengths: what the field may be, and what it is at another image size.

A marker stands in the annotation of the field, such as `sigma: Annotated[float, Length()]`. A recipe gives lengths in
pixels of its base; at a side that is `ratio` times the base they scale with it. A field without a marker is no length
and stays as it is drawn.
"""

import math
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from degrade.core.errors import InputError
from degrade.core.numbers import is_number, is_whole
from degrade.operators.base import SIDE, next_odd

SHORTEST, LONGEST = 1e-6, 256.0  # of what is no whole number of pixels: a sigma, a radius
WIDTH = 2049  # of a kernel: LONGEST times 4 to each side


@dataclass(frozen=True)
class Length:
    """A number of pixels in [low, high]. raised: what scales to less than low becomes low."""

    low: float = SHORTEST
    high: float = LONGEST
    raised: bool = False
    unit: ClassVar[str] = "px"
    scaling: ClassVar[str] = "grows with the image's side"

    @property
    def limits(self) -> str:
        """What the field must do, in words."""
        return f"lie in [{self.low:g}, {self.high:g}] pixels"

    def holds(self, value: Any) -> bool:
        """Whether the field may have this value."""
        return is_number(value) and self.low <= value <= self.high

    def scaled(self, what: str, length: Any, size: int, ratio: float) -> float | int:
        """The length times `ratio`, in an image of side `size`; `what` names the field in messages.

        Raises InputError for what is no number, longer than the image, or a whole length that does not stay whole.
        """
        pixels = _number(what, length) * ratio
        if abs(pixels) > size:
            raise InputError(f"{what} would be {pixels:g} px, more than the image's {size}")
        return self._rounded(what, pixels)

    def _rounded(self, what: str, pixels: float) -> float | int:
        return max(float(self.low), pixels) if self.raised else pixels


@dataclass(frozen=True)
class OddLength(Length):
    """An odd number of pixels in low..high, such as a kernel's width. or_zero: or 0, which leaves it to the operator.

    Scaled it is raised to the next odd number, and to `low`; 0 stays 0.
    """

    low: int = 1
    high: int = WIDTH
    or_zero: bool = False
    scaling: ClassVar[str] = "grows with the image's side, to the next odd number"

    @property
    def limits(self) -> str:
        other = "0 or " if self.or_zero else ""
        return f"be {other}an odd number of pixels in {self.low}..{self.high}"

    def holds(self, value: Any) -> bool:
        odd = is_whole(value) and self.low <= value <= self.high and value % 2 == 1
        return odd or self.or_zero and is_whole(value) and value == 0

    def _rounded(self, what: str, pixels: float) -> int:
        return max(self.low, next_odd(pixels)) if pixels else 0


@dataclass(frozen=True)
class WholeLength(Length):
    """A whole number of pixels in low..high that must also scale to a whole one, such as the side of a block."""

    low: int = 1
    high: int = SIDE
    scaling: ClassVar[str] = "grows with the image's side, and must come out whole"

    @property
    def limits(self) -> str:
        return f"be a whole number of pixels in {self.low}..{self.high}"

    def holds(self, value: Any) -> bool:
        return is_whole(value) and self.low <= value <= self.high

    def _rounded(self, what: str, pixels: float) -> int:
        if pixels < 1 or pixels != int(pixels):
            raise InputError(f"{what} would be {pixels:g} px; choose a size that makes it a whole number")
        return int(pixels)


@dataclass(frozen=True)
class Frequency(Length):
    """Radians per pixel, above 0 to pi: it falls as the image grows, and is cut at pi."""

    high: float = math.pi
    unit: ClassVar[str] = "radians per px"
    scaling: ClassVar[str] = "falls as the image's side grows"

    @property
    def limits(self) -> str:
        return f"lie in [{self.low:g}, {self.high:g}] radians per pixel"

    def scaled(self, what: str, length: Any, size: int, ratio: float) -> float:
        return min(self.high, _number(what, length) / ratio)


@dataclass(frozen=True)
class Bend(Length):
    """Degrees per pixel of a path whose heading walks at random: as the square root of its length, cut at `high`."""

    low: float = 0.0
    high: float = 180.0
    unit: ClassVar[str] = "degrees per px"
    scaling: ClassVar[str] = "falls as the root of the image's side grows"

    @property
    def limits(self) -> str:
        return f"lie in [{self.low:g}, {self.high:g}] degrees per pixel"

    def scaled(self, what: str, length: Any, size: int, ratio: float) -> float:
        return min(self.high, _number(what, length) / math.sqrt(ratio))


def lengths_of(kind: type) -> dict[str, Length]:
    """The markers of an operator's fields by the fields' names, in their order."""
    marked = {field.name: getattr(field.type, "__metadata__", ()) for field in fields(kind)}
    return {name: marker for name, found in marked.items() for marker in found if isinstance(marker, Length)}


def check_lengths(operator: Any) -> None:
    """Every marked field of an operator is what its marker says; ValueError that names the first which is not."""
    for name, length in lengths_of(type(operator)).items():
        value = getattr(operator, name)
        if not length.holds(value):
            raise ValueError(f"{type(operator).__name__}: {name} must {length.limits}, got {value!r}")


def _number(what: str, value: Any) -> float:
    if not is_number(value):
        raise InputError(f"{what}: expected a number, got {value!r}")
    return value
