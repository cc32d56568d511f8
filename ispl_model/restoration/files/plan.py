"""What is asked of a restoration, and what came of it."""

from dataclasses import dataclass, field
from typing import Any

from degrade.core.errors import InputError
from ispl_model.restoration.choose import ALL, Choice

KINDS = ("auto", "face", "photo", "tiles")
SAVED = ("faces", "compare")
NO_FACE = ("fail", "keep")


@dataclass(frozen=True)
class RestorePlan:
    """What is done with each image.

    kind: "face": a square crop of a face, brought to the network's size where it is smaller, else of its own size
        (see face.laid_on). "photo": its faces are found, restored and pasted back. "tiles": all of it, in overlapping
        tiles. "auto": a face where the image is square and its largest face is at least a third as wide, or where no
        face is found in a square that is no larger than the network; else a photo. Always a photo where it grows, where
        faces are chosen, or where they lie on their side.
    upscale: times that photographs and tiled images grow, by bicubic; above 1 "auto" means "photo".
    background: "white" or "black", what transparent images are laid on; None: they stay transparent.
    resume: keep what is there, make what is missing or half-written; a result of another image, checkpoint or options,
        or changed since, stays and is an error. overwrite: results may replace files that are there, though never an
        image that is read; with resume, all but those that are whole and as asked.
    suffix: of results' names, such as ".png"; "" for that of their images. ending: added to their stems.
    quality: of JPEG, WebP, HEIC and AVIF, 1 to 100. saved: of SAVED, what is written beside the results.
    strength: how much of the change is used, 0 to 1; None for the model's default. guard: the identity distance above
        which less of it is used (strength.guarded). choice: which faces are restored.
    workers: processes that read, find faces and write while this one runs the network; results are the same.
    turn: faces may be upright after quarter turns of the image.
    no_face: of a photograph in which none is found: "fail", or "keep" it as it is (or enlarged).
    """

    kind: str = "auto"
    upscale: int = 1
    background: str | None = None
    resume: bool = False
    overwrite: bool = False
    suffix: str = ""
    ending: str = ""
    quality: int = 95
    saved: tuple[str, ...] = ()
    strength: float | None = None
    guard: float | None = None
    choice: Choice = ALL
    turn: bool = False
    workers: int = 1
    no_face: str = "fail"

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"RestorePlan: kind must be one of {KINDS}, got {self.kind!r}")
        if self.no_face not in NO_FACE:
            raise ValueError(f"RestorePlan: no_face must be one of {NO_FACE}, got {self.no_face!r}")
        if self.kind == "face" and self.upscale > 1:
            raise InputError(
                "a face grows to the network's size and no further; --upscale is for --kind photo or tiles"
            )
        if self.kind in ("face", "tiles") and (self.choice != ALL or self.turn or self.no_face == "keep"):
            option = "--turn" if self.turn else "a choice of faces" if self.choice != ALL else "--no-face keep"
            raise InputError(f"--kind {self.kind}: {option} is for photographs; leave it out, or take --kind photo")
        if self.kind == "tiles" and (self.guard is not None or "faces" in self.saved):
            option = "--guard" if self.guard is not None else "--save faces"
            raise InputError(f"--kind tiles: no face is looked for, as {option} needs; leave it out")
        if self.strength is not None and not 0 <= self.strength <= 1:
            raise InputError(f"--strength: expected a number from 0 to 1, got {self.strength:g}")

    @property
    def again(self) -> str:
        """What may be replaced, as check_targets takes it."""
        return "overwrite" if self.overwrite else "resume" if self.resume else ""

    @property
    def facts(self) -> dict[str, Any]:
        """What a result depends on, beside its image and the network; defaults are omitted."""
        facts: dict[str, Any] = {"kind": self.kind, "upscale": self.upscale, "background": self.background}
        more = {
            "quality": self.quality,
            "strength": self.strength,
            "guard": self.guard,
            "choice": self.choice.facts,
            "turn": self.turn,
        }
        usual = {"quality": 95, "strength": None, "guard": None, "choice": ALL.facts, "turn": False}
        return facts | {name: value for name, value in more.items() if value != usual[name]}


@dataclass
class RestoreSummary:
    """How many files became what.

    resized: faces that came in another size; photos: with faces, or that a network enlarged; found: faces in them, of
    which `spared` stayed as they were; faceless: photographs without a face that were kept as they are (or enlarged).
    """

    faces: int = 0
    photos: int = 0
    tiled: int = 0
    resized: int = 0
    found: int = 0
    spared: int = 0
    faceless: int = 0
    kept: int = 0
    errors: tuple[tuple[str, str], ...] = ()  # (file, sentence)
    moved: list[tuple[str, float]] = field(default_factory=list)  # (face, its identity distance)

    @property
    def restored(self) -> int:
        """Files that a network changed."""
        return self.faces + self.photos + self.tiled

    @property
    def seen(self) -> int:
        """Files dealt with."""
        return self.restored + self.faceless + self.kept + len(self.errors)
