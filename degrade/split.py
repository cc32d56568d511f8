"""A split on disk: pairs of reference and degraded images with a line of plain data for each pair.

    hq/NAME.png  lq/NAME.png  metadata.jsonl  split.json

A pair depends on its source, the recipe, the seed and its name, never on workers, order, interruption or other
images. While a split is being made its lines lie in `.parts/`; one without that folder and with split.json is whole.
"""

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import PIL
from PIL import features

from degrade.errors import InputError
from degrade.files import sha256, sha256_file, write_bytes, write_json
from degrade.image import Image, encode_png, read
from degrade.pipeline import trace
from degrade.recipes import Recipe
from degrade.seeds import rng_for
from degrade.sources import RESIZE, Source

SCHEMA = 1
_PARTS = ".parts"
_PLAN = "plan.json"  # inside .parts: whose lines they are


@dataclass(frozen=True)
class SplitPlan:
    """What fixes every pair of a split apart from its sources.

    size: side of the reference in px; crop: "none" refuses what is not square, "center" cuts it;
    background: "white" or "black" to lay images with an alpha channel on, None refuses them.
    """

    recipe: Recipe
    role: str
    size: int
    seed: int = 0
    crop: str = "none"
    background: str | None = None

    def facts(self) -> dict[str, str | int | None]:
        """As plain data, in the order and with the names of split.json."""
        return {
            "schema": SCHEMA,
            "recipe": self.recipe.name,
            "recipe_version": self.recipe.version,
            "domain": self.recipe.domain,
            "role": self.role,
            "size": self.size,
            "scale": self.recipe.scale,
            "seed": self.seed,
            "crop": self.crop,
            "background": self.background,
            "resize": RESIZE,
        }


