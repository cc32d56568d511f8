"""What may be written beside the results: crops of faces before and after, and both photographs side by side.

The folders are called as in GFPGAN and CodeFormer.
"""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from degrade.core.arrays import as_image
from degrade.core.image import Image, encode_jpeg, encode_png
from degrade.core.resize import resize_bicubic
from degrade.core.storage.files import sha256
from degrade.core.storage.paths import kind_of, read_bytes
from ispl_model.restoration.files.plan import SAVED
from ispl_model.restoration.photograph import Pixels

CROPPED, RESTORED, COMPARED = "cropped_faces", "restored_faces", "cmp"
_LONGEST = 2048  # px of a side of each of two compared photographs
_GAP = 8  # px between them


def face_files(name: str, number: int, before: Image, after: Image) -> list[tuple[str, bytes]]:
    """The files of a face's crop before and after; number: of the face."""
    last = f"{name}_{number:02d}.png"
    return [(f"{CROPPED}/{last}", encode_png(before)), (f"{RESTORED}/{last}", encode_png(np.clip(after, 0, 1)))]


def compared_file(name: str, before: Pixels, after: Pixels) -> tuple[str, bytes]:
    """The file of both photographs side by side at one height, each reduced to at most 2048 px."""
    height, width = after.shape[:2]
    times = min(1.0, _LONGEST / max(height, width))
    sides = max(1, round(height * times)), max(1, round(width * times))
    pair = [resize_bicubic(as_image(pixels), *sides) for pixels in (before, after)]
    gap = np.ones((sides[0], _GAP, 3), np.float32)
    return f"{COMPARED}/{name}.jpg", encode_jpeg(np.concatenate([pair[0], gap, pair[1]], axis=1))


def folders(saved: Sequence[str]) -> set[str]:
    """The folders that are written to where `saved` of plan.SAVED is asked for."""
    return ({CROPPED, RESTORED} if "faces" in saved else set()) | ({COMPARED} if "compare" in saved else set())


def of_word(name: str, word: str) -> bool:
    """Whether the file of that name is what `word` of plan.SAVED asks for."""
    return name.partition("/")[0] in folders([word])


class Beside:
    """What lies beside the results in `out` by the lines of its record; a file is of the last result that names it."""

    def __init__(self, out: Path, lines: Iterable[Mapping[str, Any]]) -> None:
        self.out = out
        self._result_of: dict[str, str] = {}
        self._files_of = defaultdict[str, dict[str, str | None]](dict)  # with what they were written as, where known
        for line in lines:
            self.add(line)

    def add(self, line: Mapping[str, Any]) -> None:
        """Take in one line more."""
        result, written = line["file_name"], line.get("saved_sha256", {})
        for name in (name for names in line.get("saved", {}).values() for name in names):
            self._result_of[name] = result
            self._files_of[result][name] = written.get(name)

    def left_by(self, result: str) -> Iterator[Path]:
        """The files of a result that are there and still what was written, as far as its lines can tell."""
        for name, digest in self._files_of[result].items():
            path = self.out / name
            is_its = self._result_of[name] == result and name.partition("/")[0] in folders(SAVED)
            is_there = is_its and kind_of(path) == "file" and _is_below(self.out, path)
            if is_there and digest in (None, sha256(read_bytes(path))):
                yield path


def _is_below(folder: Path, path: Path) -> bool:
    """Whether a path of a record leads nowhere else, by ".." or a link."""
    return os.path.realpath(path) == os.path.join(os.path.realpath(folder), path.relative_to(folder))
