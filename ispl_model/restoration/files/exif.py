"""What a camera or an archive wrote beside a picture, kept for its restored one."""

from typing import Any

from PIL import ExifTags
from PIL import Image as Pillow

from degrade.core.formats.container import ImageFile

_ORIENTATION, _CAMERA, _PLACE, _INTEROPERABILITY = 0x0112, 0x8769, 0x8825, 0xA005
_COLOUR_SPACE, _WIDTH, _HEIGHT, _MAKER_NOTE = 0xA001, 0xA002, 0xA003, 0x927C
# Tags that say how a TIFF stores its pixels, and blocks of other standards in it.
_OF_STORAGE = {
    *range(0x00FE, 0x0108), 0x0111, *range(0x0115, 0x011D), 0x0128, 0x013D, *range(0x0140, 0x0147), 0x0152, 0x0153,
    0x015B, 0x0200, 0x0201, 0x0202, *range(0x0211, 0x0215), 0x02BC, 0x83BB, 0x8649, 0x8773,
}  # fmt: skip
_LONGEST = 65_000  # bytes, in a JPEG

Tags = dict[int, Any]


def kept_exif(file: ImageFile) -> tuple[Tags, tuple[str, ...]]:
    """The tags of a file, but for those that say how its pixels are stored, and a clause about what is left out.

    {} where they are damaged. A tag whose value is not of its type cannot be written again, and is left out.
    """
    try:
        exif = file.exif
        parts = {tag: dict(exif.get_ifd(tag)) for tag in (_CAMERA, _PLACE)}
        parts[_CAMERA].pop(_INTEROPERABILITY, None)  # which only says Adobe RGB or sRGB, and Pillow misplaces it
        main = {tag: value for tag, value in exif.items() if tag not in _OF_STORAGE | set(parts)}
    except Exception:  # as many kinds as Pillow has
        return {}, ()
    odd = [ExifTags.TAGS.get(tag, hex(tag)) for tag in _unwritable(main)]
    for place, part in parts.items():
        names = ExifTags.GPSTAGS if place == _PLACE else ExifTags.TAGS
        odd += [names.get(tag, hex(tag)) for tag in _unwritable(part, place)]
    notes = (f"of its metadata is left out what cannot be written again: {', '.join(odd)}",) if odd else ()
    return main | {tag: part for tag, part in parts.items() if part}, notes


def _unwritable(tags: Tags, place: int | None = None) -> list[int]:
    """Takes out of `tags`, which stand in the list of tags `place`, or in none, those that Pillow cannot write."""
    odd = []
    for tag, value in tags.items():
        try:
            _encoded({tag: value} if place is None else {place: {tag: value}})
        except Exception:  # as above
            odd.append(tag)
    for tag in odd:
        del tags[tag]
    return odd


def exif_bytes(tags: Tags, height: int, width: int) -> bytes:
    """The tags for a result of that size: upright, sRGB, and without a maker's note that is too long for a JPEG."""
    tags = tags | {_ORIENTATION: 1}
    if camera := dict(tags.get(_CAMERA, {})):
        camera |= {tag: side for tag, side in ((_HEIGHT, height), (_WIDTH, width)) if tag in camera}
        if _COLOUR_SPACE in camera:
            camera[_COLOUR_SPACE] = 1
        tags[_CAMERA] = camera
    data = _encoded(tags)
    if len(data) > _LONGEST and _MAKER_NOTE in camera:
        del camera[_MAKER_NOTE]
        data = _encoded(tags)
    return data


def has_parts(tags: Tags) -> bool:
    """Whether there are lists of tags inside the tags, which libtiff does not write."""
    return _CAMERA in tags or _PLACE in tags


def _encoded(tags: Tags) -> bytes:
    exif = Pillow.Exif()
    for tag, value in tags.items():
        exif[tag] = value
    return exif.tobytes()
