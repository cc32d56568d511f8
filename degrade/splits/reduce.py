"""Faces as small JPEGs: the sources of a profile, made from larger ones; the same pixels on every machine.

    NAME.jpg  sources.csv  and the lists of names that lay beside the faces

The way was chosen for that sameness. Pillow's Lanczos on 8 bits computes in whole numbers. JPEG is written with
colour at full resolution, because how colour is brought back to it is where decoders differ. What libjpeg writes
still belongs to its version, so sources.csv holds the SHA-256 of the decoded pixels beside that of the file (of
each the first 16 digits).
A face that is aligned first goes through OpenCV's warp in float32: there another processor may round a value the
other way. A committed sources.csv shows it, see `differences`.
"""

import csv
import io
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image as Pillow

from degrade.core.errors import InputError
from degrade.core.image import Image, decode, encode_jpeg, read, to_uint8
from degrade.core.parallel import one_thread, spread
from degrade.core.storage.csv_text import plain, to_csv
from degrade.core.storage.files import check_writable_name, locked, remove, sha256, sha256_array, write_bytes
from degrade.core.storage.listing import list_folder
from degrade.core.storage.paths import kind_of, read_bytes, read_text
from degrade.faces import detection
from degrade.faces.alignment import crop_affine, ffhq_affine
from degrade.splits.sources import Source, folder_sources, read_list

MANIFEST = "sources.csv"
COLUMNS = ("name", "aligned", "source_sha256", "sha256", "pixels_sha256")
_VERSION = 1
_DIGITS = 16


@dataclass(frozen=True)
class ReducePlan:
    """size: side in px; quality: of the JPEG; aligned: names of the faces that are cut to FFHQ's template first."""

    size: int
    quality: int = 95
    aligned: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ReduceSummary:
    """lists: those copied; errors: (name, sentence) of faces that could not be used, which the lists leave out."""

    path: Path
    made: int
    reused: int
    aligned: int
    lists: tuple[str, ...]
    errors: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Outcome:
    """The result for one face: its line of sources.csv, or the sentence that says why there is none."""

    name: str
    line: tuple[str, ...] = ()
    reused: bool = False
    error: str = ""


def reduce_faces(folder: Path, out: Path, plan: ReducePlan, workers: int = 1) -> ReduceSummary:
    """Write every face below `folder` to OUT/NAME.jpg and the lists beside them; faces that are there are kept.

    A face that cannot be used is listed in the summary and the rest is written. Raises InputError for what concerns
    all: no face, OUT inside the folder or the other way round, a name to align that is not there.
    """
    folder, out = Path(folder), Path(out)
    _check_apart(folder, out)
    sources = folder_sources(folder)
    if missing := sorted(plan.aligned - {source.name for source in sources}):
        raise InputError(f"{folder}: holds no face {missing[0]} to align; correct the list")
    out.mkdir(parents=True, exist_ok=True)
    with locked(out):
        outcomes = sorted(_run(sources, out, plan, workers), key=lambda outcome: outcome.name)
        done = [outcome for outcome in outcomes if outcome.line]
        lists = _copy_lists(folder, out, {outcome.name for outcome in done})
        write_bytes(out / MANIFEST, _table([outcome.line for outcome in done]))
    reused, aligned = sum(outcome.reused for outcome in done), sum(outcome.line[1] == "yes" for outcome in done)
    errors = tuple((outcome.name, outcome.error) for outcome in outcomes if outcome.error)
    return ReduceSummary(out, len(done) - reused, reused, aligned, lists, errors)


def read_manifest(path: Path) -> dict[str, dict[str, str]]:
    """The lines of a sources.csv by the name of the face; InputError for another file."""
    try:
        head, *lines = list(csv.reader(io.StringIO(read_text(path)))) or [[]]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: cannot be read as a list of sources ({error})") from error
    if not lines or any(len(line) != len(COLUMNS) for line in lines) or tuple(head) != COLUMNS:
        raise InputError(f"{path}: expected the columns {', '.join(COLUMNS)} of `degrade reduce`, got others")
    return {plain(line[0]): dict(zip(COLUMNS, map(plain, line), strict=True)) for line in lines}


def differences(made: Path, expected: Path) -> list[str]:
    """The differences between two sources.csv, a sentence for each face that is missing, extra or of other pixels.

    Files of other bytes with the same pixels are one face, written by another libjpeg.
    """
    ours, theirs = read_manifest(made), read_manifest(expected)
    found = [f"{name}: missing" for name in theirs.keys() - ours.keys()]
    found += [f"{name}: extra" for name in ours.keys() - theirs.keys()]
    for name in ours.keys() & theirs.keys():
        for key, what in (("source_sha256", "another source"), ("pixels_sha256", "other pixels")):
            if ours[name][key] != theirs[name][key]:
                found.append(f"{name}: {what}")
                break
    return sorted(found)


def _check_apart(folder: Path, out: Path) -> None:
    first, second = folder.resolve(), out.resolve()
    if first.is_relative_to(second) or second.is_relative_to(first):
        raise InputError(f"{out}: holds or lies in the folder of the faces, {folder}; write to a folder beside it")


def _run(sources: Sequence[Source], out: Path, plan: ReducePlan, workers: int) -> list[_Outcome]:
    jobs = [(source, out / f"{source.name}.jpg", plan) for source in sources]
    return list(spread(_reduced, jobs, workers, f"{plan.size} px"))


@one_thread()
def _reduced(source: Source, path: Path, plan: ReducePlan) -> _Outcome:
    """Keep or write one file; its comment says what it was made of and how."""
    aligned = source.name in plan.aligned
    try:
        check_writable_name(path)
        data = source.encoded(plan.size)
        digest = sha256(data)
        how = f"degrade reduce {_VERSION}: {plan.size} px, quality {plan.quality}, aligned {aligned}, of {digest}"
        reused = kind_of(path) == "file" and _comment(path) == how.encode()
        if not reused:
            image = _aligned(data, source, plan.size) if aligned else source.reference(data, plan.size)
            write_bytes(path, encode_jpeg(image, plan.quality, how), sync=False)
        pixels = sha256_array(to_uint8(read(path)))
    except InputError as error:
        remove(path)  # of an earlier run, when the source could still be read
        return _Outcome(source.name, error=str(error))
    hashes = (value[:_DIGITS] for value in (digest, sha256(read_bytes(path)), pixels))
    return _Outcome(source.name, (source.name, "yes" if aligned else "no", *hashes), reused)


def _comment(path: Path) -> bytes | None:
    try:
        with Pillow.open(path) as photo:
            return photo.info.get("comment")
    except OSError:
        return None


def _aligned(data: bytes, source: Source, size: int) -> Image:
    image = decode(data, str(source.path))
    box = detection.largest_face(image)
    if box is None:
        raise InputError(f"{source.path}: no face was found to align; cut it by hand or leave it out")
    return crop_affine(image, ffhq_affine(detection.landmarks68(image, box), size), size)


def _copy_lists(folder: Path, out: Path, made: Collection[str]) -> tuple[str, ...]:
    """Every .txt in `folder` whose lines all name a face there, without those that could not be made."""
    copied = []
    for path in list_folder(folder).others:
        if path.parent != folder or path.suffix != ".txt":
            continue
        try:
            names = [source.name for source in folder_sources(folder, read_list(path))]
        except InputError:
            continue  # a text of another kind
        write_bytes(out / path.name, "".join(f"{name}.jpg\n" for name in names if name in made).encode())
        copied.append(path.name)
    return tuple(copied)


def _table(lines: Sequence[tuple[str, ...]]) -> bytes:
    return to_csv([COLUMNS, *lines]).encode()
