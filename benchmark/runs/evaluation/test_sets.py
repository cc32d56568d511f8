"""The test sets of an evaluation as splits: folders as they come, and faces degraded by recipes."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from benchmark.runs.settings import Settings
from benchmark.runs.splits import SPLIT_SEED, PreparedSplit, degraded_split, imported_split
from benchmark.specs.evaluation import Evaluation
from degrade.core.errors import InputError
from degrade.core.storage.listing import folder_name, normalised_name
from degrade.core.storage.paths import kind_of, user_path
from degrade.importing.import_pairs import ImagePair, ImportPlan
from degrade.importing.known_sets import folder_pairs
from degrade.recipes.library import find_recipe
from degrade.splits.make_split import SplitPlan
from degrade.splits.roles import role_sources
from degrade.splits.sources import Source, read_list
from degrade.splits.split import load_split

SIZE = 512  # px, of faces that no size is asked for
_REFERENCES, _DEGRADED = ("hq", "gt", "hr"), ("lq", "lr")  # folders of a plain pair, in any case


def prepared_sets(evaluation: Evaluation, settings: Settings) -> dict[str, PreparedSplit]:
    """Each test set by the name it is called, which is that of its folder or recipe; made where it is none yet.

    Raises InputError for a folder without images and a recipe that does not take the size.
    """
    names = evaluation.set_names  # before anything is made
    found = [_folder(user_path(folder), evaluation, settings) for folder in evaluation.splits]
    return dict(zip(names, [*found, *_degraded(evaluation, settings)], strict=True))


def _folder(folder: Path, evaluation: Evaluation, settings: Settings) -> PreparedSplit:
    """A split as it is; a folder with hq/ and lq/, or of degraded images alone, imported below --work."""
    if kind_of(folder / "split.json") == "file":
        return _split(folder, evaluation)
    every = _pairs(folder)
    chosen = set(_chosen(folder, [pair.name for pair in every], evaluation))
    pairs = [pair for pair in every if pair.name in chosen]
    plan = ImportPlan(
        folder_name(folder),
        size=evaluation.size or None,
        crop=evaluation.crop,
        align=evaluation.align,
    )
    return replace(imported_split(settings, pairs, plan), others=tuple(pair.name for pair in every))


def _split(folder: Path, evaluation: Evaluation) -> PreparedSplit:
    split = load_split(folder)
    side = split.info["size"]
    if evaluation.size not in (0, side):
        raise InputError(f"{folder}: is a split of {side} px, {evaluation.size} px were asked for; leave out --size")
    names = _chosen(folder, split.names, evaluation)
    shortened = f"-{len(names)}" if len(names) < len(split.names) else ""
    label = f"{folder_name(folder)}-{split.digest[:8]}{shortened}"
    return PreparedSplit(split, label, names, len(names), others=split.names)


def _chosen(folder: Path, names: Sequence[str], evaluation: Evaluation) -> tuple[str, ...]:
    """The names to use of a folder, in its order."""
    if evaluation.list_file:
        listed = {_as_named(line, names) for line in read_list(user_path(evaluation.list_file))}
        if missing := sorted(listed - set(names)):
            raise InputError(f"{folder}: holds no image {missing[0]}; correct {evaluation.list_file}")
        names = [name for name in names if name in listed]
    return tuple(names[: evaluation.limit or None])


def _as_named(line: str, names: Collection[str]) -> str:
    """The name that a line of a list means, without its folder and its suffix if it has one."""
    name = normalised_name(PurePosixPath(line).name)
    return name if name in names else PurePosixPath(name).stem


def folders_read(evaluation: Evaluation) -> list[Path]:
    """The folders of which every image counts, however deep it lies: those of the faces and of plain images."""
    plain = [folder for folder in map(user_path, evaluation.splits) if kind_of(folder / "split.json") != "file"]
    sides = [side for folder in plain for side in _sides(folder) if side]
    return [*sides, *([user_path(evaluation.faces)] if evaluation.faces else [])]


def _pairs(folder: Path) -> list[ImagePair]:
    return folder_pairs(*_sides(folder))


def _sides(folder: Path) -> tuple[Path | None, Path]:
    """Where the references lie, if there are any, and where the degraded images: in the folder itself, or below it."""
    found = {path.name.lower(): path for path in sorted(folder.iterdir()) if path.is_dir()} if folder.is_dir() else {}
    degraded, references = (
        next((found[name] for name in names if name in found), None) for names in (_DEGRADED, _REFERENCES)
    )
    if degraded is None and references is None:
        return None, folder
    if degraded is None or references is None:
        there, missing = (references, _DEGRADED) if degraded is None else (degraded, _REFERENCES)
        raise InputError(f"{there}: expected {' or '.join(missing)} beside it, got none; or name {there} itself")
    return references, degraded


def _degraded(evaluation: Evaluation, settings: Settings) -> Iterator[PreparedSplit]:
    """The faces degraded by each recipe."""
    if not evaluation.faces:
        return
    sources, asked, errors = _faces(evaluation, settings)
    every = tuple(source.name for source in role_sources(user_path(evaluation.faces), "all"))
    for recipe in evaluation.recipes:
        plan = SplitPlan(find_recipe(recipe), "test", evaluation.size or SIZE, SPLIT_SEED, evaluation.crop)
        made = degraded_split(settings, sources, plan)
        yield replace(made, asked=asked, errors=(*errors, *made.errors), others=every)


def _faces(evaluation: Evaluation, settings: Settings) -> tuple[list[Source], int, tuple[tuple[str, str], ...]]:
    """The clean faces, how many were asked for, and (face, sentence) of those that cannot be used.

    With --align they are cut to FFHQ's template and kept below --work.
    """
    folder, names = user_path(evaluation.faces), user_path(evaluation.list_file) if evaluation.list_file else None
    sources = role_sources(folder, "all", list_file=names, limit=evaluation.limit or None)
    if not evaluation.align:
        return sources, len(sources), ()
    pairs = [ImagePair(source.name, source.path) for source in sources if source.path]
    plan = ImportPlan(folder_name(folder), size=evaluation.size or SIZE, align=True)
    aligned = imported_split(settings, pairs, replace(plan, layout=f"{plan.layout}-aligned"))
    return [Source(name, aligned.split.files(name)[-1]) for name in aligned.names], aligned.asked, aligned.errors
