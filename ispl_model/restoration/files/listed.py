"""The images of a folder that are restored: all but what earlier runs made of them in it."""

from collections.abc import Sequence
from pathlib import Path

from degrade.core.errors import InputError
from degrade.core.storage.files import object_parser, parse_lines
from degrade.core.storage.listing import list_images, normalised_name
from degrade.core.storage.paths import kind_of, read_bytes, real_path
from ispl_model.restoration.files.restore_files import RECORD, Made
from ispl_model.restoration.files.videos import tell_videos


def images_to_restore(images: Path, out: Path) -> list[Path]:
    """The images of a folder, without the results in `out` where that lies inside it, or is the folder itself.

    In the folder itself only that is a result which its record lists, and whose image lies there too, by another name.
    Raises InputError when no image is left, and as list_images.
    """
    paths, own = list_images(images), real_path(out)
    tell_videos(images)
    if own == real_path(images):
        paths = _without_recorded(paths, images)
    elif own.is_relative_to(real_path(images)):
        paths = [path for path in paths if own not in real_path(path).parents]
    if not paths:
        raise InputError(f"{images}: holds no image but the results in {out}; give the folder of the images")
    return paths


def _without_recorded(paths: Sequence[Path], folder: Path) -> list[Path]:
    names = {path: normalised_name(path.relative_to(folder).as_posix()) for path in paths}
    sources, results, record = set(names.values()), set[str](), folder / RECORD
    whole = read_bytes(record).rpartition(b"\n")[0] if kind_of(record) == "file" else b""
    for line in parse_lines(record, whole + b"\n", object_parser(Made)) if whole else ():
        source = normalised_name(line.get("source", ""))
        if source in sources and source != line["file_name"]:
            results |= {line["file_name"], *(name for beside in line.get("saved", {}).values() for name in beside)}
    return [path for path, name in names.items() if name not in results]
