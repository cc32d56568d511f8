"""JSON as no program of ours writes it: one fault at a time, everywhere in a good value."""

import json
from collections.abc import Iterator
from typing import Any

VALUES: tuple[Any, ...] = (None, True, -1, 4.5, 10**30, "x", "", [], {}, [[1]], {"a": {"b": None}})
WHOLE = {
    "empty": b"", "null": b"null", "list": b"[]", "text": b'"x"', "number": b"3", "object": b"{}", "torn": b'{"a": ',
    "deep": b"[" * 100_000 + b"]" * 100_000, "deep object": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "not UTF-8": b'{"a": "\xff\xfe"}', "NaN": b'{"a": NaN}', "infinity": b'{"a": 1e999}',
    "surrogate": b'{"a": "\\ud800"}',
    "bytes": bytes(range(256)), "mark": b"\xef\xbb\xbf{}",
}  # fmt: skip


def faults(good: Any) -> Iterator[tuple[str, bytes]]:
    """(what is wrong, the JSON in one line): other files, then each key left out, NaN, or of another type."""
    yield from WHOLE.items()
    for path in _paths(good):
        name = ".".join(map(str, path))
        yield f"no {name}", _encoded(_changed(good, path, leave_out=True))
        for value in VALUES:
            yield f"{name} {value!r}", _encoded(_changed(good, path, value))
        yield f"{name} NaN", _encoded(_changed(good, path, "N-A-N")).replace(b'"N-A-N"', b"NaN")
        yield f"{name} deep", _encoded(_changed(good, path, "D-P")).replace(b'"D-P"', WHOLE["deep"])


def _paths(value: Any, before: tuple = ()) -> Iterator[tuple]:
    """Of every key, and of the first element of every list."""
    items = value.items() if isinstance(value, dict) else enumerate(value[:1]) if isinstance(value, list) else ()
    for key, inside in items:
        yield (*before, key)
        yield from _paths(inside, (*before, key))


def _changed(value: Any, path: tuple, new: Any = None, leave_out: bool = False) -> Any:
    copy = json.loads(json.dumps(value))
    place = copy
    for key in path[:-1]:
        place = place[key]
    if leave_out:
        del place[path[-1]]
    else:
        place[path[-1]] = new
    return copy


def _encoded(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
