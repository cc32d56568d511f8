"""One split made in parts by machines that know nothing of each other, and the parts put together."""

import heapq
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import repeat
from operator import itemgetter
from pathlib import Path
from typing import TypeVar

from degrade.core.errors import InputError
from degrade.core.storage.files import sha256, write_bytes
from degrade.core.storage.paths import kind_of, read_bytes, real_path
from degrade.splits.layout import differences, pair_paths, split_writer
from degrade.splits.split import Split, open_split

_OWN = {"shard", "count", "errors", "metadata_sha256"}  # keys of split.json in which shards of one split differ
Item = TypeVar("Item")


@dataclass(frozen=True)
class Shard:
    """Every `of`-th face, beginning with number `number` (1 is the first)."""

    number: int
    of: int

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """Of a text such as 3/16; InputError for another.

        >>> Shard.parse("3/16")
        Shard(number=3, of=16)
        """
        parts = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", text)
        if not parts or not 1 <= int(parts[1]) <= int(parts[2]):
            raise InputError(f"shard '{text}': expected K/N with K from 1 to N, such as 3/16")
        return cls(int(parts[1]), int(parts[2]))

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    def part(self, faces: Sequence[Item]) -> Sequence[Item]:
        """This shard's faces of all in name order; InputError where it would have none.

        >>> Shard(2, 3).part("abcdefg")
        'be'
        """
        if len(faces) < self.of:
            raise InputError(f"shard {self}: expected at least {self.of} faces, got {len(faces)}; make fewer shards")
        return faces[self.number - 1 :: self.of]


def every_face(names: Sequence[str]) -> str:
    """What tells the faces of one split from those of another, for each shard to keep: their names alone.

    To hash the files too, every machine would have to read the faces of all the others.

    >>> every_face(["a", "b"])
    '2 faces, SHA-256 of their names c14cddc0'
    """
    return f"{len(names)} faces, SHA-256 of their names {sha256('/'.join(names).encode())[:8]}"


def merge(out: Path, folders: Sequence[Path]) -> Split:
    """The split of all faces out of its shards, byte for byte as if it had been made in one go.

    Images become hard links where the file system has them, else copies, and their hashes are not checked, which
    degrade.splits.replay.verify does; the shards stay as they are. The same call resumes where one was interrupted.
    Raises InputError for a shard that is missing, given twice, unfinished, of another split or of faces of other names,
    for an image that is missing, and for `out` that holds something else.
    """
    shards = [open_split(folder) for folder in folders]
    facts = _common_facts(shards)
    _check_complete(shards)
    for shard in shards:
        if real_path(out).is_relative_to(real_path(shard.path)):
            raise InputError(f"{out}: lies in the shard {shard.path}, which stays as it is; give a folder beside it")
    names = [name for shard in shards for name in shard.names]
    if not names:
        why = "its `degrade run`, given again, says why"
        raise InputError(f"{shards[0].path}: no face of this or another shard could be used; {why}")
    with split_writer(out, {key: value for key, value in facts.items() if key != "shard_of"}, names) as split:
        in_order = heapq.merge(*(zip(shard.names, shard.records, repeat(shard)) for shard in shards), key=itemgetter(0))
        for name, record, shard in in_order:
            for source, target in zip(pair_paths(shard.path, name), pair_paths(out, name), strict=True):
                _place(source, target)
            split.records[name] = record
        for shard in shards:
            split.errors.update({f"{shard.path} {number}": "" for number in range(shard.info["errors"])})
    return open_split(out)


def _common_facts(shards: Sequence[Split]) -> dict:
    first, *others = ({key: value for key, value in shard.info.items() if key not in _OWN} for shard in shards)
    for shard, facts in zip(shards[1:], others, strict=True):
        if other := differences(facts, first):
            raise InputError(f"{shard.path}: is of another split than {shards[0].path} ({'; '.join(other)})")
    return first


def _check_complete(shards: Sequence[Split]) -> None:
    places: dict[Shard, Path] = {}
    for split in shards:
        if "shard" not in split.info:
            raise InputError(f"{split.path}: expected a split made with --shard, got a whole one; leave it out")
        shard = Shard.parse(split.info["shard"])
        if shard in places:
            raise InputError(f"{split.path}: is shard {shard}, as {places[shard]} is; give each once")
        if any(shard.of != other.of for other in places):
            raise InputError(f"{split.path}: is one of {shard.of} shards, others are not; give those of one split")
        places[shard] = split.path
    every = [Shard(number + 1, shard.of) for number in range(shard.of)]
    lacking = [str(shard) for shard in every if shard not in places]
    if lacking:
        missing = f"{', '.join(lacking[:3])}{', ...' if len(lacking) > 3 else ''}"
        raise InputError(f"expected all {len(every)} shards, got {len(places)} without {missing}; give all of them")


def _place(source: Path, target: Path) -> None:
    if kind_of(source) != "file":  # before the target is removed, which may be all that is left of it
        raise InputError(f"{source}: is missing; its `degrade run`, given again, makes it anew")
    with suppress(OSError):
        if os.path.samefile(source, target):
            return
    try:
        target.parent.mkdir(exist_ok=True)
        target.unlink(missing_ok=True)
        os.link(source, target)
    except OSError:  # another file system, or one without links; what cannot be read or written is said here
        write_bytes(target, read_bytes(source))
