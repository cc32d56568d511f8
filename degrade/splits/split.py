"""A split on disk, to read: pairs of reference and degraded images with a line of plain data for each pair.

    hq/NAME.png  lq/NAME.png  metadata.jsonl  split.json

One without the folder `.parts/` and with split.json is whole.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from degrade.core.errors import InputError
from degrade.core.files import sha256_file
from degrade.core.image import Image, read
from degrade.splits.layout import (
    PARTS,
    SCHEMA,
    pair_paths,
    read_json,
)


@dataclass(frozen=True)
class Split:
    """A whole split on disk; info is split.json, records are the lines of metadata.jsonl in name order."""

    path: Path
    info: dict[str, Any]
    records: tuple[dict[str, Any], ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(record["name"] for record in self.records)

    @property
    def digest(self) -> str:
        """SHA-256 of metadata.jsonl, and so of every pair's bytes."""
        return str(self.info["metadata_sha256"])

    @property
    def has_reference(self) -> bool:
        """False for a collected set of real degraded faces, which has no hq/."""
        return bool(self.info.get("has_reference", True))

    def files(self, name: str) -> tuple[Path, ...]:
        """Where the images of that name lie: reference and degraded, or only the latter."""
        return pair_paths(self.path, name)[0 if self.has_reference else 1 :]

    def reference(self, name: str) -> Image:
        """The clean image; InputError in a split without references."""
        if not self.has_reference:
            raise InputError(f"{self.path}: has no references (collected without any); use metrics that need none")
        return read(pair_paths(self.path, name)[0])

    def degraded(self, name: str) -> Image:
        return read(pair_paths(self.path, name)[1])


def load_split(path: Path | str) -> Split:
    """Open a whole split: `names`, and by name its `reference` and `degraded` images, float32 (H, W, 3) in [0, 1].

    The pairs themselves are checked for presence, not read. `records` holds the operators of each pair as drawn.
    Raises InputError when it is unfinished, damaged, of another schema, or no split.

    >>> import tempfile
    >>> from degrade import make_split
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     split = load_split(make_split(f"{folder}/split", None, "sr4", size=64, limit=1).path)
    ...     split.degraded(split.names[0]).shape
    (16, 16, 3)
    """
    split = open_split(path)
    missing = [file for name in split.names for file in split.files(name) if not file.is_file()]
    if missing:
        raise InputError(f"{missing[0]}: is missing ({len(missing)} in all); make the split again into this folder")
    return split


def open_split(path: Path | str) -> Split:
    """As load_split, also when images are missing: what replay and verify start from."""
    path = Path(path)
    if not (path / "split.json").is_file() or (path / PARTS).exists():
        raise InputError(f"{path}: expected a finished split (split.json, no {PARTS}); make it or finish making it")
    info = read_json(path / "split.json")
    if info.get("schema") != SCHEMA:
        raise InputError(f"{path}: expected a split of schema {SCHEMA}, got {info.get('schema')}; make it again")
    metadata = path / "metadata.jsonl"
    if not metadata.is_file() or sha256_file(metadata) != info.get("metadata_sha256"):
        raise InputError(f"{metadata}: is missing or changed since the split was made; make the split again")
    try:
        records = tuple(json.loads(line) for line in metadata.read_bytes().splitlines())
        outside = next((record["name"] for record in records if Path(record["name"]).name != record["name"]), None)
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{metadata}: expected one record with a name in a line ({error}); make it again") from error
    if outside is not None:
        raise InputError(f"{metadata}: expected names of images in this folder, got '{outside}'; do not use this split")
    return Split(path, info, records)
