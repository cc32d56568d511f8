"""How a model file and its options are spelled: FILE,key=value,..."""

import os
import re
from collections.abc import Collection
from pathlib import Path

from degrade.core.errors import InputError


def split_options(kind: str, text: str, known: Collection[str]) -> tuple[Path, dict[str, str]]:
    """The path before the options, and the options. A comma that no `key=` follows belongs to the path.

    kind: what stands before the colon, for the sentence. Raises InputError for an option that is not `known` or given
    twice.

    >>> split_options("onnx", "nets/a,b.onnx,range=-1..1,size=512", ("range", "size"))
    (PosixPath('nets/a,b.onnx'), {'size': '512', 'range': '-1..1'})
    """
    path, options = text, dict[str, str]()
    while not os.path.exists(os.path.expanduser(path)) and (
        found := re.fullmatch(r"(.*),(\w+)=([^,]*)", path, re.DOTALL)
    ):
        path, key, value = found.groups()
        if key not in known or key in options:
            fault = "is given twice" if key in known else "is not known"
            raise InputError(f"{kind}:{text}: expected the options {', '.join(known)}; '{key}' {fault}")
        options[key] = value
    return Path(os.path.expanduser(path)), options


def need_file(kind: str, path: Path) -> Path:
    """The path; InputError where there is no such file."""
    if not os.path.isfile(path):  # False too for what cannot be a name
        raise InputError(f"{kind}:{path}: expected a file, got nothing there; correct the path")
    return path


def parse_range(name: str, text: str) -> tuple[float, float]:
    """The two numbers of `LOW..HIGH`; InputError for anything else.

    >>> parse_range("onnx:net.onnx", "-1..1")
    (-1.0, 1.0)
    """
    low, _, high = text.partition("..")
    try:
        limits = float(low), float(high)
    except ValueError:
        limits = 0.0, 0.0
    if not -float("inf") < limits[0] < limits[1] < float("inf"):
        raise InputError(f"{name}: range: expected LOW..HIGH such as 0..1, -1..1 or 0..255, got '{text}'")
    return limits


def parse_side(name: str, text: str) -> int:
    """The side in px of `size=SIDE`; InputError for anything but a whole number from 8 to 4096."""
    if not (text.isascii() and text.isdigit() and 8 <= int(text) <= 4096):
        raise InputError(f"{name}: size: expected a side of 8 to 4096 px, got '{text}'")
    return int(text)
