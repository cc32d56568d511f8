"""What may be written beside the results: crops of faces before and after, and both photographs side by side.

The folders are called as in GFPGAN and CodeFormer.
"""

from collections.abc import Sequence

import numpy as np

from degrade.core.arrays import as_image
from degrade.core.image import Image, encode_jpeg, encode_png
from degrade.core.resize import resize_bicubic
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
