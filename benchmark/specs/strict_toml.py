"""The files of protocols/ as plain values: unknown, missing and mistyped keys are errors."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from degrade.core.errors import InputError, unknown
from degrade.core.storage.paths import read_text, user_path

_MOST_BYTES = 1 << 20  # of a file


def parsed(place: str, text: str) -> dict[str, Any]:
    """The values of a text of TOML; `place` names its file in messages."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # of TOML, and of numbers and nesting without end
        raise InputError(f"{place}: not valid TOML ({error})") from error


def checked(place: str, found: Mapping[str, Any], expected: Mapping[str, Any]) -> dict[str, Any]:
    """The values with lists as tuples, when keys and types are exactly the expected ones."""
    _same_keys(place, found, expected)
    for key, kind in expected.items():
        if not _is(found[key], kind):
            wanted = getattr(kind, "__name__", str(kind)) if kind in (int, str, bool, float) else str(kind)
            raise InputError(f"{place}: {key}: expected {wanted}, got {found[key]!r}")
    return {key: tuple(value) if isinstance(value, list) else value for key, value in found.items()}


def _same_keys(place: str, found: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    for key in found:
        if key not in expected:
            raise InputError(f"{place}: {unknown('key', key, expected)}")
    missing = [key for key in expected if key not in found]
    if missing:
        raise InputError(f"{place}: key '{missing[0]}' is missing; expected {', '.join(expected)}")


def _is(value: Any, kind: Any) -> bool:
    if kind in (int, str, bool, float):
        return type(value) is kind and value == value  # a bool is not an int here, NaN no float
    (item,) = kind.__args__
    return isinstance(value, list) and all(type(element) is item for element in value)


def stem(place: str) -> str:
    """The name of a file of TOML without its folder and ending."""
    return Path(place).stem


def stems(*folder: str) -> list[str]:
    """The stems of the files of TOML in protocols/ or a folder below it, in name order."""
    place = files("protocols").joinpath(*folder)
    names: Sequence[str] = [entry.name for entry in place.iterdir() if entry.name.endswith(".toml")]
    return sorted(name.removesuffix(".toml") for name in names)


def is_file(name: str) -> bool:
    """Whether a name is that of a user's file of TOML."""
    return name.lower().endswith(".toml")


def own_text(path: str, kind: str, taken: Iterable[str]) -> str:
    """The text of a user's file; InputError where it cannot be read, and where its stem is one of those `taken`."""
    if stem(path).lower() in (*taken, "evaluation"):
        raise InputError(f"{path}: '{stem(path)}' is the name of a {kind} of the project; rename the file")
    try:
        return read_text(user_path(path), most=_MOST_BYTES)
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: cannot be read as a {kind} ({error})") from error


def text_of(*path: str) -> str:
    """The text of a file below protocols/."""
    return files("protocols").joinpath(*path).read_text(encoding="utf-8")
