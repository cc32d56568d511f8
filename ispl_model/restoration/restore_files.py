"""Image files in, restored files out, and beside them a line for each that says what made it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image as Pillow

from degrade.core.errors import InputError
from degrade.core.files import JsonLines, parse_object, sha256, sha256_file, write_bytes
from degrade.core.image import Image, encode_png, read
from degrade.core.resize import resize_bicubic
from degrade.faces import detection
from ispl_model.restoration.photograph import restore_photograph
from ispl_model.restoration.restorer import Restorer
from ispl_model.restoration.tiles import restore_tiled

KINDS = ("auto", "face", "photo", "tiles")
RECORD = "restored.jsonl"
_FACE_SHARE = 3  # a square whose largest face is narrower than a third of it is a photograph


@dataclass(frozen=True)
class RestorePlan:
    """What is done with each image.

    kind: "face": a square crop of a face, brought to the network's size. "photo": its faces are found, restored and
        pasted back. "tiles": all of it, in overlapping tiles. "auto": a face where the image is square and no face
        smaller than a third of it is found, else a photo.
    upscale: times that photographs and tiled images grow, by bicubic; above 1 "auto" means "photo".
    background: for images with an alpha channel, see degrade.core.image.read.
    resume: keep what is there, whole, and made from the same image by the same checkpoint and options.
    """

    kind: str = "auto"
    upscale: int = 1
    background: str | None = None
    resume: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"RestorePlan: kind must be one of {KINDS}, got {self.kind!r}")
        if self.kind == "face" and self.upscale > 1:
            raise InputError("a restored face has the network's size; use --upscale with --kind photo or tiles")

    @property
    def facts(self) -> dict[str, Any]:
        """What a result depends on, beside its image and the network."""
        return {"kind": self.kind, "upscale": self.upscale, "background": self.background}


@dataclass
class RestoreSummary:
    """How many files became what. resized: faces that came in another size; found: faces in photographs."""

    faces: int = 0
    photos: int = 0
    tiled: int = 0
    resized: int = 0
    found: int = 0
    kept: int = 0
    errors: tuple[tuple[str, str], ...] = ()  # (file, sentence)

    @property
    def restored(self) -> int:
        """Files written."""
        return self.faces + self.photos + self.tiled

    @property
    def seen(self) -> int:
        """Files dealt with."""
        return self.restored + self.kept + len(self.errors)


def restore_files(
    restorer: Restorer, paths: Sequence[Path], out: Path, plan: RestorePlan | None = None
) -> Iterator[RestoreSummary]:
    """Restore image files to `out`/NAME.png; gives the summary so far after each of them, the last one is whole.

    What cannot be read, is no square where a face was promised, or has no face that is found, is listed by
    name and the rest is written. `out`/restored.jsonl says what made each result. Memory beside the network's: up to
    60 bytes for each pixel of a result (which has at most Pillow's limit of 89 million), and 200 MB to find faces.
    Raises InputError when two files have one stem, or a result would replace a file that was not made here.
    """
    plan = plan or RestorePlan()
    with JsonLines(out / RECORD, parse_object) as record:
        _check_targets(paths, out, {line.get("file_name") for line in record.values})
        run = _Run(restorer, out, plan, record)
        for path in paths:
            run.take(path)
            yield run.summary
        run.restore_waiting()
        yield run.summary


class _Run:
    """One pass over the files; faces wait until there is a batch of them."""

    def __init__(self, restorer: Restorer, out: Path, plan: RestorePlan, record: JsonLines) -> None:
        self.restorer, self.out, self.plan, self.record = restorer, out, plan, record
        self.restore = restorer.restore_faces
        self.made_by = restorer.facts | plan.facts
        self.known = {line.get("file_name"): line for line in record.values}  # the newest of each
        self.summary = RestoreSummary()
        self.waiting: list[tuple[Path, Image]] = []

    def take(self, path: Path) -> None:
        """Keep, restore or list one file."""
        if self.plan.resume and self._is_there(path):
            self.summary.kept += 1
            return
        try:
            image = read(path, self.plan.background)
            _check_pixels(image, path, self.plan.upscale)
            kind, boxes = find_kind(image, path, self.plan)
            face = fitted_face(image, path, self.restorer.size) if kind == "face" else image
        except InputError as error:
            self.summary.errors += ((path.name, str(error)),)
            return
        if kind == "face":
            self.summary.resized += face is not image
            self._wait(path, face)
        elif kind == "photo":
            laid_back = restore_photograph(image, boxes, self.restore, self.restorer.size, self.plan.upscale)
            self._write(path, laid_back, {"faces": len(boxes)})
            self.summary.photos += 1
            self.summary.found += len(boxes)
        else:
            tiled = restore_tiled(self._enlarged(image), self.restore, self.restorer.size, self.restorer.batch)
            self._write(path, tiled, {})
            self.summary.tiled += 1

    def restore_waiting(self) -> None:
        """The faces that have not been restored yet, in one batch."""
        restored = self.restore([image for _, image in self.waiting])
        for (path, _), image in zip(self.waiting, restored, strict=True):
            self._write(path, image, {})
        self.summary.faces += len(restored)
        self.waiting = []

    def _wait(self, path: Path, face: Image) -> None:
        self.waiting.append((path, face))
        if len(self.waiting) == self.restorer.batch:
            self.restore_waiting()

    def _enlarged(self, image: Image) -> Image:
        height, width = (side * self.plan.upscale for side in image.shape[:2])
        return image if self.plan.upscale == 1 else resize_bicubic(image, height, width)

    def _is_there(self, path: Path) -> bool:
        line, target = self.known.get(_name(path)), self.out / _name(path)
        if line is None or line.get("made_by") != self.made_by or not target.is_file():
            return False
        return line.get("source_sha256") == sha256_file(path) and line.get("sha256") == sha256_file(target)

    def _write(self, path: Path, image: Image, more: dict[str, Any]) -> None:
        """The line comes first: a line without its file is seen by its hash, a file without its line is nobody's."""
        data = encode_png(image)
        facts = {"file_name": _name(path), "source": path.name, "source_sha256": sha256_file(path)}
        self.record.append(facts | more | {"made_by": self.made_by, "sha256": sha256(data)})
        write_bytes(self.out / _name(path), data)


def find_kind(image: Image, path: Path, plan: RestorePlan) -> tuple[str, list[detection.Box]]:
    """The kind "face", "photo" with its faces, or "tiles"; InputError where a photo has no face."""
    if plan.kind in ("face", "tiles"):
        return plan.kind, []
    height, width = image.shape[:2]
    boxes = detection.detect_reduced(image)
    largest = max((box.right - box.left + 1 for box in boxes), default=width)
    if plan.kind == "auto" and plan.upscale == 1 and height == width <= _FACE_SHARE * largest:
        return "face", []
    if not boxes:
        raise InputError(f"{path}: no face found; use --kind tiles to restore all of the image")
    return "photo", boxes


def fitted_face(image: Image, path: Path, size: int) -> Image:
    """A square face at `size` px, by resize_bicubic where it has another side; InputError where it is not square."""
    height, width = image.shape[:2]
    if height != width:
        raise InputError(f"{path}: expected a square face, got {width} x {height} px; crop it, or use --kind photo")
    return image if height == size else resize_bicubic(image, size, size)


def _check_pixels(image: Image, path: Path, upscale: int) -> None:
    height, width = (side * upscale for side in image.shape[:2])
    most = Pillow.MAX_IMAGE_PIXELS  # None where someone has lifted the limit
    if most is not None and height * width > most:
        limit = f"more than {most / 1e6:.0f} million pixels"
        raise InputError(f"{path}: would become {width} x {height} px, {limit}; use a smaller --upscale")


def _check_targets(paths: Sequence[Path], out: Path, made_here: set[str | None]) -> None:
    stems: dict[str, Path] = {}
    for path in paths:
        target = out / _name(path)
        if path.stem in stems:
            raise InputError(f"{path}: has the same name as {stems[path.stem]}; restore them to different folders")
        if target.resolve() == path.resolve():
            raise InputError(f"{out}: the restored {target.name} would replace its input; give another folder")
        if target.exists() and target.name not in made_here:
            raise InputError(f"{target}: is there and was not made by ispl restore; give another folder")
        stems[path.stem] = path


def _name(path: Path) -> str:
    return f"{path.stem}.png"
