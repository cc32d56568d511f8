"""The files of a split on disk: where they lie, how its lines are written, and when a folder may be written to."""

import os
import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Required, TypedDict

import cv2
import numpy as np
import PIL
from PIL import features

from degrade.core.errors import InputError
from degrade.core.storage import strict_json
from degrade.core.storage.files import (
    check_writable_name,
    locked,
    make_folder,
    object_parser,
    sha256_lines,
    write_bytes,
    write_json,
    write_lines,
)
from degrade.core.storage.listing import drop_unfinished, remove_folder
from degrade.core.storage.paths import kind_of, read_bytes, refuse_links
from degrade.splits.records import Records, RecordsByName

SCHEMA = 1
PARTS = ".parts"
PLAN = "plan.json"  # inside .parts: whose lines they are
CARD = "README.md"
_CARD = """---
configs:
- config_name: default
  drop_labels: true
  data_files:
  - split: {split}
    path:
    - metadata.jsonl
    - lq/*.png
---

# {recipe}, {role}

Degraded images in `lq/`{beside}; a line for each in `metadata.jsonl`. In Python:

    from datasets import load_dataset
    rows = load_dataset("FOLDER")["{split}"]  # this folder, or a data set it was uploaded to

{made}; split.json says the rest.
Licence: that of the source faces, which is not recorded here.

`degrade verify FOLDER` checks every file{replay}.
"""
_MADE = "Made as by `degrade run FACES FOLDER --recipe {recipe} --size {size} --seed {seed}`"


class _Info(TypedDict, total=False):
    """split.json or plan.json, as far as it is relied on."""

    schema: Required[int]
    recipe: Required[str]
    recipe_version: Required[int]
    recipe_document: str
    role: Required[str]
    size: Required[int]
    seed: Required[int | None]
    crop: str
    background: str | None
    imported: bool
    has_reference: bool
    metadata_sha256: str


class _Step(TypedDict):
    op: str
    drawn: str
    realised: str


class _Record(TypedDict, total=False):
    """A line of metadata.jsonl, as far as it is relied on."""

    name: Required[str]
    source: Required[str]
    source_sha256: Required[str]
    size: Required[int]
    operators: Required[list[_Step]]
    hq_sha256: str
    lq_sha256: Required[str]
    libraries: Required[dict[str, str]]


_parse_record = object_parser(_Record)


def pair_paths(out: Path, name: str) -> tuple[Path, Path]:
    """Where the reference and the degraded image of that name lie."""
    return out / "hq" / f"{name}.png", out / "lq" / f"{name}.png"


def is_name(name: str) -> bool:
    """Whether it names a file right in a folder, on every system: what a split may call an image."""
    return bool(name) and name not in (".", "..") and not re.search(r"[/\0]|^[A-Za-z]:", name) and os.sep not in name


def check_file_name(path: Path, name: str) -> None:
    """InputError for a name that no split may have, and for one whose file, `path`, could not be written."""
    if not is_name(name):
        raise InputError(f"{name}: expected a name that names a file on every system, not a drive; rename the image")
    check_writable_name(path)


def read_info(path: Path, remedy: str = "give another folder") -> dict:
    """What a split.json or a plan.json says; InputError, with the remedy, when it is something else."""
    return strict_json.read_object(path, _Info, "the facts of a split", remedy)


