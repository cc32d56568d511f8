"""Results cached by the content of an image, so that nothing is computed twice.

In this process always; on disk, for all processes and later runs, below the folder that `keep_in` names.
"""

import io
import weakref
from collections import OrderedDict, deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from degrade.core.image import Image
from degrade.core.storage.files import sha256, sha256_array, write_bytes

_places: dict[str, Path] = {}  # "features": where answers are kept on disk
_recent: deque[tuple[weakref.ref, str]] = deque(maxlen=8)  # read-only images and their content
_off_disk: deque[weakref.ref] = deque(maxlen=8)


def keep_in(cache: Path | None) -> None:
    """Keep answers in CACHE/features from now on; None for in memory only. Each process says so for itself."""
    _places.pop("features", None)
    if cache is not None:
        _places["features"] = Path(cache).absolute() / "features"  # wherever the process goes from here


def keep_off_disk(image: Image) -> None:
    """Answers on this image stay in memory: what made it keeps them where they belong."""
    _off_disk.append(weakref.ref(image))


def content(image: Image) -> str:
    """SHA-256 of an image's values; of an image that is read-only it is computed only once."""
    for known, digest in _recent:
        if known() is image:
            return digest
    digest = sha256_array(image)
    if not image.flags.writeable:
        _recent.append((weakref.ref(image), digest))
    return digest


class Memory:
    """The last `limit` answers, by (question, content of the image).

    on_disk: answers are arrays and are kept on disk too, but of images that keep_off_disk named. A question there is
        "FEATURE DETAIL": FEATURE, which names a folder, fixes preparation and weights; one file for each answer, whole
        or absent.
    """

    def __init__(self, limit: int, on_disk: bool = False) -> None:
        self._limit = limit
        self._on_disk = on_disk
        self._answers: OrderedDict[tuple[str, str], Any] = OrderedDict()

    def recall(self, question: str, image: Image, compute: Callable[[Image], Any]) -> Any:
        """compute(image), or its earlier answer for an image with the same pixels."""
        key = (question, content(image))
        if key not in self._answers:
            on_disk = self._on_disk and _places and not any(known() is image for known in _off_disk)
            find = _from_disk if on_disk else _computed
            self._answers[key] = find(key, image, compute)
        self._answers.move_to_end(key)
        if len(self._answers) > self._limit:
            self._answers.popitem(last=False)
        return self._answers[key]


def _computed(_key: tuple[str, str], image: Image, compute: Callable[[Image], Any]) -> Any:
    return compute(image)


def _from_disk(key: tuple[str, str], image: Image, compute: Callable[[Image], np.ndarray]) -> np.ndarray:
    feature, _, detail = key[0].partition(" ")
    name = sha256(f"{detail} {key[1]}".encode())
    path = _places["features"] / feature / name[:2] / f"{name}.npy"
    try:
        return np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):  # not there, or damaged
        answer = np.asarray(compute(image))
        written = io.BytesIO()
        np.save(written, answer, allow_pickle=False)
        write_bytes(path, written.getvalue())
        return answer
