"""The files of protocols/ as plain values: unknown, missing and mistyped keys are errors."""

import tomllib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from degrade.core.errors import InputError, unknown


def parsed(place: str, text: str) -> dict[str, Any]:
    """The values of a text of TOML; `place` names its file in messages."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
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
        return type(value) is kind  # a bool is not an int here
    (item,) = kind.__args__
    return isinstance(value, list) and all(type(element) is item for element in value)


def stem(place: str) -> str:
    """The name of a file of TOML without its folder and ending."""
    return place.rsplit("/", 1)[-1].removesuffix(".toml")


def stems(*folder: str) -> list[str]:
    """The stems of the files of TOML in protocols/ or a folder below it, in name order."""
    place = files("protocols").joinpath(*folder)
    names: Sequence[str] = [entry.name for entry in place.iterdir() if entry.name.endswith(".toml")]
    return sorted(name.removesuffix(".toml") for name in names)


def text_of(*path: str) -> str:
    """The text of a file below protocols/."""
    return files("protocols").joinpath(*path).read_text(encoding="utf-8")
