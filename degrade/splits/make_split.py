"""Makes a split: pairs of reference and degraded images with a line of plain data for each pair.

`make_split` takes a folder and the name of a recipe, `write_split` the sources and the plan that stand for them.

A pair depends on its source, the recipe, the seed and its name, never on workers, order, interruption or other
images. While a split is being made its lines lie in `.parts/`.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from degrade.core.errors import InputError
from degrade.core.files import sha256, write_bytes, write_json
from degrade.core.image import encode_png
from degrade.core.parallel import one_thread
from degrade.core.random import rng_for
from degrade.recipes.degrade_image import degrade_image
from degrade.recipes.library import find_recipe
from degrade.recipes.recipe import Recipe
from degrade.splits.layout import (
    PARTS,
    PLAN,
    SCHEMA,
    check_folder,
    finish,
    libraries,
    locked,
    pair_paths,
    read_if_there,
    read_json,
    record_line,
)
from degrade.splits.roles import ROLES, portrait_sources, role_sources
from degrade.splits.sources import RESIZE, Source, check_apart


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
    """The result for one source: its record, or the sentence that says why there is none."""

    name: str
    record: dict[str, Any] | None = None
    reused: bool = False
    error: str = ""


def split_hash(sources: Sequence[Source], plan: SplitPlan) -> str:
    """SHA-256 of the plan and of every source's name and bytes: equal hashes, equal pairs."""
    faces = {source.name: sha256(source.encoded(plan.size)) for source in sources}
    return sha256(json.dumps([plan.facts(), faces], sort_keys=True).encode())


def make_split(  # noqa: PLR0913 - one argument for each option of `degrade run`
    out: Path | str,
    faces: Path | str | None,
    recipe: Recipe | str,
    *,
    role: str = "all",
    size: int = 512,
    seed: int = 0,
    limit: int | None = None,
    crop: str = "none",
    background: str | None = None,
    workers: int = 1,
) -> SplitSummary:
    """Degrade the folder `faces` of clean faces into the split `out`; None: the portraits that the package paints.

    The same bytes as `degrade run FACES OUT`. recipe: a name of `list_recipes`, or FILE.toml. role: which of the
    faces, "all" or "train", "val", "test" (see degrade.splits.roles). size: side of the references, px. crop: "none"
    refuses what is not square, "center" cuts it. background: "white" or "black" for images with an alpha channel.
    limit: the first so many. workers: processes. Called again it continues, and keeps the pairs that are there.
    A face that cannot be used is in the summary's `errors`. Raises InputError for what concerns all of them: an
    unknown recipe, a size it does not take, a folder without faces, `out` inside `faces` or holding something else.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     summary = make_split(f"{folder}/split", None, "sr4", size=64, limit=2)
    >>> summary.made, summary.errors
    (2, ())
    """
    plan = SplitPlan(find_recipe(recipe) if isinstance(recipe, str) else recipe, role, size, seed, crop, background)
    if faces is not None:
        check_apart(Path(faces), Path(out))
        sources = role_sources(Path(faces), role, limit=limit)
    else:
        sources = [source for each in (ROLES if role == "all" else (role,)) for source in portrait_sources(each)]
    return write_split(Path(out), sources[:limit], plan, workers=workers, progress=False)


def write_split(
    out: Path, sources: Sequence[Source], plan: SplitPlan, *, workers: int = 1, progress: bool = True
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
    plan.recipe(rng_for(plan.seed, plan.recipe.key, sources[0].name), plan.size)  # refuses a size before any work
    with locked(out):
        check_folder(out, plan.facts(), [source.name for source in sources])
        kept = _kept_records(out)
        write_json(out / PARTS / PLAN, plan.facts())
        outcomes = list(_run([(out, source, plan, kept.get(source.name)) for source in sources], workers, progress))
        errors = tuple(sorted((outcome.name, outcome.error) for outcome in outcomes if outcome.record is None))
        finish(out, plan.facts(), [outcome.record for outcome in outcomes if outcome.record], len(errors))
    reused = sum(outcome.reused for outcome in outcomes)
    return SplitSummary(out, len(sources) - reused - len(errors), reused, errors)


def _run(jobs: Sequence[tuple[Any, ...]], workers: int, progress: bool) -> Iterator[_Outcome]:
    from joblib import Parallel, delayed
    from tqdm import tqdm

    pool = Parallel(n_jobs=min(workers, len(jobs)), return_as="generator_unordered")
    pairs = pool(delayed(_make_pair)(*job) for job in jobs)
    return iter(tqdm(pairs, total=len(jobs), desc=jobs[0][2].role, unit="face", disable=None if progress else True))


@one_thread()
def _make_pair(out: Path, source: Source, plan: SplitPlan, kept: dict[str, Any] | None) -> _Outcome:
    """Keep or write one pair; the line comes last, so a line stands for a whole pair."""
    paths = (*pair_paths(out, source.name), out / PARTS / f"{source.name}.jsonl")
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
    for path, content in zip(paths, (*pair, record_line(record)), strict=True):
        write_bytes(path, content)
    return _Outcome(source.name, record)


def _record(source: Source, plan: SplitPlan, operators: list[dict[str, str]], hashes: Sequence[str]) -> dict[str, Any]:
    """One line of metadata.jsonl; every line has the same keys and types, as Arrow needs."""
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
        "libraries": libraries(),
    }


def _kept_records(out: Path) -> dict[str, dict[str, Any]]:
    """Records of an earlier run by name: of the finished split, and of what an interrupted run finished."""
    lines = [path.read_bytes() for path in sorted((out / PARTS).glob("*.jsonl"))]
    if (out / "split.json").exists():
        metadata = read_if_there(out / "metadata.jsonl")
        if sha256(metadata) == read_json(out / "split.json").get("metadata_sha256"):
            lines = metadata.splitlines() + lines
    return {record["name"]: record for record in map(json.loads, lines)}


def _is_intact(out: Path, record: dict[str, Any], source: bytes) -> bool:
    """Whether the pair on disk is the recorded one, and its source is still the same."""
    stored = [read_if_there(path) for path in pair_paths(out, record["name"])]
    recorded = [record[key] for key in ("source_sha256", "hq_sha256", "lq_sha256")]
    return [sha256(data) for data in (source, *stored)] == recorded
