"""One image file: read, its faces found and cut out, and in the end its result as bytes. Nothing here loads torch."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from degrade.core.arrays import as_image
from degrade.core.errors import InputError
from degrade.core.formats.container import max_pixels
from degrade.core.image import Image
from degrade.core.storage.files import check_writable_name, sha256
from degrade.core.storage.paths import read_bytes
from ispl_model.restoration.choose import ALL
from ispl_model.restoration.face import at_side, laid_on
from ispl_model.restoration.fidelity.identity import consistency, identity_distance
from ispl_model.restoration.fidelity.strength import blended, guarded
from ispl_model.restoration.files.earlier import Earlier
from ispl_model.restoration.files.picture import Picture, encode_picture, lost_dots, read_picture
from ispl_model.restoration.files.plan import RestorePlan
from ispl_model.restoration.files.saved import compared_file, face_files
from ispl_model.restoration.photograph import Face, Patch, cut_out, enlarged, find_faces, lay_back

_FACE_SHARE = 3  # a square whose largest face is narrower than a third of it is a photograph


@dataclass(frozen=True)
class Job:
    """An image file and what it becomes.

    name: of its result below `out`; short: without a suffix, of what is saved beside it. size, scale: of the model's
    faces. strength: that of the model or of the plan. known: what an earlier run made, where the
    plan goes on. upsampled: whether a network enlarges the whole photograph, with or without faces.
    """

    path: Path
    name: str
    short: str
    out: Path
    plan: RestorePlan
    size: int
    scale: int = 1
    strength: float = 1.0
    known: Earlier | None = None
    upsampled: bool = False

    @property
    def source(self) -> str:
        """The image's own name below the folder of images."""
        return (Path(self.name).parent / self.path.name).as_posix()


@dataclass(frozen=True)
class Prepared:
    """An image whose faces wait for the network.

    given: what it is given, (size, size, 3) each. kind: "kept" for a result that is there already, "failed" with its
    sentence, else of RestorePlan. faces: all that were found; spared: why they stay as they are, "" for those that
    are restored. quarters: by how many quarter turns to the left the photograph is upright.
    """

    job: Job
    kind: str
    error: str = ""
    sha256: str = ""
    picture: Picture | None = None
    given: tuple[Image, ...] = ()
    faces: tuple[Face, ...] = ()
    spared: tuple[str, ...] = ()
    quarters: int = 0

    @property
    def held(self) -> int:
        """Pixels of the photograph that are kept in memory."""
        return 0 if self.picture is None else self.picture.pixels.shape[0] * self.picture.pixels.shape[1]


@dataclass(frozen=True)
class Finished:
    """A result. data: its file; note: what was not read of its image; face_lines: one for each face."""

    data: bytes
    note: str
    face_lines: tuple[dict[str, Any], ...] = ()
    more: tuple[tuple[str, bytes], ...] = ()  # (name below the folder, content) of what is saved beside it
    resized: bool = False


def prepare(job: Job) -> Prepared:
    """The first half; what is wrong with the image becomes an error message."""
    try:
        check_writable_name(job.out / job.name)
        data = read_bytes(job.path)
        digest = sha256(data)
        if job.known is not None and job.known.is_kept(job.out, job.plan, digest):
            return Prepared(job, "kept")
        picture = read_picture(data, str(job.path), job.plan.background)
        _check_pixels(picture, job)
        return replace(_found(job, picture), sha256=digest)
    except InputError as error:
        return Prepared(job, "failed", str(error))