@dataclass(frozen=True)
class SplitSummary:
    """What make_split did: made + reused + len(errors) is the number of sources."""

    path: Path
    made: int
    reused: int
    errors: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Split:
    """A whole split on disk; info is split.json, records are the lines of metadata.jsonl in name order."""

    path: Path
    info: dict
    records: tuple[dict, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(record["name"] for record in self.records)

    @property
    def digest(self) -> str:
        """SHA-256 of metadata.jsonl, and so of every pair's bytes."""
        return self.info["metadata_sha256"]

    def reference(self, name: str) -> Image:
        return read(_pair_paths(self.path, name)[0])

    def degraded(self, name: str) -> Image:
        return read(_pair_paths(self.path, name)[1])


@dataclass(frozen=True)
class _Outcome:
    """What became of one source: its record, or the sentence that says why there is none."""

    name: str
    record: dict | None = None
    reused: bool = False
    error: str = ""


def degrade_image(
    reference: Image, recipe: Recipe, seed: int, name: str, epoch: int | None = None
) -> tuple[Image, list[dict]]:
    """The degraded image and the records of its operators; the one place where a recipe is drawn.

    A split on disk has no epoch; training passes one to draw the same image anew.
    """
    key = (recipe.key, name) if epoch is None else (recipe.key, name, epoch)
    return trace(recipe(rng_for(seed, *key), min(reference.shape[:2])), reference)


def split_hash(sources: Sequence[Source], plan: SplitPlan) -> str:
    """SHA-256 of the plan and of every source's name and bytes: equal hashes, equal pairs."""
    faces = {source.name: sha256(source.encoded(plan.size)) for source in sources}
    return sha256(json.dumps([plan.facts(), faces], sort_keys=True).encode())


def make_split(
    out: Path, sources: Sequence[Source], plan: SplitPlan, *, workers: int = 1, progress: bool = True
) -> SplitSummary:
    """Write the split of `sources` to `out`, keeping the pairs that are there already and intact.

    A source that cannot be used is listed in the summary and the rest is written; where none
    can be used no split is written. Raises InputError for what concerns all of them: no source,
    a size that the recipe refuses, a folder that holds something else, a full disk.
    """
    out = Path(out)
    if not sources:
        raise InputError(f"{out}: expected at least one face of role '{plan.role}', got none; ask for another role")
    plan.recipe(rng_for(plan.seed, plan.recipe.key, sources[0].name), plan.size)  # refuses a size before any work
    _check_folder(out, sources, plan)
    kept = _kept_records(out)
    write_json(out / _PARTS / _PLAN, plan.facts())
    outcomes = list(_run([(out, source, plan, kept.get(source.name)) for source in sources], workers, progress))
    _finish(out, plan, outcomes)
    errors = tuple(sorted((outcome.name, outcome.error) for outcome in outcomes if outcome.record is None))
    reused = sum(outcome.reused for outcome in outcomes)
    return SplitSummary(out, len(sources) - reused - len(errors), reused, errors)


def _run(jobs: Sequence[tuple], workers: int, progress: bool) -> Iterator[_Outcome]:
    # Imported here because training imports this file for degrade_image alone.
    from joblib import Parallel, delayed
    from tqdm import tqdm

    pool = Parallel(n_jobs=min(workers, len(jobs)), return_as="generator_unordered")
    pairs = pool(delayed(_make_pair)(*job) for job in jobs)
    return tqdm(pairs, total=len(jobs), desc=jobs[0][2].role, unit="face", disable=None if progress else True)


def _make_pair(out: Path, source: Source, plan: SplitPlan, kept: dict | None) -> _Outcome:
    """Keep or write one pair; the line comes last, so a line stands for a whole pair."""
    paths = (*_pair_paths(out, source.name), out / _PARTS / f"{source.name}.jsonl")
    try:
        data = source.encoded(plan.size)
        if kept is not None and _is_intact(out, kept, data):
            return _Outcome(source.name, kept, reused=True)
        reference = source.reference(data, plan.size, plan.crop, plan.background)
        degraded, operators = degrade_image(reference, plan.recipe, plan.seed, source.name)
    except InputError as error:
        for path in paths:
            path.unlink(missing_ok=True)  # of an earlier run, when the source could still be read
        return _Outcome(source.name, error=str(error))
    pair = encode_png(reference), encode_png(degraded)
    record = _record(source, plan, operators, [sha256(encoded) for encoded in (data, *pair)])
    for path, content in zip(paths, (*pair, _line(record)), strict=True):
        write_bytes(path, content)
    return _Outcome(source.name, record)


def _record(source: Source, plan: SplitPlan, operators: list[dict], hashes: Sequence[str]) -> dict:
    """One line of metadata.jsonl; every line has the same keys and types, as Arrow wants it."""
    return {
        "file_name": f"lq/{source.name}.png",
        "hq_file_name": f"hq/{source.name}.png",
        "name": source.name,
        "source": source.origin,
        "source_sha256": hashes[0],
        "size": plan.size,
        "recipe": plan.recipe.name,
        "recipe_version": plan.recipe.version,
        "seed": plan.seed,
        "operators": operators,
        "hq_sha256": hashes[1],
        "lq_sha256": hashes[2],
        "libraries": _libraries(),
    }


@cache
def _libraries() -> dict[str, str]:
    """The programs that the bytes of a pair depend on."""
    jpeg = features.version("libjpeg_turbo") or features.version("jpg") or "none"
    return {"libjpeg": jpeg, "opencv": cv2.__version__, "numpy": np.__version__, "pillow": PIL.__version__}


def _finish(out: Path, plan: SplitPlan, outcomes: Sequence[_Outcome]) -> None:
    """Write metadata.jsonl, then split.json, then drop what only an unfinished split has."""
    records = [outcome.record for outcome in sorted(outcomes, key=lambda each: each.name) if outcome.record]
    if records:
        metadata = b"".join(_line(record) for record in records)
        write_bytes(out / "metadata.jsonl", metadata)
        counts = {"count": len(records), "errors": len(outcomes) - len(records), "metadata_sha256": sha256(metadata)}
        write_json(out / "split.json", plan.facts() | counts)
    else:
        for name in ("split.json", "metadata.jsonl"):
            (out / name).unlink(missing_ok=True)
    for torn in out.rglob(".partial-*"):  # left by a run that was killed while writing
        torn.unlink(missing_ok=True)
    shutil.rmtree(out / _PARTS)


def _check_folder(out: Path, sources: Sequence[Source], plan: SplitPlan) -> None:
    """Raise InputError unless `out` is new, empty, or holds pairs of this plan and these sources only."""
    if out.exists() and not out.is_dir():
        raise InputError(f"{out}: expected a folder to write to, got a file")
    info = next((path for path in (out / "split.json", out / _PARTS / _PLAN) if path.exists()), None)
    if info is None:
        if out.is_dir() and any(not path.name.startswith(".") for path in out.iterdir()):
            raise InputError(f"{out}: expected an empty folder or a split of the same recipe, got other files")
        return
    held, asked = _read_json(info), plan.facts()
    other = [f"{key} {held.get(key)}, not {value}" for key, value in asked.items() if held.get(key) != value]
    if other:
        raise InputError(f"{out}: holds another split ({'; '.join(other)}); give another folder")
    written = {path.stem for path in out.glob("[hl]q/*") if not path.name.startswith(".")}
    strangers = sorted(written - {source.name for source in sources})
    if strangers:
        more = f"{len(strangers)} not asked for now, such as {strangers[0]}"
        raise InputError(f"{out}: holds faces that belong to a larger split ({more}); give another folder")


def _kept_records(out: Path) -> dict[str, dict]:
    """Records of an earlier run by name: of the finished split, and of what an interrupted run finished."""
    lines = [path.read_bytes() for path in sorted((out / _PARTS).glob("*.jsonl"))]
    if (out / "split.json").exists():
        metadata = _read_if_there(out / "metadata.jsonl")
        if sha256(metadata) == _read_json(out / "split.json").get("metadata_sha256"):
            lines = metadata.splitlines() + lines
    return {record["name"]: record for record in map(json.loads, lines)}


def _is_intact(out: Path, record: dict, source: bytes) -> bool:
    """Whether the pair on disk is the one the record tells of, and its source is still the same."""
    stored = [_read_if_there(path) for path in _pair_paths(out, record["name"])]
    told = [record[key] for key in ("source_sha256", "hq_sha256", "lq_sha256")]
    return [sha256(data) for data in (source, *stored)] == told


def load_split(path: Path) -> Split:
    """Open a whole split. The pairs themselves are checked for presence, not read.

    Raises InputError when it is unfinished, damaged, of another schema, or no split.
    """
    path = Path(path)
    if not (path / "split.json").is_file() or (path / _PARTS).exists():
        raise InputError(f"{path}: expected a finished split (split.json, no {_PARTS}); make it or finish making it")
    info = _read_json(path / "split.json")
    if info.get("schema") != SCHEMA:
        raise InputError(f"{path}: expected a split of schema {SCHEMA}, got {info.get('schema')}; make it again")
    metadata = path / "metadata.jsonl"
    if not metadata.is_file() or sha256_file(metadata) != info.get("metadata_sha256"):
        raise InputError(f"{metadata}: is missing or changed since the split was made; make the split again")
    records = tuple(json.loads(line) for line in metadata.read_bytes().splitlines())
    missing = [pair for record in records for pair in _pair_paths(path, record["name"]) if not pair.is_file()]
    if missing:
        raise InputError(f"{missing[0]}: is missing ({len(missing)} in all); make the split again into this folder")
    return Split(path, info, records)


def _pair_paths(out: Path, name: str) -> tuple[Path, Path]:
    return out / "hq" / f"{name}.png", out / "lq" / f"{name}.png"


def _line(record: dict) -> bytes:
    return (json.dumps(record, allow_nan=False, ensure_ascii=False) + "\n").encode()


def _read_json(path: Path) -> dict:
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as JSON ({error}); give another folder") from error
    if not isinstance(value, dict):
        raise InputError(f"{path}: expected a JSON object, got {type(value).__name__}; give another folder")
    return value


def _read_if_there(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""
