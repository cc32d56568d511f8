"""A large photograph of many faces against as many crops of faces: time of each face, and peak memory.

`ispl restore` as it is with the model that is shipped, on one thread: in a photograph it finds the faces, cuts them
out, restores them and lays them back; a crop (`--kind face`) is restored alone. Each is a process of its own, so that
its peak is its own, and one face has gone through the network before. dlib's models are loaded in the time of both,
which for a photograph are also the detector and the 68 landmarks. The images are BMP files, which are not compressed,
so that reading and writing are no part of the time to speak of. Crops and photograph take turns, and the least time of
each counts.
"""

import os
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image as Pillow

from degrade.core.image import Image, read, to_uint8
from degrade.core.parallel import one_thread
from degrade.core.resize import resize_bicubic
from degrade.core.storage.listing import list_images
from degrade.portraits.paint import paint
from ispl_model.restoration.files.plan import RestorePlan, RestoreSummary
from ispl_model.restoration.files.restore_files import restore_files
from ispl_model.restoration.restorer import load_restorer
from tests.bench.network import peak_megabytes
from tests.bench.timing import Reached, own_process, reached

HEIGHT, WIDTH = 4000, 6000
ROWS, COLUMNS = 4, 6
FACES = ROWS * COLUMNS
SIDE, LAID = 512, 800  # px: of a crop, and of one in the photograph
ROUNDS = 3
MOST_TIMES, MOST_GB = 1.3, 1.5


def lines() -> Iterator[str | Reached]:
    """The report, line by line."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        what = _write(place)
        rounds = [
            [own_process(_restored, place / kind, place / f"out{turn}", kind) for kind in ("face", "photo")]
            for turn in range(ROUNDS)
        ]
    (crops, photograph), _ = np.min(rounds, axis=0).T
    _, (held_by_crops, held) = np.max(rounds, axis=0).T
    yield f"{FACES} {what}, processor time as crops of {SIDE} px: {crops:.1f} s, peak memory {held_by_crops:,.0f} MB"
    yield f"in a photograph of {WIDTH} x {HEIGHT} px: {photograph:.1f} s, peak memory {held:,.0f} MB"
    yield reached("a face in a photograph / a crop, processor time", photograph / crops, MOST_TIMES, at_most=True)
    yield reached("a photograph: peak memory, GB", held / 1000, MOST_GB, at_most=True)


def _write(place: Path) -> str:
    """The crops and the photograph that holds them on a dull wall; what the faces are."""
    what, faces = _faces()
    scene = np.full((HEIGHT, WIDTH, 3), 0.5, np.float32)
    for number, face in enumerate(faces):
        _save(place / "face" / f"{number:02}.bmp", face)
        row, column = divmod(number, COLUMNS)
        top, left = (
            place * length // parts + (length // parts - LAID) // 2
            for place, parts, length in ((row, ROWS, HEIGHT), (column, COLUMNS, WIDTH))
        )
        scene[top : top + LAID, left : left + LAID] = resize_bicubic(face, LAID, LAID)
    _save(place / "photo" / "photograph.bmp", scene)
    return what


def _save(path: Path, image: Image) -> None:
    path.parent.mkdir(exist_ok=True)
    Pillow.fromarray(to_uint8(image)).save(path)


def _faces() -> tuple[str, list[Image]]:
    given = os.environ.get("FACES_HQ")
    if given:
        found = (image for image in map(read, list_images(Path(given))) if image.shape == (SIDE, SIDE, 3))
        return "faces of FACES_HQ", [next(found) for _ in range(FACES)]
    return "painted faces", [paint(seed, SIDE) for seed in range(FACES)]


def _restored(images: Path, out: Path, kind: str) -> tuple[float, float]:
    """Processor time, seconds, and the peak of memory, MB, of restoring a folder; all its faces must be found."""
    torch.set_num_threads(1)
    restorer = load_restorer(device="cpu")
    restorer.restore_faces([np.full((restorer.size, restorer.size, 3), 0.5, np.float32)])
    with one_thread():
        start = time.process_time()
        (summary,) = deque[RestoreSummary](
            restore_files(restorer, list_images(images), out / kind, RestorePlan(kind)), 1
        )
        spent = time.process_time() - start
    if summary.errors or (summary.found if kind == "photo" else summary.faces) != FACES:
        raise SystemExit(f"{images}: expected {FACES} faces, got {summary}")
    return spent, peak_megabytes("cpu")
