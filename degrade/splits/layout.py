"""The files of a split on disk: where they lie, how its lines are written, and when a folder may be written to."""

import json
import shutil
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import PIL
from PIL import features

from degrade.core import files as lock
from degrade.core.errors import InputError
from degrade.core.files import sha256, write_bytes, write_json

SCHEMA = 1
PARTS = ".parts"
PLAN = "plan.json"  # inside .parts: whose lines they are


def pair_paths(out: Path, name: str) -> tuple[Path, Path]:
    """Where the reference and the degraded image of that name lie."""
    return out / "hq" / f"{name}.png", out / "lq" / f"{name}.png"


def record_line(record: dict) -> bytes:
    """A record as its line of metadata.jsonl."""
    return (json.dumps(record, allow_nan=False, ensure_ascii=False) + "\n").encode()


def read_json(path: Path) -> dict:
    """The JSON object in a file; InputError when there is none."""
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as JSON ({error}); give another folder") from error
    if not isinstance(value, dict):
        raise InputError(f"{path}: expected a JSON object, got {type(value).__name__}; give another folder")
    return value


def read_if_there(path: Path) -> bytes:
    """The bytes of a file, none when there is no such file."""
    return path.read_bytes() if path.is_file() else b""


@cache
def libraries() -> dict[str, str]:
    """The programs that the bytes of a pair depend on."""
    jpeg = features.version("libjpeg_turbo") or features.version("jpg") or "none"
    return {"libjpeg": jpeg, "opencv": cv2.__version__, "numpy": np.__version__, "pillow": PIL.__version__}


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """Write to the folder `out` alone, see degrade.core.files; makes it where it is missing.

    Raises InputError when it cannot be written to.
    """
    if out.exists() and not out.is_dir():
        raise InputError(f"{out}: expected a folder to write to, got a file")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{out}: cannot be written to ({error.strerror or error})") from error
    with lock.locked(out):
        yield


def check_folder(out: Path, facts: dict, names: Collection[str]) -> None:
    """Raise InputError unless the folder `out` is empty, or holds pairs of these facts and these names only."""
    info = next((path for path in (out / "split.json", out / PARTS / PLAN) if path.exists()), None)
    if info is None:
        if any(not path.name.startswith(".") for path in out.iterdir()):
            raise InputError(f"{out}: expected an empty folder or a split of the same recipe, got other files")
        return
    held = read_json(info)
    other = [f"{key} {held.get(key)}, not {value}" for key, value in facts.items() if held.get(key) != value]
    if other:
        raise InputError(f"{out}: holds another split ({'; '.join(other)}); give another folder")
    written = {path.stem for path in out.glob("[hl]q/*") if not path.name.startswith(".")}
    strangers = sorted(written - set(names))
    if strangers:
        more = f"{len(strangers)} not asked for now, such as {strangers[0]}"
        raise InputError(f"{out}: holds faces that belong to a larger split ({more}); give another folder")


def finish(out: Path, facts: dict, records: Sequence[dict], errors: int) -> None:
    """Write metadata.jsonl, then split.json, then drop what only an unfinished split has."""
    if records:
        metadata = b"".join(record_line(record) for record in sorted(records, key=lambda record: record["name"]))
        write_bytes(out / "metadata.jsonl", metadata)
        counts = {"count": len(records), "errors": errors, "metadata_sha256": sha256(metadata)}
        write_json(out / "split.json", facts | counts)
    else:
        for name in ("split.json", "metadata.jsonl"):
            (out / name).unlink(missing_ok=True)
    drop_torn(out)
    shutil.rmtree(out / PARTS)


def drop_torn(out: Path) -> None:
    """Remove what a run that was killed while writing left behind."""
    for torn in out.rglob(".partial-*"):
        torn.unlink(missing_ok=True)