def finish(prepared: Prepared, restored: Sequence[Image], canvas: np.ndarray | None = None) -> Finished:
    """The second half. restored: what the network made of `given`; canvas: of the whole image, where it did that.

    Raises InputError where the result cannot be a file of the format.
    """
    prepared = with_picture(prepared)
    job, picture = prepared.job, prepared.picture
    assert picture is not None
    crops = _Crops(job)
    if prepared.kind == "face":
        pixels = _finished_face(prepared, restored, crops)
    elif prepared.kind == "photo":
        pixels = _finished_photograph(prepared, restored, crops, canvas)
    else:
        assert canvas is not None
        pixels = canvas
    alpha = picture.alpha
    if alpha is not None and alpha.shape[:2] != pixels.shape[:2]:
        alpha = enlarged(alpha, *pixels.shape[:2])
    made, suffix = Picture(pixels, alpha), Path(job.name).suffix
    try:
        data = encode_picture(made, picture, suffix, job.plan.quality)
    except InputError as error:
        raise InputError(f"{job.path}: {error}") from error
    if "compare" in job.plan.saved:
        crops.files.append(compared_file(job.short, picture.pixels, pixels))
    resized = picture.pixels.shape[0] != job.size
    notes = (*picture.notes, *lost_dots(made, picture, suffix))
    return Finished(data, "; ".join(notes), tuple(crops.lines), tuple(crops.files), resized)


def with_picture(prepared: Prepared) -> Prepared:
    """The same with its photograph, read again where another process found the faces.

    Raises InputError where the file is no longer what it was.
    """
    if prepared.picture is not None:
        return prepared
    path = prepared.job.path
    data = read_bytes(path)
    if sha256(data) != prepared.sha256:
        raise InputError(f"{path}: changed while it was restored; run the same command with --resume")
    return replace(prepared, picture=read_picture(data, str(path), prepared.job.plan.background))