def parsed_records(metadata: Path, lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """The records in the lines of a metadata.jsonl, or of a part of one; InputError when a line is something else."""
    return (_parse_record(metadata, number, line) for number, line in enumerate(lines, start=1))


def read_if_there(path: Path) -> bytes:
    """The bytes of a file, none when there is no such file."""
    return read_bytes(path) if kind_of(path) == "file" else b""


def lines_if_there(path: Path) -> Iterator[bytes]:
    """The lines of a file with their ends, one at a time, none when there is no such file."""
    if kind_of(path) != "file":
        return
    try:
        with open(path, "rb") as file:
            yield from file
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error


def recorded_lines(out: Path, info: dict[str, Any]) -> Records | None:
    """The lines of metadata.jsonl, not parsed yet; None where they are not those that `info`, a split.json, is of."""
    lines = Records(lines_if_there(out / "metadata.jsonl"))
    return lines if sha256_lines(lines.lines()) == info.get("metadata_sha256") else None


@cache
def libraries() -> dict[str, str]:
    """The programs that the bytes of a pair depend on."""
    jpeg = features.version("libjpeg_turbo") or features.version("jpg") or "none"
    return {"libjpeg": jpeg, "opencv": cv2.__version__, "numpy": np.__version__, "pillow": PIL.__version__}


@dataclass(frozen=True)
class UnfinishedSplit:
    """A split while it is made: what its folder said of itself before, and by name what has become of its images."""

    held: dict[str, Any]
    records: RecordsByName = field(default_factory=RecordsByName)
    errors: dict[str, str] = field(default_factory=dict)


@contextmanager
def split_writer(out: Path, facts: dict[str, Any], names: Collection[str]) -> Iterator[UnfinishedSplit]:
    """Write a split to the folder `out` alone, see degrade.core.storage.files; it is finished with the block.

    Raises InputError when the folder cannot be written to, or holds anything but pairs of these facts and names.
    """
    if out.exists() and not out.is_dir():
        raise InputError(f"{out}: expected a folder to write to, got a file")
    make_folder(out)
    for below in ("hq", "lq", PARTS):
        refuse_links(out, out / below)
    with locked(out):
        split = UnfinishedSplit(_held(out, facts, names))
        write_json(out / PARTS / PLAN, facts)
        yield split
        _finish(out, facts, split)


def _held(out: Path, facts: dict[str, Any], names: Collection[str]) -> dict[str, Any]:
    """What the folder says of itself, nothing when it is empty; InputError when it holds something else."""
    info = next((path for path in (out / "split.json", out / PARTS / PLAN) if path.exists()), None)
    if info is None:
        if any(not path.name.startswith(".") for path in out.iterdir()):
            raise InputError(f"{out}: expected an empty folder or a split of the same recipe, got other files")
        return {}
    again = f"remove {out}, which was never finished, and run the same command: it makes the same images again"
    held = read_info(info, again) if info.name == PLAN else read_info(info)
    if other := differences(held, facts):
        raise InputError(f"{out}: holds another split ({'; '.join(other)}); give another folder")
    written = {path.stem for path in out.glob("[hl]q/*") if not path.name.startswith(".")}
    strangers = sorted(written - set(names))
    if strangers:
        more = f"{len(strangers)} not asked for now, such as {strangers[0]}"
        raise InputError(f"{out}: holds faces that belong to a larger split ({more}); give another folder")
    return held


def differences(held: dict[str, Any], facts: dict[str, Any]) -> list[str]:
    """In which facts a split that is there is another one, shortly: a recipe's text is not shown."""
    other = [key for key, value in facts.items() if held.get(key) != value]
    words = [f"{key} {held.get(key)}, not {facts[key]}" for key in other if key != "recipe_document"]
    return words or [f"another text of the recipe {facts['recipe']}" for _ in other]


def _finish(out: Path, facts: dict[str, Any], split: UnfinishedSplit) -> None:
    """Write metadata.jsonl, then split.json, then drop `.parts`, without which the split is whole."""
    drop_torn(out)
    if split.records or "shard" in facts:  # a shard of faces that all failed is as whole as the others
        write_lines(out / "metadata.jsonl", split.records.lines())
        digest = sha256_lines(split.records.lines())
        counts = {"count": len(split.records), "errors": len(split.errors), "metadata_sha256": digest}
        if not (out / CARD).exists():  # else its owner may have added to it
            write_bytes(out / CARD, card(facts))
        write_json(out / "split.json", facts | counts)
    else:
        for name in ("split.json", "metadata.jsonl", CARD):
            (out / name).unlink(missing_ok=True)
    remove_folder(out / PARTS)


def card(facts: dict) -> bytes:
    """The data-set card that names the files of the one split, which `datasets` would else guess from images' names."""
    split = {"val": "validation", "test": "test"}.get(facts["role"], "train")  # the names that `datasets` knows
    has_reference = facts.get("has_reference", True)
    made = "Imported by `degrade import`" if facts.get("imported") else _MADE.format_map(facts)
    beside = ", their references in `hq/`" if has_reference else ""
    replay = "" if facts.get("imported") else ", `degrade replay FOLDER` makes the degraded images again"
    text = _CARD.format(
        split=split, recipe=facts["recipe"], role=facts["role"], beside=beside, made=made, replay=replay
    )
    return text.encode()


def drop_torn(out: Path) -> None:
    """Remove what a run that was killed while writing left behind."""
    for folder in (out, out / "hq", out / "lq", out / PARTS):
        if folder.is_dir() and (folder == out or not folder.is_symlink()):
            drop_unfinished(folder)
