"""Files of weights under published names: the published file, a listed stand-in, or refused. Imports no torch."""

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from degrade.core.errors import InputError

# SHA-256 of files that give the same numbers as the published one of that name, with what they are.
STAND_INS: dict[str, dict[str, str]] = {
    "squeezenet1_1-b8a52dc0.pth": {
        "e5f31137480baa381874533aad2aee8a065912680f8ecb02c3bc7732558e2388": "its features, classifier zero",
    },
}
# OpenAI's CLIP, for metrics of pyiqa: the SHA-256 is part of each address.
CLIP_SHA256 = {
    "RN50.pt": "afeb0e10f9e5a86da6080e35cf09123aca3b358a0c3e3b6c78a7b63bc04b6762",
    "ViT-B-32.pt": "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af",
    "ViT-B-16.pt": "5806e77cd80f8b59890b7e101eabd078d9fb84e6937f9e85e4ecb61988df416f",
    "ViT-L-14.pt": "b8cca3fd41ae0c99ba7e8951adf17d267cdb84cd88be6f7c2e0eca1737a03836",
    "ViT-L-14-336px.pt": "3035c92b350959924f9f00213499208652fc7ea050643e8b385c2dac08641f02",
}
PARSENET_SHA256 = "3d558d8d0e42c20224f13cf5a29c79eba2d59913419f945545d8cf7b72920de2"  # facexlib's parsing_parsenet.pth


def torch_home() -> Path:
    """$TORCH_HOME, or the folder that torch takes without it; one that begins with ~ where nobody knows a home."""
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(os.path.expanduser(os.environ.get("TORCH_HOME") or f"{cache}/torch"))


class Refused(InputError):
    """A file of weights that is not loaded."""


def digits_in(name: str) -> str:
    """The first digits of the published file's SHA-256 that its name carries; empty where it has none.

    >>> digits_in("vgg19-dcbb9e9d.pth"), digits_in("UNIQUE.pt")
    ('dcbb9e9d', '')
    """
    found = re.search(r"-([0-9a-f]{8,64})\.pth?$", name)
    return found.group(1) if found else ""


def check_published(path: Path, sha256: str, stand_ins: Mapping[str, str]) -> str:
    """Empty for the published file, else what the stand-in is.

    sha256: of the published file, or its first digits. Raises Refused for any other file.
    """
    found = file_digest(path)
    if found.startswith(sha256):
        return ""
    if found in stand_ins:
        return stand_ins[found]
    got = f"expected the published file (SHA-256 {sha256[:8]}...), got another ({found[:8]}...)"
    raise Refused(f"{Path(path).name}: {got}; remove it and fetch it again")


def file_digest(path: Path) -> str:
    """SHA-256 of a file of weights, computed once in a process for a file that has not changed."""
    seen = os.stat(path)
    return _digest(str(path), seen.st_size, seen.st_mtime_ns, seen.st_ino)


@lru_cache(maxsize=256)
def _digest(path: str, *_changing: int) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def no_programs() -> Iterator[None]:
    """A block in which torch reads no TorchScript, whatever the file is called; it raises Refused."""
    import torch

    def refuse(file: Any, *_arguments: Any, **_options: Any) -> Any:
        raise Refused("it is TorchScript, a program and not a file of weights; save its state_dict")

    with patch.object(torch.jit, "load", refuse):
        yield