class _Crops:
    """What is said of the faces of one image, and saved of them."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.lines: list[dict[str, Any]] = []
        self.files: list[tuple[str, bytes]] = []

    def blended(self, restored: Image, degraded: Image, facts: dict[str, Any]) -> Image:
        """The crop that is pasted back, noted down."""
        used, most = self.job.strength, self.job.plan.guard
        if most is not None:
            used = guarded(degraded, restored, used, most)
        result = blended(degraded, restored, used)
        measured = {
            "identity_distance": round(identity_distance(result, degraded), 4),
            "consistency": round(consistency(result, degraded), 2),
        }
        self.lines.append(facts | {"restored": True, "strength": round(used, 4)} | measured)
        if "faces" in self.job.plan.saved:
            self.files += face_files(self.job.short, len(self.lines), degraded, result)
        return result

    def spare(self, reason: str, facts: dict[str, Any]) -> None:
        """Note a face that stays as it is."""
        self.lines.append(facts | {"restored": False, "reason": reason})


def _found(job: Job, picture: Picture) -> Prepared:
    """The kind of an image, and its faces; InputError where no face is found and none is likely."""
    kind, plan = job.plan.kind, job.plan
    if kind == "tiles":
        return Prepared(job, kind, picture=picture)
    if kind == "face":
        return _one_face(job, picture)
    quarters, faces = _faces(picture.pixels, plan.turn)
    height, width = picture.pixels.shape[:2]
    as_photo = plan.upscale > 1 or job.upsampled or quarters or plan.choice != ALL
    if kind == "auto" and not as_photo and height == width:
        largest = max(faces, key=lambda face: face.box.area, default=None)
        if width <= job.size if largest is None else width <= _FACE_SHARE * (largest.box.right - largest.box.left + 1):
            return _one_face(job, picture, largest)
    if not faces and not job.upsampled and plan.no_face == "fail":
        forced = "--kind face if it is one, or " if height == width else ""
        turned = "" if plan.turn else ", --turn if it lies on its side"
        others = f"--kind tiles to restore all of the image, --no-face keep to keep it as it is{turned}"
        raise InputError(f"{job.path}: no face found; use {forced}{others}")
    return _photograph(job, picture, quarters, faces)


def _faces(pixels: np.ndarray, turn: bool) -> tuple[int, list[Face]]:
    """By how many quarter turns to the left faces are upright, and those in the turned image.

    That is where the detector's scores sum to most, as it may take something for a face in the image as it lies.
    """
    turns = [find_faces(np.rot90(pixels, quarters)) for quarters in range(4 if turn else 1)]
    sums = [sum(face.box.confidence for face in faces) for faces in turns]
    best = sums.index(max(sums))
    return best, turns[best]


def _photograph(job: Job, picture: Picture, quarters: int, faces: Sequence[Face]) -> Prepared:
    upright = np.rot90(picture.pixels, quarters)
    crops = [cut_out(upright, face, job.size * job.scale) for face in faces]
    try:
        spared = job.plan.choice.spared(faces, crops, upright.shape[:2]) if faces else ()
    except InputError as error:
        raise InputError(f"{job.path}: {error}") from error
    given = tuple(at_side(crop, job.size) for crop, reason in zip(crops, spared, strict=True) if not reason)
    return Prepared(job, "photo", "", "", picture, given, tuple(faces), tuple(spared), quarters)


def _one_face(job: Job, picture: Picture, found: Face | None = None) -> Prepared:
    check_square(picture.pixels, job.path)
    given = at_side(as_image(picture.pixels), job.size)
    return Prepared(job, "face", picture=picture, given=(given,), faces=(found,) if found else ())


def _finished_face(prepared: Prepared, restored: Sequence[Image], crops: _Crops) -> np.ndarray:
    assert prepared.picture is not None
    (face,) = restored
    before = at_side(prepared.given[0], len(face))
    facts = {"face": 1} | (_facts(prepared.faces[0], 0) if prepared.faces else {})
    return laid_on(as_image(prepared.picture.pixels), before, crops.blended(face, before, facts))


def _finished_photograph(
    prepared: Prepared, restored: Sequence[Image], crops: _Crops, canvas: np.ndarray | None
) -> np.ndarray:
    """canvas: the photograph as an upsampler made it, or None."""
    assert prepared.picture is not None
    upright = np.rot90(prepared.picture.pixels, prepared.quarters)
    upscale, side = prepared.job.plan.upscale, prepared.job.size * prepared.job.scale
    patches, results, crops_given = list[Patch](), iter(restored), iter(prepared.given)
    for number, (face, reason) in enumerate(zip(prepared.faces, prepared.spared, strict=True), start=1):
        facts = {"face": number} | _facts(face, prepared.quarters)
        if reason:
            crops.spare(reason, facts)
            continue
        kept = next(crops_given, None)
        before = cut_out(upright, face, side) if kept is None or len(kept) != side else kept
        patches.append(Patch(crops.blended(next(results), before, facts) - before, face.affine(side)))
    result = upright if canvas is None else np.rot90(canvas, prepared.quarters)
    if canvas is None and upscale > 1:
        result = enlarged(result, *(length * upscale for length in result.shape[:2]))
    result = np.array(result, order="C")  # its own, as faces are laid on it
    lay_back(result, patches, upscale, None if canvas is None else upright)
    return np.ascontiguousarray(np.rot90(result, -prepared.quarters))


def _facts(face: Face, quarters: int) -> dict[str, Any]:
    """Where a face is, in pixels of the image after so many quarter turns to the left, and how sure the detector is."""
    box = face.box
    facts = {
        "box": [box.left, box.top, box.right, box.bottom],
        "score": round(box.confidence, 4),
        "landmarks": face.landmarks.round().astype(int).tolist(),
    }
    return facts | ({"quarter_turns": quarters} if quarters else {})


def check_square(image: Image, path: Path) -> None:
    """Raise InputError for a face that is not square."""
    height, width = image.shape[:2]
    if height != width:
        raise InputError(f"{path}: expected a square face, got {width} x {height} px; crop it, or use --kind photo")


def _check_pixels(picture: Picture, job: Job) -> None:
    height, width = (side * job.plan.upscale for side in picture.pixels.shape[:2])
    most = max_pixels()
    if most is not None and height * width > most:
        limit = f"more than {most / 1e6:.0f} million pixels"
        raise InputError(f"{job.path}: would become {width} x {height} px, {limit}; use a smaller --upscale")
