"""What a loaded method is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from degrade.image import Image


@dataclass(frozen=True)
class Method:
    """A restorer. `restore` takes degraded contract images of any stored scale and gives restored
    contract images of the side it was loaded for, in the same order.

    With `needs_reference` the runner passes the references in place of the degraded images.
    """

    name: str
    restore: Callable[[Sequence[Image]], list[Image]]
    scale: int
    needs_reference: bool = False
