"""The files of a folder, for every command: which are read, which are left alone or removed, what each is called."""

import os
import re
import shutil
import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from degrade.core.errors import InputError
from degrade.core.storage.files import UNFINISHED, remove
from degrade.core.storage.paths import escaped, kind_of, say_once

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".heic", ".heif", ".avif")  # of images
_NOT_OURS = re.compile(r"\..*|__MACOSX|thumbs\.db|desktop\.ini", re.IGNORECASE | re.DOTALL)
_LEFT_BEHIND = re.compile(re.escape(UNFINISHED) + r"[a-z0-9_]{8}")
_MOST_NAMED = 3


@dataclass
class Listing:
    """What lies below a folder, each group in path order.

    images: files by suffix, also links that lead nowhere, as an image is missing there; others: files of other kinds;
    hidden: how many entries are left alone, since names that begin with a dot, `__MACOSX`, `thumbs.db` and
    `desktop.ini` belong to programs (a folder counts as one); strange: (path, what it is) of pipes, devices and
    sockets, which are never opened, and of other links that lead nowhere, as a folder may be missing there.
    """

    images: list[Path] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)
    hidden: int = 0
    strange: list[tuple[Path, str]] = field(default_factory=list)


def list_folder(folder: Path) -> Listing:
    """Everything below `folder`. Linked folders are followed, each real folder is read once.

    Raises InputError when a folder cannot be listed.
    """
    found = Listing()
    for entry in _entries(Path(folder), found):
        path = Path(entry.path)
        is_image = path.suffix.lower() in SUFFIXES
        kind = "file" if entry.is_file(follow_symlinks=False) else kind_of(path)
        if kind != "file" and not (is_image and kind == "a broken link"):
            found.strange.append((path, kind))
        elif is_image:
            found.images.append(path)
        else:
            found.others.append(path)
    for group in (found.images, found.others, found.strange):
        group.sort()
    return found


def every_file(folder: Path) -> Iterator[Path]:
    """What `list_folder` tells apart, images, others and strange ones, one at a time and in no order."""
    return (Path(entry.path) for entry in _entries(Path(folder), Listing()))


def list_images(folder: Path) -> list[Path]:
    """The images of `list_folder`; what is never opened is named once on stderr.

    Raises InputError when there is no image, no folder, or a folder cannot be listed.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder}: expected a folder of images, got {_instead(folder)}")
    found = list_folder(folder)
    if found.strange:
        named = ", ".join(f"{path.relative_to(folder)} ({kind})" for path, kind in found.strange[:_MOST_NAMED])
        more = f" and {len(found.strange) - _MOST_NAMED} more" if len(found.strange) > _MOST_NAMED else ""
        say_once(f"{folder}: not opened, as neither files nor folders: {named}{more}")
    if not found.images:
        raise InputError(f"{folder}: holds no image; expected files ending in {', '.join(SUFFIXES)}")
    return found.images


def normalised_name(name: str) -> str:
    """A file's name as records, lists and results have it: in NFC, bytes that are not UTF-8 as %XX.

    >>> normalised_name("cafe\N{COMBINING ACUTE ACCENT}") == "caf\N{LATIN SMALL LETTER E WITH ACUTE}"
    True
    >>> normalised_name("caf\\udce9")
    'caf%E9'
    """
    return escaped(unicodedata.normalize("NFC", name))


def folder_name(folder: Path) -> str:
    """What a folder is called, in the same form, also where its path is `.` or ends in `..`."""
    return normalised_name(os.path.basename(os.path.abspath(folder)))


def as_on_disk(path: Path) -> Path:
    """A path as it is spelled on disk, where its parts are names as normalised_name gives them; else the path."""
    if path.parent == path or os.path.exists(path):  # False too for what cannot be a name
        return path
    parent, name = as_on_disk(path.parent), normalised_name(path.name)
    try:
        entries = sorted(os.listdir(parent))
    except (OSError, ValueError):
        entries = []
    return parent / next((entry for entry in entries if normalised_name(entry) == name), path.name)


def drop_unfinished(folder: Path) -> None:
    """Remove what writing into this folder left behind when it was killed; does not look into folders below."""
    with os.scandir(folder) as entries:  # one at a time: there may be a million
        for entry in entries:
            if _LEFT_BEHIND.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                remove(Path(entry.path))


def remove_folder(folder: Path) -> None:
    """Remove a folder of many files, and what else is in it, without a list of them."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False):
                os.unlink(entry.path)
    shutil.rmtree(folder)


def _entries(folder: Path, found: Listing) -> Iterator[os.DirEntry]:
    """Every entry that is no folder and not left alone; real folders first, then the linked ones."""
    root, waiting, linked, seen = os.path.realpath(folder), [os.fspath(folder)], list[str](), set[tuple[int, int]]()
    while waiting or linked:
        place = waiting.pop() if waiting else linked.pop(0)
        for entry in _inside(place, seen):
            if _NOT_OURS.fullmatch(entry.name):
                found.hidden += 1
            elif entry.is_dir(follow_symlinks=False):
                waiting.append(entry.path)
            elif not _is_folder(entry):
                yield entry
            elif not Path(root).is_relative_to(os.path.realpath(entry.path)):  # else a loop
                linked.append(entry.path)


def _inside(place: str, seen: set[tuple[int, int]]) -> list[os.DirEntry]:
    """What is in a folder, in order of names; nothing where the folder was seen before, by whatever path."""
    try:
        facts = os.stat(place)
        if (facts.st_dev, facts.st_ino) in seen:
            return []
        seen.add((facts.st_dev, facts.st_ino))
        with os.scandir(place) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise InputError(f"{place}: cannot be listed ({error.strerror or error})") from error


def _is_folder(entry: os.DirEntry) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _instead(path: Path) -> str:
    return "nothing there" if not path.exists() else "a file" if stat.S_ISREG(path.stat().st_mode) else kind_of(path)
