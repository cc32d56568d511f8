"""An image of a split as its record knows it: by the bytes of its file, and by its pixels, which are the promise."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from degrade.core.errors import InputError
from degrade.core.image import Image, decode, decode_uint8, from_uint8
from degrade.core.storage.files import sha256
from degrade.core.storage.paths import read_bytes

Likeness = Literal["same", "re-encoded", "changed"]


def image_hashes(side: str, data: bytes, pixels: np.ndarray) -> dict[str, str]:
    """What a record says of one file: `hq_sha256` and `hq_pixels_sha256`, or the same of `lq`."""
    return {f"{side}_sha256": sha256(data), f"{side}_pixels_sha256": pixels_sha256(pixels)}


def pixels_sha256(pixels: np.ndarray) -> str:
    """SHA-256 of an image's rows of 8-bit RGB, without any header: 2 x 8 px may have that of 4 x 4 px."""
    return sha256(pixels.tobytes())


@dataclass(frozen=True)
class RecordedImage:
    """A file of a split and its hashes; older records know no pixels (None)."""

    path: Path
    sha256: str | None
    pixels_sha256: str | None

    @classmethod
    def of(cls, path: Path, record: Mapping[str, Any]) -> "RecordedImage":
        """The file of one side, which its folder names, and what the image's record says of it."""
        side = path.parent.name
        return cls(path, record.get(f"{side}_sha256"), record.get(f"{side}_pixels_sha256"))

    def read(self) -> Image:
        """The image; InputError where the file cannot be read, or does not hold the recorded pixels."""
        data = read_bytes(self.path)
        if sha256(data) == self.sha256:
            return decode(data, str(self.path))
        pixels = decode_uint8(data, str(self.path))
        if not self._is(pixels):
            raise InputError(f"{self.path}: {self._difference()}")
        return from_uint8(pixels)

    def likeness(self, data: bytes) -> Likeness:
        """How the content of a file stands to the record."""
        if sha256(data) == self.sha256:
            return "same"
        try:
            same = self.pixels_sha256 is not None and self._is(decode_uint8(data, str(self.path)))
        except InputError:
            same = False
        return "re-encoded" if same else "changed"

    def _is(self, pixels: np.ndarray) -> bool:
        """Whether they are the recorded ones. Every image of a split is square, so that its pixels tell its sides."""
        return pixels.shape[0] == pixels.shape[1] and pixels_sha256(pixels) == self.pixels_sha256

    def _difference(self) -> str:
        split = self.path.parent.parent
        remedy = f"`degrade verify {split}` names every such file, and `degrade replay` rebuilds them"
        if self.pixels_sha256 is None:
            return f"expected the bytes that were recorded, got others, and its split records no pixels; {remedy}"
        return f"expected the pixels that were recorded, got others; {remedy}"
