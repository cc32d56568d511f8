"""Clean faces to make a split of: files of a folder or a list, and the embedded portraits."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from degrade.core.choices import CROPS, SMALLEST_SIDE
from degrade.core.errors import InputError
from degrade.core.image import Image, check_background, decode_uint8, from_uint8, to_uint8
from degrade.core.random import check_whole
from degrade.core.storage.files import sha256
from degrade.core.storage.listing import list_images, normalised_name
from degrade.core.storage.paths import read_bytes, read_text, real_path
from degrade.portraits import paint

RESIZE = "Pillow Lanczos, antialiased, 8 bit"  # how a larger image becomes a reference


@dataclass(frozen=True, slots=True)
class Source:
    """One clean face: an image file, or the seed of an embedded portrait; exactly one of the two is set."""

    name: str
    path: Path | None = None
    portrait: int | None = None

    @property
    def origin(self) -> str:
        """What a record calls it: the file's name without its folder, or `portrait:SEED`."""
        return f"portrait:{self.portrait}" if self.path is None else normalised_name(self.path.name)

    def encoded(self, size: int) -> bytes:
        """The bytes of the file; of an embedded portrait those of a PNG painted at `size` px.

        Raises InputError when the file cannot be read.
        """
        if self.path is None:
            return _portrait_png(self.portrait, size)
        return read_bytes(self.path)

    def digest(self, size: int) -> str:
        """SHA-256 of `encoded`; of a file that cannot be read a fixed word, so that the others have a split."""
        try:
            return sha256(self.encoded(size))
        except InputError:
            return "unreadable"

    def reference(self, data: bytes, size: int, crop: str = "none", background: str | None = None) -> Image:
        """As `pixels`, as a contract image."""
        return from_uint8(self.pixels(data, size, crop, background))

    def pixels(self, data: bytes, size: int, crop: str = "none", background: str | None = None) -> np.ndarray:
        """The reference (size, size, 3) out of the encoded bytes, in 8 bits so that it replays from disk.

        crop: "center" cuts a square out of the middle. Raises InputError for what is not an
        image, not square, or smaller than `size`; for `background` see degrade.core.image.read.
        """
        name = str(self.path or self.name)
        pixels = decode_uint8(data, name, background)
        height, width = pixels.shape[:2]
        side = min(height, width)
        if height != width and crop != "center":
            raise InputError(f"{name}: expected a square image, got {width} x {height} px; --crop center cuts it")
        if side < size:
            raise InputError(f"{name}: expected at least {size} px to a side, got {side}; ask for a smaller --size")
        top, left = (height - side) // 2, (width - side) // 2
        square = np.ascontiguousarray(pixels[top : top + side, left : left + side])
        if side != size:
            square = np.asarray(Pillow.fromarray(square).resize((size, size), Pillow.Resampling.LANCZOS))
        return square


@lru_cache(maxsize=128)  # a run hashes the portraits before it degrades them
def _portrait_png(seed: int, size: int) -> bytes:
    """By Pillow and no other writer: its hash is in the records of every split that was made of the portraits."""
    buffer = io.BytesIO()
    Pillow.fromarray(to_uint8(paint.paint(seed, size))).save(buffer, format="PNG", compress_level=4)
    return buffer.getvalue()


def folder_sources(folder: Path, names: Sequence[str] | None = None) -> list[Source]:
    """As `images_by_name`, as sources."""
    return [Source(name, path) for name, path in images_by_name(folder, names).items()]


def images_by_name(folder: Path, names: Sequence[str] | None = None) -> dict[str, Path]:
    """The images below `folder` by name without suffix, in that order; with `names` only those, suffix or none.

    An image that `names` has twice is one. Names are as degrade.core.storage.listing.normalised_name gives them.
    Raises InputError for no image at all, for a name that is not there and for two images with one stem.
    """
    folder = Path(folder)
    paths = list_images(folder)
    if names is not None:
        paths = list(dict.fromkeys(_named(folder, paths, names)))
    chosen: dict[str, Path] = {}
    for path in paths:
        name = normalised_name(path.stem)
        if name in chosen:
            both = f"{chosen[name].relative_to(folder)} and {path.relative_to(folder)}"
            raise InputError(f"{folder}: expected one image for each name, got {both}; rename or list one of them")
        chosen[name] = path
    return {name: chosen[name] for name in sorted(chosen)}


def check_preparation(size: int, crop: str, background: str | None) -> None:
    """InputError for what can be no `size`, no `crop` or no `background` of Source.pixels."""
    if check_whole(size, "size") < SMALLEST_SIDE:
        raise InputError(f"size: expected at least {SMALLEST_SIDE} px, got {size}")
    if crop not in CROPS:
        raise InputError(f"crop: expected {' or '.join(CROPS)}, got {crop!r}")
    check_background(background)


def check_apart(folder: Path, out: Path) -> None:
    """InputError where `out` lies inside the folder of the faces, which would then hold what is made of them."""
    if real_path(out).is_relative_to(real_path(folder)):
        raise InputError(f"{out}: lies inside the folder of the faces, {folder}; write to a folder beside it")


def _named(folder: Path, paths: Sequence[Path], names: Sequence[str]) -> list[Path]:
    """The paths called `names`, each by its path below `folder` or its file name, with or without suffix."""
    known = paths_by_name(folder, paths)
    missing = [name for name in names if normalised_name(name) not in known]
    if missing:
        rest = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        raise InputError(f"{folder}: holds no image {', '.join(missing[:3])}{rest}; correct the list or the folder")
    return [path for name in names for path in sorted(known[normalised_name(name)])]


def paths_by_name(folder: Path, paths: Sequence[Path]) -> dict[str, set[Path]]:
    """The paths below `folder` by every name that a list may call them by, as normalised_name gives it."""
    known: dict[str, set[Path]] = {}
    for path in paths:
        below = path.relative_to(folder)
        for key in (below.as_posix(), below.with_name(path.stem).as_posix(), path.name, path.stem):
            known.setdefault(normalised_name(key), set()).add(path)
    return known


def read_list(path: Path) -> list[str]:
    """The names in a text file, one a line; see degrade.core.storage.paths.read_text for its encoding.

    Empty lines and those that begin with "#" are skipped ("./#1.png" is a name). Quotes around a name and "./" before
    it are dropped, and where a name holds backslashes and no slash, as Windows writes paths, they become slashes.
    """
    try:
        lines = read_text(path, "surrogateescape").split("\n")  # names that are not UTF-8 are what the folder has
    except (InputError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as a list of names ({error})") from error
    names = [_listed_name(line.strip()) for line in lines if line.strip() and not line.lstrip().startswith("#")]
    if not names:
        raise InputError(f"{path}: expected one image name a line, got an empty list")
    return names


def _listed_name(line: str) -> str:
    if len(line) > 2 and line[0] == line[-1] and line[0] in "'\"":
        line = line[1:-1]
    if "/" not in line:
        line = line.replace("\\", "/")
    while line.startswith("./"):
        line = line[2:].lstrip("/")
    return line
