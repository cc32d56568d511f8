"""What restored files are called: as their images, in the same sub-folders, and no two alike."""

import os
import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from degrade.core.errors import InputError
from degrade.core.storage.listing import normalised_name
from degrade.core.storage.paths import refuse_links
from ispl_model.restoration.files.earlier import REMEDY
from ispl_model.restoration.files.picture import suffix_of


def target_names(
    paths: Sequence[Path], root: Path | None = None, suffix: str = "", ending: str = ""
) -> dict[Path, str]:
    """For each image the name of its result below the output folder, with "/" between folders.

    It is the image's own below `root` (None: the innermost folder that holds all of them), with `ending` after its
    stem. Where `suffix` is given, as ".png", or the image's says no format, it has that: a/img.jpg becomes a/img.png.
    Where two would come to one name, that which ends so already keeps its own and the others keep their suffix too:
    a.jpg beside a.png becomes a.jpg.png. Names that differ only in case count as one, as the folder may be carried
    to a system where they are. Their letters are as degrade.core.storage.listing.normalised_name says.
    """
    files = {path: os.path.abspath(path) for path in paths}
    top = os.path.abspath(root) if root else os.path.commonpath([os.path.dirname(file) for file in files.values()])
    places = {path: _ended(Path(normalised_name(os.path.relpath(file, top))), ending) for path, file in files.items()}
    short = {path: place.with_suffix(suffix_of(place.name, suffix)) for path, place in places.items()}
    shared = Counter(_folded(name) for name in short.values())
    names: dict[Path, str] = {}
    taken = set()
    for path in sorted(places, key=lambda path: (places[path] != short[path], places[path])):
        is_free = places[path] == short[path] or shared[_folded(short[path])] == 1
        last = short[path].suffix
        name = short[path].as_posix() if is_free else f"{places[path].as_posix()}{last}"
        while name in taken:
            name += last
        taken.add(name)
        names[path] = name
    return {path: names[path] for path in paths}


def check_targets(names: Mapping[Path, str], out: Path, made_here: Collection[str | None], again: str = "") -> None:
    """Raise InputError when a result would replace an image that is read or a file that is there, or be written
    through a link.

    made_here: names of results of earlier runs. again: "resume" takes these, each of which is then kept or named;
        "overwrite" takes every file.
    """
    images = {os.path.realpath(path) for path in names}
    there: list[str] = []
    for name in names.values():
        target = out / name
        if os.path.realpath(target) in images:
            raise InputError(f"{out}: the restored {name} would replace its input; give another folder, or --suffix")
        refuse_links(out, target)
        if again != "overwrite" and os.path.exists(target):
            if name not in made_here:
                raise InputError(f"{target}: is there and was not made by ispl restore; {REMEDY}")
            there.append(name)
    if there and again != "resume":
        others = f" and {len(there) - 1} others are" if len(there) > 1 else " is"
        remedy = "--resume keeps what is done, --overwrite replaces it"
        raise InputError(f"{out / there[0]}{others} there already; {remedy}")


def _ended(place: Path, ending: str) -> Path:
    return place.with_name(f"{place.stem}{ending}{place.suffix}") if ending else place


def _folded(place: Path) -> str:
    return unicodedata.normalize("NFC", place.as_posix()).casefold()
