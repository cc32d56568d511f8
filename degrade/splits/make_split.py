"""Makes a split: pairs of reference and degraded images with a line of plain data for each pair.

`make_split` takes a folder and the name of a recipe, `write_split` the sources and the plan that stand for them.

A pair depends on its source, the recipe, the seed and its name, never on workers, order, interruption or other
images. While a split is being made its lines lie in `.parts/`.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from degrade.core.choices import ROLES
from degrade.core.errors import InputError
from degrade.core.formats import png
from degrade.core.image import describe, to_uint8
from degrade.core.numbers import counted
from degrade.core.parallel import one_thread, spread
from degrade.core.random import check_whole, rng_for
from degrade.core.storage.files import remove, sha256, write_bytes
from degrade.core.storage.paths import say_once, user_path
from degrade.recipes.degrade_image import degrade_image
from degrade.recipes.library import find_recipe
from degrade.recipes.recipe import Recipe
from degrade.splits.layout import (
    PARTS,
    SCHEMA,
    UnfinishedSplit,
    check_file_name,
    libraries,
    lines_if_there,
    pair_paths,
    parsed_records,
    read_if_there,
    recorded_lines,
    split_writer,
)
from degrade.splits.recorded import RecordedImage, image_hashes, pixels_sha256
from degrade.splits.records import RecordsByName, record_line
from degrade.splits.roles import portrait_sources, role_sources
from degrade.splits.sources import RESIZE, Source, check_apart, check_preparation


@dataclass(frozen=True)
class SplitPlan:
    """What fixes every pair of a split apart from its sources.

    size: side of the reference in px; crop: "none" refuses what is not square, "center" cuts it;
    background: "white" or "black" to lay images with an alpha channel on, None refuses them; shard, shard_of: which
    part of the split this is, and of which faces, see degrade.splits.shards.
    """

    recipe: Recipe
    role: str
    size: int
    seed: int = 0
    crop: str = "none"
    background: str | None = None
    shard: str = ""
    shard_of: str = ""

    def facts(self) -> dict[str, str | int | None]:
        """As plain data, in the order and with the names of split.json; a user's own recipe is there in full."""
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
            **({"recipe_document": self.recipe.document} if self.recipe.document else {}),
            **({"shard": self.shard, "shard_of": self.shard_of} if self.shard else {}),
        }


@dataclass(frozen=True)
class SplitSummary:
    """What make_split did: made + reused + len(errors) is the number of sources."""

    path: Path
    made: int
    reused: int
    errors: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Outcome:
    """The result for one source: that its pair is kept, its record, or the sentence that says why there is none."""

    name: str
    record: dict[str, Any] | None = None
    reused: bool = False
    error: str = ""


def split_hash(sources: Sequence[Source], plan: SplitPlan) -> str:
    """SHA-256 of the plan and of every source's name and digest: equal hashes, equal pairs."""
    faces = {source.name: source.digest(plan.size) for source in sources}
    return sha256(json.dumps([plan.facts(), faces], sort_keys=True).encode())


def make_split(  # noqa: PLR0913 - one argument for each option of `degrade run`
    out: Path | str,
    faces: Path | str | None,
    recipe: Recipe | Path | str,
    *,
    role: str = "all",
    size: int = 512,
    seed: int = 0,
    limit: int | None = None,
    crop: str = "none",
    background: str | None = None,
    workers: int = 1,
    png_writer: str = "small",
) -> SplitSummary:
    """Degrade the folder `faces` of clean faces into the split `out`; None: the portraits that the package paints.

    The same bytes as `degrade run FACES OUT`. recipe: a name of `list_recipes`, or FILE.toml. role: which of the
    faces, "all" or "train", "val", "test" (see degrade.splits.roles). size: of the references, 16 px or more. crop:
    "none" refuses what is not square, "center" cuts it. background: "white" or "black" for images with an alpha
    channel. limit: the first so many. workers: processes. png_writer: "fast" for larger files of the same pixels in
    less time (package fpng). Called again it continues, and keeps the pairs that are there.
    A face that cannot be used is in the summary's `errors`. Raises InputError for what concerns all of them: an
    argument that can be none, an unknown recipe, a size it does not take, a folder without faces, `out` inside `faces`
    or holding something else.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     summary = make_split(f"{folder}/split", None, "sr4", size=64, limit=2)
    >>> summary.made, summary.errors
    (2, ())
    """
    workers = check_whole(workers, "workers", 1)
    out, limit = user_path(out), None if limit is None else check_whole(limit, "limit", 1)
    check_preparation(size, crop, background)
    plan = SplitPlan(find_recipe(recipe), role, int(size), check_whole(seed, "seed"), crop, background)
    if faces is not None:
        faces = user_path(faces)
        check_apart(faces, out)
        sources = role_sources(faces, role, limit=limit)
    else:
        sources = [source for each in (ROLES if role == "all" else (role,)) for source in portrait_sources(each)]
    return write_split(out, sources[:limit], plan, workers=workers, progress=False, png_writer=png_writer)


