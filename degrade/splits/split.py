"""A split on disk, to read: pairs of reference and degraded images with a line of plain data for each pair.

    hq/NAME.png  lq/NAME.png  metadata.jsonl  split.json

One without the folder `.parts/` and with split.json is whole.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from degrade.core.errors import InputError
from degrade.core.image import Image
from degrade.core.storage.files import sha256_lines
from degrade.core.storage.paths import kind_of, user_path
from degrade.splits.layout import PARTS, SCHEMA, is_name, pair_paths, parsed_records, read_info, recorded_lines
from degrade.splits.recorded import RecordedImage
from degrade.splits.records import record_line

_OF_A_PAIR = ("name", "operators", "hq_pixels_sha256", "lq_pixels_sha256")


@dataclass(frozen=True)
class Split:
    """A whole split on disk; info is split.json, records are the lines of metadata.jsonl in name order."""

    path: Path
    info: dict[str, Any]
    records: Sequence[dict[str, Any]]

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(record["name"] for record in self.records)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of every pair's name, operators and pixels: that of the same pairs, whichever program encoded them.

        Of a split whose lines hold no hashes of pixels, as the first version wrote them, that of metadata.jsonl.
        """
        if not all("lq_pixels_sha256" in record for record in self.records):
            return str(self.info["metadata_sha256"])
        pairs = ({key: record[key] for key in _OF_A_PAIR if key in record} for record in self.records)
        return sha256_lines(map(record_line, pairs))

    @property
    def has_reference(self) -> bool:
        """False for a collected set of real degraded faces, which has no hq/."""
        return bool(self.info.get("has_reference", True))

    def files(self, name: str) -> tuple[Path, ...]:
        """Where the images of that name lie: reference and degraded, or only the latter."""
        return pair_paths(self.path, name)[0 if self.has_reference else 1 :]

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where all of its images lie: hq/ and lq/, or only the latter."""
        return tuple(file.parent for file in self.files("any"))

    def images(self, name: str) -> tuple[RecordedImage, ...]:
        """The files of that name with their hashes, as `files` has them."""
        record = self.record(name)
        return tuple(RecordedImage.of(path, record) for path in self.files(name))

    def record(self, name: str) -> dict[str, Any]:
        """The line of that name."""
        return self.records[self.places[name]]

    def reference(self, name: str) -> Image:
        """The clean image; InputError in a split without references, and where its pixels are not the recorded ones."""
        if not self.has_reference:
            raise InputError(f"{self.path}: has no references (collected without any); use metrics that need none")
        return self.images(name)[0].read()

    def degraded(self, name: str) -> Image:
        """The degraded image; InputError where its pixels are not the recorded ones."""
        return self.images(name)[-1].read()

    @cached_property
    def places(self) -> dict[str, int]:
        """Of each name, where its record stands in `records`."""
        return {name: place for place, name in enumerate(self.names)}


def load_split(path: Path | str) -> Split:
    """Open a whole split: `names`, and by name its `reference` and `degraded` images, float32 (H, W, 3) in [0, 1].

    The pairs themselves are checked for presence, not read. `records` holds the operators of each pair as drawn.
    Raises InputError when it is unfinished, damaged, of another schema, without a pair, or no split.

    >>> import tempfile
    >>> from degrade import make_split
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     split = load_split(make_split(f"{folder}/split", None, "sr4", size=64, limit=1).path)
    ...     split.degraded(split.names[0]).shape
    (16, 16, 3)
    """
    split = open_split(path)
    if not split.names:
        raise InputError(f"{path}: expected at least one pair, got a shard whose faces all failed; give another split")
    missing = [file for name in split.names for file in split.files(name) if kind_of(file) != "file"]
    if missing:
        raise InputError(f"{missing[0]}: is missing ({len(missing)} in all); make the split again into this folder")
    return split


def open_split(path: Path | str) -> Split:
    """As load_split, also when images are missing or there are none: what replay, verify and merge start from."""
    path = user_path(path)
    if kind_of(path / "split.json") != "file" or os.path.exists(path / PARTS):
        raise InputError(f"{path}: expected a finished split (split.json, no {PARTS}); make it or finish making it")
    info = read_info(path / "split.json")
    if info.get("schema") != SCHEMA:
        raise InputError(f"{path}: expected a split of schema {SCHEMA}, got {info.get('schema')}; make it again")
    metadata = path / "metadata.jsonl"
    records = recorded_lines(path, info)
    if records is None:
        raise InputError(f"{metadata}: is missing or changed since the split was made; make the split again")
    for record in parsed_records(metadata, records.lines()):
        if info.get("has_reference", True) and "hq_sha256" not in record:
            raise InputError(f"{metadata}: expected hq_sha256 in each line, as the split has references; make it again")
        if not is_name(record["name"]):
            got = f"got '{record['name']}'; do not use this split"
            raise InputError(f"{metadata}: expected names of images in this folder, {got}")
    return Split(path, info, records)
