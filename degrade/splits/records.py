"""The records of many images in little memory: each line is kept compressed, and parsed when it is asked for.

A parsed record takes four times the memory of its line. The lines of one split are alike, so that one compressed with
the first of them as its dictionary takes a quarter.
"""

import json
import zlib
from collections.abc import Iterable, Iterator, MutableMapping, Sequence
from typing import Any, overload

from degrade.core.storage import strict_json
from degrade.core.storage.paths import escaped

Record = dict[str, Any]
_WINDOW = -12  # 4 KiB, which a line and the first fit into, and no header


def record_line(record: Record) -> bytes:
    """A record as its line of metadata.jsonl."""
    return (escaped(json.dumps(record, allow_nan=False, ensure_ascii=False)) + "\n").encode()


class _Lines:
    """Compresses lines and gives them back."""

    def __init__(self) -> None:
        self._first = b""

    def packed(self, line: bytes) -> bytes:
        self._first = self._first or line
        packer = zlib.compressobj(level=1, wbits=_WINDOW, zdict=self._first)
        return packer.compress(line) + packer.flush()

    def line(self, packed: bytes) -> bytes:
        return zlib.decompressobj(_WINDOW, zdict=self._first).decompress(packed)

    def record(self, packed: bytes) -> Record:
        return strict_json.decode(self.line(packed), dict)


class Records(Sequence[Record]):
    """The records of lines, in their order; a record that is asked for is a new one each time."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        """The lines are checked when they are parsed: what is no object of JSON raises ValueError then."""
        self._kept = _Lines()
        self._packed = [self._kept.packed(line) for line in lines]

    def lines(self) -> Iterator[bytes]:
        """The lines as they were given, one at a time."""
        return map(self._kept.line, self._packed)

    def __iter__(self) -> Iterator[Record]:
        return map(self._kept.record, self._packed)

    def __len__(self) -> int:
        return len(self._packed)

    @overload
    def __getitem__(self, place: int) -> Record: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Record, ...]: ...
    def __getitem__(self, place: int | slice) -> Record | tuple[Record, ...]:
        found = self._packed[place]
        return self._kept.record(found) if isinstance(found, bytes) else tuple(map(self._kept.record, found))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(one == two for one, two in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment] # as that of a list


class RecordsByName(MutableMapping[str, Record]):
    """The records of a split while it is made, by the names of their images."""

    def __init__(self) -> None:
        self._kept = _Lines()
        self._packed: dict[str, bytes] = {}

    def lines(self) -> Iterator[bytes]:
        """The lines of metadata.jsonl: in the order of names, one at a time."""
        return (self._kept.line(self._packed[name]) for name in sorted(self._packed))

    def __setitem__(self, name: str, record: Record) -> None:
        self._packed[name] = self._kept.packed(record_line(record))

    def __getitem__(self, name: str) -> Record:
        return self._kept.record(self._packed[name])

    def __delitem__(self, name: str) -> None:
        del self._packed[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._packed)

    def __len__(self) -> int:
        return len(self._packed)
