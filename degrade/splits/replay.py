"""Rebuild a split's images from its records without drawing anew, and check all of its files against its records."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from degrade.core.errors import InputError, unknown
from degrade.core.formats import png
from degrade.core.image import decode_uint8
from degrade.core.storage.files import sha256, write_bytes
from degrade.core.storage.listing import every_file, list_images, normalised_name
from degrade.core.storage.paths import kind_of, read_bytes, refuse_links
from degrade.operators.chain import replay_image
from degrade.splits.layout import CARD, card, drop_torn, libraries, pair_paths, read_if_there
from degrade.splits.recorded import Likeness, RecordedImage
from degrade.splits.sources import Source
from degrade.splits.split import Split, open_split

_IN_EACH_RECORD = ("recipe", "recipe_version", "size", "seed")  # keys of split.json


@dataclass(frozen=True)
class ReplaySummary:
    """What replay did: files rebuilt, images that needed nothing, and (file, sentence) for what could not be rebuilt.

    Files are named as below the split, such as `lq/face.png`.
    """

    path: Path
    rebuilt: tuple[str, ...]
    intact: int
    errors: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Finding:
    """One file that is not as the records say: kind is `changed`, `missing`, `extra`, or `re-encoded` where only the
    bytes differ and the pixels, which are the promise, do not.
    """

    kind: str
    file: str


def replay(path: Path, only: Sequence[str] = (), source: Path | None = None) -> ReplaySummary:
    """Rebuild missing and changed images of a split bit for bit; `only` names images, none means all, and a lost card.

    A degraded image comes from its reference and its record. A reference comes from the embedded
    portraits, or from a file below `source` whose SHA-256 is the recorded one. What would not have
    the recorded hash is not written and is named in the summary. Raises InputError when the
    folder holds no finished split, its records were changed, or a name in `only` is not in it.
    """
    split, only = open_split(path), tuple(map(normalised_name, only))
    strange = next((name for name in only if name not in split.names), None)
    if strange is not None:
        raise unknown("image", strange, split.names)
    originals = _by_name(source)
    rebuilt, errors, intact = [], [], 0

    def rebuild(file: str, made: Callable[[], bytes]) -> None:
        try:
            refuse_links(split.path, split.path / file)
            write_bytes(split.path / file, made(), sync=False)
            rebuilt.append(file)
        except InputError as error:
            errors.append((file, str(error)))

    for record in split.records:
        if only and record["name"] not in only:
            continue
        harmed = _harmed(split, record)
        intact += not harmed
        for folder in harmed:  # hq first, as lq is made from it
            rebuild(f"{folder}/{record['name']}.png", partial(_rebuilt, split, record, folder, originals))
    if not only and _lacks_card(split):
        rebuild(CARD, partial(card, split.info))
    drop_torn(split.path)
    return ReplaySummary(split.path, tuple(rebuilt), intact, tuple(errors))


def verify(path: Path) -> tuple[Finding, ...]:
    """Every file of a split that is not as recorded, in the order of the records; none when it is whole.

    Reads and hashes every image. split.json is changed where it says otherwise than the records; of the card only that
    it is missing is told, as its owner may add to it. Raises InputError as `replay` does for the records themselves.
    """
    split = open_split(path)
    findings = []
    for record in split.records:
        for folder, likeness in _likeness(split, record).items():
            file = split.path / folder / f"{record['name']}.png"
            kind = "missing" if kind_of(file) == "nothing" else likeness
            findings += [Finding(kind, f"{folder}/{file.name}")] if kind != "same" else []
    if _facts_differ(split):
        findings.append(Finding("changed", "split.json"))
    if _lacks_card(split):
        findings.append(Finding("missing", CARD))
    strangers = sorted(file for file in every_file(split.path) if not _belongs(split, file))
    return (*findings, *(Finding("extra", file.relative_to(split.path).as_posix()) for file in strangers))


def _facts_differ(split: Split) -> bool:
    """Whether split.json says otherwise than the records of what these hold too."""
    if split.info.get("count", len(split.records)) != len(split.records):
        return True
    return any(
        record.get(key, split.info[key]) != split.info[key] for record in split.records for key in _IN_EACH_RECORD
    )


def _lacks_card(split: Split) -> bool:
    """Whether the card is gone; the version that recorded no hashes of pixels wrote none."""
    there = kind_of(split.path / CARD) == "file"
    return not there and all("lq_pixels_sha256" in record for record in split.records)


def _belongs(split: Split, file: Path) -> bool:
    """Whether a file below the folder of a split is one of its own."""
    if file.parent == split.path:
        return file.name in ("split.json", "metadata.jsonl", CARD)
    return file.stem in split.places and file in split.files(file.stem)


def _harmed(split: Split, record: dict) -> list[str]:
    """Of "hq" and "lq" those whose file is missing or whose pixels are not the recorded ones."""
    return [side for side, found in _likeness(split, record).items() if found == "changed"]


def _likeness(split: Split, record: dict) -> dict[str, Likeness]:
    """How each file of an image stands to its record."""
    images = (RecordedImage.of(path, record) for path in split.files(record["name"]))
    return {image.path.parent.name: image.likeness(read_if_there(image.path)) for image in images}


def _rebuilt(split: Split, record: dict, side: str, originals: Mapping[str, Sequence[Path]]) -> bytes:
    """The bytes of a file as recorded; InputError when they cannot be had."""
    if split.info.get("imported"):
        raise InputError("was collected, not made by a recipe, so nothing here can rebuild it; import the set again")
    data = _reference(split, record, originals) if side == "hq" else _degraded(split, record)
    if RecordedImage.of(split.path / side / f"{record['name']}.png", record).likeness(data) == "changed":
        raise InputError(f"the rebuilt image has another hash than recorded{_other_libraries(record)}; left as it was")
    return data


def _degraded(split: Split, record: dict) -> bytes:
    file = pair_paths(split.path, record["name"])[0]
    data = read_if_there(file)
    if RecordedImage.of(file, record).likeness(data) == "changed":
        raise InputError("cannot be rebuilt before its reference is")
    return png.encode(replay_image(decode_uint8(data, str(file)), record["operators"]))


def _reference(split: Split, record: dict, originals: Mapping[str, Sequence[Path]]) -> bytes:
    original = _original(record, originals)
    data = original.encoded(record["size"])
    if sha256(data) != record["source_sha256"]:
        raise InputError(f"the embedded portrait differs from the recorded one{_other_libraries(record)}")
    info = split.info
    return png.encode(original.pixels(data, record["size"], info.get("crop", "none"), info.get("background")))


def _original(record: dict, originals: Mapping[str, Sequence[Path]]) -> Source:
    """The clean face the record names: an embedded portrait, or the file below --source with the recorded hash."""
    kind, _, seed = record["source"].partition(":")
    if kind == "portrait" and seed.isdecimal() and len(seed) < 10:
        return Source(record["name"], portrait=int(seed))
    if not originals:
        raise InputError("a reference cannot be rebuilt from the split alone; give the clean faces with --source DIR")
    named = originals.get(normalised_name(record["source"]), ())
    same = [path for path in named if sha256(read_bytes(path)) == record["source_sha256"]]
    if not same:
        got = "one with other content" if named else "none"
        raise InputError(f"--source has to hold the file '{record['source']}' this image was made from, got {got}")
    return Source(record["name"], path=same[0])


def _by_name(folder: Path | None) -> dict[str, list[Path]]:
    named: dict[str, list[Path]] = {}
    for path in list_images(folder) if folder is not None else ():
        named.setdefault(normalised_name(path.name), []).append(path)
    return named


def _other_libraries(record: dict) -> str:
    """The likely reason why bytes differ, in brackets; empty where every library is the recorded one."""
    now = libraries()
    recorded = record["libraries"].items()
    other = [f"{name} {version}, here {now.get(name)}" for name, version in recorded if now.get(name) != version]
    return f" (made with {'; '.join(other)})" if other else ""
