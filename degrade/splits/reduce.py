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
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image as Pillow

from degrade.core.choices import ROLES
from degrade.core.errors import InputError
from degrade.core.image import Image, decode, encode_jpeg, read, to_uint8
from degrade.core.parallel import one_thread, spread
from degrade.core.storage.csv_text import to_csv, unescape_cell
from degrade.core.storage.files import locked, make_folder, remove, sha256, sha256_array, write_bytes
from degrade.core.storage.listing import list_folder, normalised_name
from degrade.core.storage.paths import kind_of, read_bytes, read_text, real_path
from degrade.faces import detection
from degrade.faces.alignment import crop_affine, ffhq_affine
from degrade.splits.layout import check_file_name, read_if_there
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

    def way(self, name: str) -> str:
        """How the face of that name is made, as its comment begins."""
        return f"degrade reduce {_VERSION}: {self.size} px, quality {self.quality}, aligned {name in self.aligned}"


@dataclass(frozen=True)
class ReduceSummary:
    """lists: those copied; left_alone: other .txt beside the faces, of which some line names no face there.

    errors: (name, sentence) of faces that could not be used, which the lists leave out.
    """

    path: Path
    made: int
    reused: int
    aligned: int
    lists: tuple[str, ...]
    left_alone: tuple[str, ...]
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
    all: no face, OUT inside the folder or the other way round, a name to align or in the list of a role that is not
    there, and, before anything is written, an OUT that cannot be written to or holds other images, what another request
    made, or another file where one is to be written.
    """
    folder, out = Path(folder), Path(out)
    _check_apart(folder, out)
    sources = folder_sources(folder)
    if missing := sorted(plan.aligned - {source.name for source in sources}):
        raise InputError(f"{folder}: holds no face {missing[0]} to align; correct the list")
    lists, left_alone = _lists(folder)
    make_folder(out)
    with locked(out):
        _check_own(out, [source.name for source in sources], lists, plan)
        outcomes = sorted(_run(sources, out, plan, workers), key=lambda outcome: outcome.name)
        done = [outcome for outcome in outcomes if outcome.line]
        write_bytes(out / MANIFEST, _table([outcome.line for outcome in done]))
        for name, faces in lists.items():  # after the manifest, by which a list is known as ours
            write_bytes(out / name, _list_of(faces, {outcome.name for outcome in done}))
    reused, aligned = sum(outcome.reused for outcome in done), sum(outcome.line[1] == "yes" for outcome in done)
    errors = tuple((outcome.name, outcome.error) for outcome in outcomes if outcome.error)
    return ReduceSummary(out, len(done) - reused, reused, aligned, tuple(lists), left_alone, errors)


def read_manifest(path: Path) -> dict[str, dict[str, str]]:
    """The lines of a sources.csv by the name of the face; InputError for another file."""
    try:
        head, *lines = list(csv.reader(io.StringIO(read_text(path)))) or [[]]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: cannot be read as a list of sources ({error})") from error
    if any(len(line) != len(COLUMNS) for line in lines) or tuple(head) != COLUMNS:
        raise InputError(f"{path}: expected the columns {', '.join(COLUMNS)} of `degrade reduce`, got others")
    return {unescape_cell(line[0]): dict(zip(COLUMNS, map(unescape_cell, line), strict=True)) for line in lines}


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
    first, second = real_path(folder), real_path(out)
    if first.is_relative_to(second) or second.is_relative_to(first):
        raise InputError(f"{out}: holds or lies in the folder of the faces, {folder}; write to a folder beside it")


def _check_own(out: Path, names: Collection[str], lists: Mapping[str, Sequence[str]], plan: ReducePlan) -> None:
    """Raise InputError where `out` holds what the same request has not left there, before any of it is lost."""
    asked = {f"{name}.jpg": name for name in names}
    for path in sorted({out / file for file in asked if os.path.lexists(out / file)} | {*list_folder(out).images}):
        made, _, digest = _comment(path).rpartition(", of ")
        if not digest or not made.startswith("degrade reduce "):
            raise _not_ours(out, path)
        name = asked.get(normalised_name(path.relative_to(out).as_posix()))
        if name is None:
            raise _not_asked_for(out, path.stem)
        if made != plan.way(name):
            held = f"{path.name} of '{made}', not '{plan.way(name)}'"
            raise InputError(f"{out}: holds faces of another request ({held}); give another folder")
    listed = _faces_of(out)
    if others := sorted(listed - {*names}):
        raise _not_asked_for(out, others[0])
    for file, faces in lists.items():
        if os.path.lexists(out / file) and read_if_there(out / file) != _list_of(faces, listed):
            raise _not_ours(out, out / file)


def _faces_of(out: Path) -> set[str]:
    """The faces in the sources.csv of an earlier run; InputError for a file of another making."""
    try:
        return {*read_manifest(out / MANIFEST)} if os.path.lexists(out / MANIFEST) else set()
    except InputError as error:
        raise _not_ours(out, out / MANIFEST) from error


def _not_ours(out: Path, path: Path) -> InputError:
    expected = "expected an empty folder or what the same `degrade reduce` made"
    got = f"got other files, such as {path.relative_to(out)}"
    return InputError(f"{out}: {expected}, {got}; move them away or give another folder")


def _not_asked_for(out: Path, name: str) -> InputError:
    return InputError(f"{out}: holds faces that are not asked for now, such as {name}; give another folder")


def _run(sources: Sequence[Source], out: Path, plan: ReducePlan, workers: int) -> list[_Outcome]:
    jobs = [(source, out / f"{source.name}.jpg", plan) for source in sources]
    return list(spread(_reduced, jobs, workers, f"{plan.size} px"))


@one_thread()
def _reduced(source: Source, path: Path, plan: ReducePlan) -> _Outcome:
    """Keep or write one file; its comment says what it was made of and how."""
    aligned = source.name in plan.aligned
    try:
        check_file_name(path, source.name)
        data = source.encoded(plan.size)
        digest = sha256(data)
        how = f"{plan.way(source.name)}, of {digest}"
        reused = _comment(path) == how
        if not reused:
            image = _aligned(data, source, plan.size) if aligned else source.reference(data, plan.size)
            write_bytes(path, encode_jpeg(image, plan.quality, how), sync=False)
        pixels = sha256_array(to_uint8(read(path)))
    except InputError as error:
        remove(path)  # of an earlier run, when the source could still be read
        return _Outcome(source.name, error=str(error))
    hashes = (value[:_DIGITS] for value in (digest, sha256(read_bytes(path)), pixels))
    return _Outcome(source.name, (source.name, "yes" if aligned else "no", *hashes), reused)


def _comment(path: Path) -> str:
    """That of a JPEG, which says what it was made of and how; none of what is no JPEG."""
    if kind_of(path) != "file":
        return ""
    try:
        with Pillow.open(path, formats=["JPEG"]) as photo:
            return photo.info.get("comment", b"").decode("ascii", "replace")
    except (OSError, Pillow.DecompressionBombError):
        return ""


def _aligned(data: bytes, source: Source, size: int) -> Image:
    image = decode(data, str(source.path))
    box = detection.largest_face(image)
    if box is None:
        raise InputError(f"{source.path}: no face was found to align; cut it by hand or leave it out")
    return crop_affine(image, ffhq_affine(detection.landmarks68(image, box), size), size)


def _lists(folder: Path) -> tuple[dict[str, list[str]], tuple[str, ...]]:
    """The faces of every .txt in `folder` whose lines all name a face there, by the name of the file, and other .txt.

    Raises InputError for the list of a role that is no such list: its faces would be taken for those of another role.
    """
    found: dict[str, list[str]] = {}
    left_alone = []
    for path in list_folder(folder).others:
        if path.parent != folder or path.suffix != ".txt":
            continue
        try:
            found[path.name] = [source.name for source in folder_sources(folder, read_list(path))]
        except InputError as error:
            if path.stem in ROLES:
                raise InputError(f"{path.name}: {error}; correct the list, or move it away") from error
            left_alone.append(path.name)  # a text of another kind
    return found, tuple(left_alone)


def _list_of(faces: Sequence[str], made: Collection[str]) -> bytes:
    """A list of JPEGs, without the faces that could not be made."""
    return "".join(f"{_listed(name)}.jpg\n" for name in faces if name in made).encode()


def _listed(name: str) -> str:
    """A name as read_list gives it back, which takes "#" for a comment, drops spaces and turns backslashes round."""
    return f"./{name}" if name.startswith("#") or name != name.lstrip() or "\\" in name else name


def _table(lines: Sequence[tuple[str, ...]]) -> bytes:
    return to_csv([COLUMNS, *lines]).encode()
