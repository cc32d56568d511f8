"""The pictures of a page: copies as JPEG, under names that any disk takes."""

import base64
import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark.reports.html.content import TestSet
from degrade.core.image import encode_even_jpeg, read
from degrade.core.storage.files import sha256

FOLDER = "images"  # of the pictures beside a page
_SAFE = re.compile(r"[a-z0-9][a-z0-9_-]{0,60}")


@dataclass(frozen=True)
class Column:
    """The pictures of one kind. folder: in the page; files: by image, of those that are there."""

    folder: str
    files: Mapping[str, Path]

    @property
    def places(self) -> dict[str, Path]:
        """Address in the page -> file."""
        return {self.place(name): file for name, file in self.files.items()}

    def place(self, name: str) -> str:
        return f"{self.folder}/{safe(name)}.jpg"

    def only(self, places: Container[str]) -> "Column":
        """The same with no other pictures than those at some addresses."""
        return Column(self.folder, {name: file for name, file in self.files.items() if self.place(name) in places})


def columns(found: TestSet) -> dict[str, Column]:
    """`degraded`, `reference` and `method:KEY` -> its pictures; nothing where none may be shown."""
    if found.hidden or found.split is None:
        return {}
    split = found.split
    kinds = {"degraded": split.path / "lq"} | ({"reference": split.path / "hq"} if split.has_reference else {})
    kinds |= {f"method:{key}": folder for key, folder in found.restored.items()}
    made = {kind: _column(folder, split.path.name, found.images) for kind, folder in kinds.items()}
    return {kind: column for kind, column in made.items() if column.files}


def _column(folder: Path, split: str, names: Sequence[str]) -> Column:
    """Names are those of score lines: one that leads out of the folder has no picture."""
    files = {name: folder / f"{name}.png" for name in names if Path(name).name == name}
    inside = f"{split}-{folder.name}" if folder.name in ("lq", "hq") else folder.name
    return Column(f"{FOLDER}/{safe(inside)}", {name: file for name, file in files.items() if file.is_file()})


def safe(name: str) -> str:
    """A name for a file on any disk, in any page: the name itself, or where it is unusual a part of it and digits.

    >>> safe("face_01"), safe("../<b>")
    ('face_01', 'b-9f46ae')
    """
    if _SAFE.fullmatch(name):
        return name
    words = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:48]
    return "-".join(filter(None, (words, sha256(name.encode("utf-8", "surrogatepass"))[:6])))


def copy(file: Path) -> bytes:
    """The picture as JPEG, its colour at full resolution, or noise would look weaker than it is.

    Raises InputError for one that cannot be read.
    """
    return encode_even_jpeg(read(file))


def data_uri(picture: bytes) -> str:
    """A copy as the text that stands in place of its address."""
    return f"data:image/jpeg;base64,{base64.b64encode(picture).decode()}"