def write_split(
    out: Path,
    sources: Sequence[Source],
    plan: SplitPlan,
    *,
    workers: int = 1,
    progress: bool = True,
    png_writer: str = "small",
) -> SplitSummary:
    """Write the split of `sources` to `out`, keeping the pairs that are there already and intact.

    A source that cannot be used is listed in the summary and the rest is written; where none
    can be used no split is written. Raises InputError for what concerns all of them: no source,
    a size that the recipe refuses, a folder that holds something else, a full disk. Another process that makes the
    same split waits for this one and then finds the pairs there.
    """
    out = Path(out)
    if not sources:
        raise InputError(f"{out}: expected at least one face of role '{plan.role}', got none; ask for another role")
    png.check_writer(png_writer)
    plan.recipe(rng_for(plan.seed, plan.recipe.key, sources[0].name), plan.size)  # refuses a size before any work
    with split_writer(out, plan.facts(), [source.name for source in sources]) as split:
        kept = _keep_records(out, split, {source.name for source in sources})
        jobs = [(source, kept.get(source.name)) for source in sources]
        shared = [out / PARTS, *(source.path for source in (sources[0], sources[-1]) if source.path)]
        reused = 0
        for outcome in spread(partial(_make_pair, out, plan, png_writer), jobs, workers, plan.role, progress, shared):
            reused += outcome.reused
            if outcome.record is not None:
                split.records[outcome.name] = outcome.record
            elif outcome.error:
                split.records.pop(outcome.name, None)
                split.errors[outcome.name] = outcome.error
        _make_alike(out, split.records)
    return SplitSummary(out, len(split.records) - reused, reused, tuple(sorted(split.errors.items())))


@one_thread()
def _make_pair(out: Path, plan: SplitPlan, writer: str, source: Source, kept: bytes | None) -> _Outcome:
    """Keep or write one pair; the line comes last, so a line stands for a whole pair.

    kept: what _recorded says of the pair that an earlier run wrote.
    """
    paths = (*pair_paths(out, source.name), out / PARTS / f"{sha256(source.name.encode())[:32]}.jsonl")
    try:
        check_file_name(paths[0], source.name)
        data = source.encoded(plan.size)
        if kept is not None and kept == _found(data, paths[:2]):
            return _Outcome(source.name, reused=True)
        reference = source.pixels(data, plan.size, plan.crop, plan.background)
        degraded, operators = degrade_image(reference, plan.recipe, plan.seed, source.name)
    except InputError as error:
        for path in paths:
            remove(path)  # of an earlier run, when the source could still be read
        return _Outcome(source.name, error=str(error))
    pair = png.encode(reference, writer), png.encode(degraded, writer)
    hashes = image_hashes("hq", pair[0], reference) | image_hashes("lq", pair[1], degraded)
    record = _record(source, plan, operators, {"source_sha256": sha256(data)} | hashes)
    if notes := describe(data, source.origin).notes:
        record["note"] = "; ".join(notes)
    for path, content in zip(paths, (*pair, record_line(record)), strict=True):
        write_bytes(path, content, sync=False)
    return _Outcome(source.name, record)


def _record(source: Source, plan: SplitPlan, operators: list[dict[str, str]], hashes: dict[str, str]) -> dict[str, Any]:
    """One line of metadata.jsonl; every line has the same keys and types, as Arrow needs.

    A line has a `note` besides where something in the source was not read; Arrow reads the others' as null.
    """
    return {
        "file_name": f"lq/{source.name}.png",
        "hq_file_name": f"hq/{source.name}.png",
        "name": source.name,
        "source": source.origin,
        "source_sha256": hashes["source_sha256"],
        "size": plan.size,
        "recipe": plan.recipe.name,
        "recipe_version": plan.recipe.version,
        "seed": plan.seed,
        "operators": operators,
        **{f"{side}_{what}": hashes[f"{side}_{what}"] for what in ("sha256", "pixels_sha256") for side in ("hq", "lq")},
        "libraries": libraries(),
    }


def _keep_records(out: Path, split: UnfinishedSplit, names: Collection[str]) -> dict[str, bytes]:
    """Note records of an earlier run, and give by name what _recorded says of them.

    Those of the finished split, and of what an interrupted run finished.
    """
    kept = {}
    for record in _earlier_records(out, split.held):
        if record["name"] in names:
            split.records[record["name"]] = record
            kept[record["name"]] = _recorded(record)
    return kept


def _earlier_records(out: Path, held: dict[str, Any]) -> Iterator[dict[str, Any]]:
    finished = recorded_lines(out, held)
    if finished is not None:
        yield from parsed_records(out / "metadata.jsonl", finished.lines())
    damaged = 0
    for name in sorted(path.name for path in (out / PARTS).glob("*.jsonl")):
        try:
            yield from list(parsed_records(out / PARTS / name, lines_if_there(out / PARTS / name)))
        except InputError:  # as a power cut leaves it, since parts do not wait for the disk
            damaged += 1
    if damaged:
        say_once(f"{out}: {counted(damaged, 'line')} of an interrupted run damaged; made again")


def _make_alike(out: Path, records: RecordsByName) -> None:
    """Give all records hashes of pixels where any has them: an older version may have begun the split."""
    lacking = [name for name, record in records.items() if "hq_pixels_sha256" not in record]
    for name in lacking if len(lacking) < len(records) else ():
        records[name] = _with_pixels(out, records[name])


def _with_pixels(out: Path, record: dict[str, Any]) -> dict[str, Any]:
    images = (RecordedImage.of(path, record) for path in pair_paths(out, record["name"]))
    return record | {
        f"{image.path.parent.name}_pixels_sha256": pixels_sha256(to_uint8(image.read())) for image in images
    }


def _recorded(record: dict[str, Any]) -> bytes:
    """One digest of the bytes of a pair and of its source, as recorded."""
    return _one_digest(record.get(key) for key in ("source_sha256", "hq_sha256", "lq_sha256"))


def _found(source: bytes, pair: Iterable[Path]) -> bytes:
    """The same as found: of the source's bytes, and of those that are on disk."""
    return _one_digest(map(sha256, (source, *map(read_if_there, pair))))


def _one_digest(hashes: Iterable[str | None]) -> bytes:
    return bytes.fromhex(sha256(" ".join(map(str, hashes)).encode()))
