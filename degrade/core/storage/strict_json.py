"""JSON from files, read strictly: no NaN, no half-right types, no nesting without end. Types are checked here, once.

A kind is what a value must be: a dataclass or a TypedDict with the fields that are relied on, or dict, list[float]
and the like. True and False are no numbers, and 4.0 is no whole number.
"""

import json
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec

from degrade.core.errors import InputError
from degrade.core.storage.paths import kind_of, read_bytes

Kind = TypeVar("Kind")
FileName = Annotated[str, msgspec.Meta(pattern=r"^(?!\.\.?$)[^/\x00]*$")]  # of a kind: one name in a folder
_MOST_BYTES = 1 << 30  # of a file of one JSON value


def decode(data: bytes | str, kind: type[Kind]) -> Kind:
    """The value in a text of JSON as that kind; keys that the kind does not name are left out.

    Raises ValueError, with the place inside the value, for anything else.

    >>> decode('{"width": 4.5}', dict[str, int])
    Traceback (most recent call last):
    ValueError: Expected `int`, got `float` - at `$[...]`
    """
    return _sound(_decoder(kind).decode, data)  # type: ignore[arg-type]


def decoder_of(kind: type[Kind]) -> Callable[[bytes], Kind]:
    """A function from a text of JSON to the msgspec.Struct `kind`, for many texts; it raises ValueError as decode."""
    return partial(_sound, msgspec.json.Decoder(kind).decode)


def decode_object(data: bytes | str, kind: Any = dict) -> dict[str, Any]:
    """The object in a text of JSON with all its keys, once those that `kind` names are of its types.

    Raises ValueError as decode.
    """
    found = decode(data, dict)
    check(found, kind)
    return found


def check(value: Any, kind: Any) -> None:
    """Raise ValueError unless plain data is of that kind."""
    _sound(msgspec.convert, value, kind)


def decode_unique(data: bytes | str, kind: Any = dict) -> dict[str, Any]:
    """As decode_object of a text that no key of an object stands in twice, else ValueError.

    Half as slow again: for a file or header that is one object, not for lines, which come by the million.

    >>> decode_unique('{"size": 64, "size": 512}')
    Traceback (most recent call last):
    ValueError: the key 'size' stands twice in an object
    """
    found = decode_object(data, kind)
    _sound(json.loads, data, object_pairs_hook=_refuse_twice)
    return found


def read_object(path: Path, kind: Any, wanted: str, remedy: str) -> dict[str, Any]:
    """As decode_unique of a file. Raises InputError: PATH: expected `wanted`, got ...; `remedy`."""
    if kind_of(path) == "nothing":
        raise InputError(f"{path}: expected {wanted}, got nothing there; {remedy}")
    try:
        return decode_unique(read_bytes(path, _MOST_BYTES), kind)
    except ValueError as error:
        raise InputError(f"{path}: expected {wanted} ({error}); {remedy}") from error


def fields_of(record: Mapping[str, Any], key: str) -> dict[str, Any]:
    """The object in the string under a key of a record. Raises ValueError when there is something else."""
    text = record.get(key)
    if not isinstance(text, str):
        raise ValueError(f"expected a text of JSON under '{key}'")
    return decode(text, dict)


@cache
def _decoder(kind: type[Kind]) -> msgspec.json.Decoder[Kind]:
    return msgspec.json.Decoder(kind)


def _refuse_twice(pairs: list[tuple[str, Any]]) -> None:
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            raise ValueError(f"the key {key!r} stands twice in an object")
        seen.add(key)


def _sound(read: Callable[..., Kind], *arguments: Any, **options: Any) -> Kind:
    try:
        return read(*arguments, **options)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8, {error.reason}") from error
    except msgspec.MsgspecError as error:
        raise ValueError(str(error)) from error
