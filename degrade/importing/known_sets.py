"""How existing data sets pair their images: two folders, a BasicSR list, stacked images, the known test sets."""

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from degrade.core.errors import InputError, unknown
from degrade.core.storage.listing import list_images, normalised_name
from degrade.core.storage.paths import real_path
from degrade.importing.import_pairs import ImagePair
from degrade.splits.pairing import check_same_names
from degrade.splits.sources import images_by_name, read_list


@dataclass(frozen=True)
class KnownSet:
    """A published test set: the folders its archives unpack to, first that exists, and how many images it has.

    hq: folders of references, none for real faces; count: as its publishers and users give it. Papers do not
    agree on WebPhoto-Test (407 or 469), so another number is reported and not refused.
    """

    lq: tuple[str, ...]
    hq: tuple[str, ...]
    domain: str
    count: int


KNOWN_SETS: dict[str, KnownSet] = {
    "celeba-test": KnownSet(
        ("celeba_512_validation_lq", "lq", "LQ"), ("celeba_512_validation", "hq", "gt", "HQ", "GT"), "synthetic", 3000
    ),
    "lfw-test": KnownSet(("lfw_cropped_faces", "LFW-Test"), (), "real", 1711),
    "webphoto-test": KnownSet(("WebPhoto-Test",), (), "real", 407),
    "wider-test": KnownSet(("Wider-Test", "WIDER-Test"), (), "real", 970),
    "celebchild-test": KnownSet(("CelebChild-Test", "CelebChild"), (), "real", 180),
}


def known_pairs(name: str, folder: Path) -> list[ImagePair]:
    """The images of a known set below `folder`, which holds the unpacked folders or is the one of the faces itself.

    Raises InputError for an unknown name, for folders that are not there and for references that lack an image.
    """
    if name not in KNOWN_SETS:
        raise unknown("set", name, KNOWN_SETS)
    known, folder = KNOWN_SETS[name], Path(folder)
    lq = next((folder / below for below in known.lq if (folder / below).is_dir()), None)
    if not known.hq:
        return folder_pairs(None, lq or folder)
    hq = next((folder / below for below in known.hq if (folder / below).is_dir()), None)
    if lq is None or hq is None:
        wanted = f"one of {', '.join(known.hq)} and one of {', '.join(known.lq)}"
        raise InputError(f"{folder}: expected two folders of {name}, {wanted}; or use `degrade import pairs`")
    return folder_pairs(hq, lq)


def folder_pairs(hq: Path | None, lq: Path) -> list[ImagePair]:
    """Two folders whose images have the same names, suffixes aside; without `hq` degraded images alone.

    Raises InputError for a name that is in one only, and for one folder twice.
    """
    degraded = images_by_name(lq)
    if hq is None:
        return [ImagePair(name, path) for name, path in degraded.items()]
    if real_path(hq) == real_path(lq):
        raise InputError(f"{lq}: expected a folder of references and one of degraded images, got one folder twice")
    references = images_by_name(hq)
    check_same_names(str(hq), references, degraded, str(lq))
    return [ImagePair(name, degraded[name], references[name]) for name in sorted(degraded)]


def stacked_pairs(folder: Path) -> list[ImagePair]:
    """Images of the authors' layout: two squares in one file, the degraded one above its reference."""
    return [ImagePair(name, path, path) for name, path in images_by_name(folder).items()]


def listed_pairs(list_file: Path, hq: Path, lq: Path) -> list[ImagePair]:
    """The pairs of a BasicSR meta-info list: `NAME (H,W,C) ...` or `NAME` in both folders, or `HQ_PATH, LQ_PATH`.

    Such a list comes with a set, so it names images below the two folders and no others. Raises InputError for a line
    of neither form, an image that is not there, and two pairs of one name; one pair may stand twice.
    """
    pairs: dict[str, ImagePair] = {}
    images = {folder: _by_place(folder) for folder in (Path(hq), Path(lq))}
    for line in read_list(list_file):
        paths = []
        for folder, place in zip((Path(hq), Path(lq)), _listed(line, list_file), strict=True):
            found = images[folder].get(normalised_name(PurePosixPath(place).as_posix()))
            if found is None:
                expected = f"expected {folder / place} for the line '{line}', got no such file below {folder}"
                raise InputError(f"{list_file}: {expected}; correct the list")
            paths.append(found)
        name = normalised_name(paths[0].stem)
        pair = ImagePair(name, paths[1], paths[0])
        if pairs.setdefault(name, pair) != pair:
            raise InputError(f"{list_file}: names two pairs '{name}'; a split holds one image of each name")
    return [pairs[name] for name in sorted(pairs)]


def _by_place(folder: Path) -> dict[str, Path]:
    """The images below a folder by their path in it."""
    return {normalised_name(path.relative_to(folder).as_posix()): path for path in list_images(folder)}


def _listed(line: str, list_file: Path) -> tuple[str, str]:
    """Reference and degraded path of one line."""
    with_shape = re.match(r"(.+?) \(\d+, ?\d+(, ?\d+)?\)", line)  # as BasicSR's scripts write it
    if with_shape:
        return with_shape[1], with_shape[1]
    parts = [part.strip() for part in line.split(",")]
    if len(parts) > 2 or not all(parts):
        raise InputError(f"{list_file}: expected 'NAME (H,W,C)' or 'HQ_PATH, LQ_PATH' in a line, got '{line}'")
    return parts[0], parts[-1]
