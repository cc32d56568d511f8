"""Which clean faces go into a split: a folder, a list, FFHQ's numbering or the embedded portraits."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from degrade import portraits
from degrade.core.errors import InputError, unknown
from degrade.core.image import Image, decode, encode_png, from_uint8, list_images, to_uint8

ROLES = ("train", "val", "test")
# The authors' README: 10,000 images to train and 5,000 to test; the range of val is ours.
FFHQ_IDS = {"train": range(0, 10_000), "val": range(60_000, 61_000), "test": range(65_000, 70_000)}
RESIZE = "Pillow Lanczos, antialiased, 8 bit"  # how a larger image becomes a reference


@dataclass(frozen=True)
class Source:
    """One clean face: an image file, or the seed of an embedded portrait; exactly one of the two is set."""

    name: str
    path: Path | None = None
    portrait: int | None = None

    @property
    def origin(self) -> str:
        """What a record calls it: the file's name without its folder, or `portrait:SEED`."""
        return f"portrait:{self.portrait}" if self.path is None else self.path.name

    def encoded(self, size: int) -> bytes:
        """The bytes of the file; of an embedded portrait those of a PNG painted at `size` px.

        Raises InputError when the file cannot be read.
        """
        if self.path is None:
            return _portrait_png(self.portrait, size)
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise InputError(f"{self.path}: cannot be read ({error.strerror or error})") from error

    def reference(self, data: bytes, size: int, crop: str = "none", background: str | None = None) -> Image:
        """The reference (size, size, 3) out of the encoded bytes, rounded to 8 bits so that it replays from disk.

        crop: "center" cuts a square out of the middle. Raises InputError for what is not an
        image, not square, or smaller than `size`; for `background` see degrade.core.image.read.
        """
        name = str(self.path or self.name)
        pixels = to_uint8(decode(data, name, background))
        height, width = pixels.shape[:2]
        side = min(height, width)
        if height != width and crop != "center":
            raise InputError(f"{name}: expected a square image, got {width} x {height} px; --crop center cuts it")
        if side < size:
            raise InputError(f"{name}: expected at least {size} px to a side, got {side}; ask for a smaller --size")
        top, left = (height - side) // 2, (width - side) // 2
        square = Pillow.fromarray(np.ascontiguousarray(pixels[top : top + side, left : left + side]))
        if side != size:
            square = square.resize((size, size), Pillow.Resampling.LANCZOS)
        return from_uint8(np.asarray(square))


@lru_cache(maxsize=128)  # a run hashes the portraits before it degrades them
def _portrait_png(seed: int, size: int) -> bytes:
    return encode_png(portraits.paint(seed, size))


def folder_sources(folder: Path, names: Sequence[str] | None = None) -> list[Source]:
    """The images below `folder` in name order; with `names` only those, given with or without suffix.

    Raises InputError for a name that is not there and for two images with one stem.
    """
    paths = list_images(folder)
    if names is not None:
        paths = _named(folder, paths, names)
    chosen: dict[str, Path] = {}
    for path in paths:
        if path.stem in chosen:
            both = f"{chosen[path.stem].relative_to(folder)} and {path.relative_to(folder)}"
            raise InputError(f"{folder}: expected one image for each name, got {both}; rename or list one of them")
        chosen[path.stem] = path
    return [Source(name, chosen[name]) for name in sorted(chosen)]


def _named(folder: Path, paths: Sequence[Path], names: Sequence[str]) -> list[Path]:
    """The paths called `names`, each by its path below `folder` or its file name, with or without suffix."""
    called: dict[str, set[Path]] = {}
    for path in paths:
        below = path.relative_to(folder)
        for key in (below.as_posix(), below.with_name(path.stem).as_posix(), path.name, path.stem):
            called.setdefault(key, set()).add(path)
    missing = [name for name in names if name not in called]
    if missing:
        rest = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        raise InputError(f"{folder}: holds no image {', '.join(missing[:3])}{rest}; correct the list or the folder")
    return [path for name in names for path in sorted(called[name])]


