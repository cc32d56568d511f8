"""Which faces of a photograph are restored."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from degrade.core.colour import luma
from degrade.core.errors import InputError, cut
from degrade.core.image import Image
from degrade.core.resize import resize_bicubic
from ispl_model.restoration.photograph import Face

WHICH = ("all", "largest", "center")
_EXPECTED = f"--faces: expected {', '.join(WHICH)} or numbers from 1, such as 1,3"
_DIGITS = 9  # of a face's number, at most: Python makes no number of thousands of them
_SHARPNESS_SIDE = 256


@dataclass(frozen=True)
class Choice:
    """which: "all", "largest", "center", or the numbers of faces, counted from 1 at the left.

    larger_than: px of the face's box, below which a face is spared. sharper_than: of `sharpness`, above which one is.
    Raises InputError for a number below 1.
    """

    which: str | tuple[int, ...] = "all"
    larger_than: int = 0
    sharper_than: float | None = None

    def __post_init__(self) -> None:
        numbers = self.which if isinstance(self.which, tuple) else ()
        if below := [number for number in numbers if number < 1]:
            raise InputError(f"{_EXPECTED}, got {below[0]}")

    @property
    def facts(self) -> dict[str, Any]:
        """As a record has them."""
        which = self.which if isinstance(self.which, str) else ",".join(map(str, self.which))
        return {"faces": which, "larger_than": self.larger_than, "sharper_than": self.sharper_than}

    def spared(self, faces: Sequence[Face], crops: Sequence[Image], shape: tuple[int, int]) -> list[str]:
        """For each face of a photograph, with its crop, why it stays as it is; "" for those that are restored.

        shape: (height, width) of the photograph. Raises InputError for a number that no face has.
        """
        chosen = self._numbers(faces, shape)
        numbered = enumerate(zip(faces, crops, strict=True), start=1)
        return [self._reason(face, crop) if number in chosen else "not chosen" for number, (face, crop) in numbered]

    def _numbers(self, faces: Sequence[Face], shape: tuple[int, int]) -> Sequence[int]:
        if isinstance(self.which, tuple):
            if beyond := [number for number in self.which if number > len(faces)]:
                raise InputError(f"--faces: expected numbers up to {len(faces)}, as so many are found, got {beyond[0]}")
            return self.which
        numbers = range(1, len(faces) + 1)
        if self.which == "all":
            return numbers
        height, width = shape
        middle = np.array([width, height]) / 2
        rank = {
            "largest": lambda number: -faces[number - 1].box.area,
            "center": lambda number: float(np.hypot(*(faces[number - 1].landmarks.mean(axis=0) - middle))),
        }[self.which]
        return [min(numbers, key=rank)]

    def _reason(self, face: Face, crop: Image) -> str:
        side = face.box.right - face.box.left + 1
        if side < self.larger_than:
            return f"{side} px wide, less than {self.larger_than}"
        if self.sharper_than is not None and (found := sharpness(crop)) > self.sharper_than:
            return f"sharpness {found:.1f}, more than {self.sharper_than:g}"
        return ""


def parse_which(text: str) -> str | tuple[int, ...]:
    """`Choice.which` of "all", "largest", "center" or numbers between commas; InputError for anything else.

    >>> parse_which("largest"), parse_which("1,3")
    ('largest', (1, 3))
    """
    if text in WHICH:
        return text
    words = [word.strip() for word in text.split(",")]
    if not all(word.isdecimal() and len(word) <= _DIGITS for word in words):
        raise InputError(f"{_EXPECTED}, got '{cut(text)}'")
    return tuple(int(word) for word in words)


def sharpness(face: Image) -> float:
    """How strong the edges of an aligned face are: the deviation of its Laplacian, in grey levels at 256 px, without
    that part which its median tells for noise.

    Of 25 portraits (omi, test) 15.8 on average; 10.9 and 4.8 after a blur of 0.5 and 1 px; 9.9 with noise of sd 10;
    13.6 at JPEG quality 20; 2.7 under the recipe gfpgan.
    """
    small = face if len(face) == _SHARPNESS_SIDE else resize_bicubic(face, _SHARPNESS_SIDE, _SHARPNESS_SIDE)
    border = _SHARPNESS_SIDE // 6  # beyond it lies background
    inner = np.ascontiguousarray(luma(small)[border:-border, border:-border]) * np.float32(255)
    edges = cv2.Laplacian(inner, cv2.CV_32F)
    noise = 1.4826 * float(np.median(np.abs(edges - np.median(edges))))  # the deviation of a Gaussian by its median
    return max(0.0, float(edges.var()) - noise**2) ** 0.5


ALL = Choice()