def read_list(path: Path) -> list[str]:
    """The names in a text file, one a line; empty lines are skipped."""
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as a list of names ({error})") from error
    names = [line.strip() for line in lines if line.strip()]
    if not names:
        raise InputError(f"{path}: expected one image name a line, got an empty list")
    return names


def role_sources(
    folder: Path,
    role: str,
    *,
    list_file: Path | None = None,
    ids: range | None = None,
    limit: int | None = None,
) -> list[Source]:
    """The faces of `folder` that belong to `role`, in name order; none when it has none.

    Decided by the first of: `list_file`; the role "all" (every image); train.txt, val.txt,
    test.txt in the folder; five-digit names, which are FFHQ's numbers (FFHQ_IDS); a hash of
    the name (80 / 10 / 10), which a new image in the folder does not change for the others.
    `ids` keeps FFHQ numbers in a range, `limit` the first so many.
    """
    folder = Path(folder)
    if role not in (*ROLES, "all"):
        raise unknown("role", role, (*ROLES, "all"))
    if list_file is not None:
        sources = folder_sources(folder, read_list(list_file))
    elif role == "all":
        sources = folder_sources(folder)
    else:
        sources = _of_role(folder, role)
    if ids is not None:
        sources = _numbered(folder, sources, ids)
    return sources[:limit]


def collected_roles(folder: Path) -> dict[str, str]:
    """The role of every image below `folder` by train.txt, val.txt, test.txt in it, else by the hash of its name.

    Names that look like FFHQ's numbers mean nothing here. Images that are in none of the lists have no role.
    """
    lists = _role_lists(folder)
    if not lists:
        return {source.name: _hashed_role(source.name) for source in folder_sources(folder)}
    return {source.name: role for role, names in lists.items() for source in folder_sources(folder, names)}


def _role_lists(folder: Path) -> dict[str, list[str]]:
    lists = {name: read_list(folder / f"{name}.txt") for name in ROLES if (folder / f"{name}.txt").is_file()}
    _check_disjoint(folder, lists)
    return lists


def _of_role(folder: Path, role: str) -> list[Source]:
    lists = _role_lists(folder)
    if lists:
        return folder_sources(folder, lists[role]) if role in lists else []
    sources = folder_sources(folder)
    if _is_ffhq(sources):
        return [source for source in sources if int(source.name) in FFHQ_IDS[role]]
    return [source for source in sources if _hashed_role(source.name) == role]


def _check_disjoint(folder: Path, lists: dict[str, list[str]]) -> None:
    listed_in: dict[str, str] = {}
    for role, names in lists.items():
        for name in names:
            if listed_in.setdefault(name, role) != role:
                raise InputError(f"{folder}: {name} is in {listed_in[name]}.txt and in {role}.txt; keep it in one")


def _is_ffhq(sources: Iterable[Source]) -> bool:
    return all(re.fullmatch(r"\d{5}", source.name, re.ASCII) for source in sources)


def _numbered(folder: Path, sources: Sequence[Source], ids: range) -> list[Source]:
    if not _is_ffhq(sources):
        raise InputError(f"{folder}: --ids selects FFHQ's five-digit names, which these are not; use --list")
    return [source for source in sources if int(source.name) in ids]


def _hashed_role(name: str) -> str:
    """80 / 10 / 10 by the SHA-256 of the name."""
    tenth = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") % 10
    return {8: "val", 9: "test"}.get(tenth, "train")


def portrait_sources(role: str, limit: int | None = None) -> list[Source]:
    """Embedded portraits of a role: 48 / 8 / 16 of them, or `limit`, which may be more; no two roles share one."""
    if role not in ROLES:
        raise unknown("role", role, ROLES)
    count = len(portraits.PORTRAITS[role]) if limit is None else limit
    return [Source(portraits.portrait_name(seed), portrait=seed) for seed in portraits.portrait_seeds(role, count)]
