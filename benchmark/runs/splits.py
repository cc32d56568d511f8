"""The splits of a run: found by content under --work, made when they are not there."""

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from benchmark.metrics.registry import find_metric
from benchmark.runs.settings import DataFolders, Settings
from benchmark.specs.protocols import Profile, Protocol
from benchmark.specs.test_sets import FACERENOV, FaceSet, load_sets
from degrade.core.errors import InputError
from degrade.core.storage import strict_json
from degrade.core.storage.files import digest_of, write_json
from degrade.core.storage.paths import user_path
from degrade.importing.import_pairs import ImagePair, ImportPlan, import_pairs
from degrade.importing.known_sets import folder_pairs
from degrade.recipes.library import find_recipe
from degrade.splits.make_split import SplitPlan, SplitSummary, split_hash, write_split
from degrade.splits.roles import portrait_sources, role_sources
from degrade.splits.sources import Source
from degrade.splits.split import Split, load_split

SPLIT_SEED = 0  # test images are the same for every training seed
# In the folder of a split: which sources could not be used, and why. Hidden: a split holds nothing else.
_LEFT_OUT = ".left_out.json"


@dataclass(frozen=True)
class PreparedSplit:
    """An existing split, and what was asked of it."""

    split: Split
    label: str  # name of its folder, which a score line carries
    names: tuple[str, ...]  # images to use, in order
    asked: int  # sources; more than names when some could not be used
    made: bool = False
    errors: tuple[tuple[str, str], ...] = ()  # (source, sentence)
    others: tuple[str, ...] = ()  # further names of the test set, which --limit or --list leave out


def recipe_of(settings: Settings, domain: str, task: str) -> str:
    """What a network of this domain and task is trained or tested on: the task's recipe, or `facerenov`."""
    return task if domain == "synthetic" else settings.real_domain


def domain_split(settings: Settings, domain: str, task: str, role: str) -> PreparedSplit:
    """The split of a domain (or test set), task and role: the user's own, or made from faces and reused by content.

    Raises InputError when the faces cannot be found or none of them can be used.
    """
    if domain in load_sets():
        return _set_split(settings, load_sets()[domain], task)
    recipe = recipe_of(settings, domain, task)
    if recipe == FACERENOV:
        return _facerenov(settings, role)
    sources = face_sources(settings.profile, settings.faces, role)
    every = face_sources(replace(settings.profile, test=0), settings.faces, role) if role == "test" else ()
    made = degraded_split(settings, sources, _plan(settings, recipe, role))
    return replace(made, others=tuple(source.name for source in every))


def test_splits(
    settings: Settings, protocol: Protocol, task: str, metric_ids: Sequence[str]
) -> tuple[PreparedSplit, PreparedSplit | None]:
    """The test split, and the one whose references sets are compared with: the same where it has any.

    A set of real faces has none. A protocol that trains on clean faces, or tests on a set of protocols/sets.toml, then
    compares with the clean test faces. Raises InputError for metrics that need references where there can be none.
    """
    prepared = domain_split(settings, protocol.test_domain, task, "test")
    if prepared.split.has_reference:
        return prepared, prepared
    needing = [metric for metric in map(find_metric, metric_ids) if metric.needs_reference]
    of_clean_faces = protocol.train_domain == "synthetic" or protocol.test_domain in load_sets()
    refused = [metric.id for metric in needing if metric.per == "image" or not of_clean_faces]
    if refused:
        which = f"{prepared.label}: has no references, so {', '.join(refused)} cannot be computed"
        sets = " and, against clean faces, of sets" if of_clean_faces else ""
        raise InputError(f"{which}; name metrics without a reference{sets} with --metrics, such as niqe.y")
    return prepared, domain_split(settings, "synthetic", task, "test") if needing else None


def why_set_unavailable(settings: Settings, chosen: FaceSet) -> str:
    """Why a test set cannot be had here; empty when it can."""
    if settings.profile.name == "quick":
        return f"{chosen.title}: profile quick knows the embedded portraits alone; use lite"
    if _set_folder(settings, chosen) is None:
        return f"{chosen.title}: set {chosen.variable} to the folder that holds {chosen.list or chosen.degraded}"
    return ""


def set_size(settings: Settings, chosen: FaceSet) -> int:
    """Images of a test set here, at most as many as the profile tests on; InputError when they cannot be had."""
    return len(_listed_faces(settings, chosen) if chosen.list else _set_pairs(settings, chosen))


def _listed_faces(settings: Settings, chosen: FaceSet) -> list[Source]:
    folder = _need_folder(settings, chosen)
    return role_sources(folder, "test", list_file=folder / chosen.list, limit=settings.profile.test or None)


def _set_pairs(settings: Settings, chosen: FaceSet) -> list[ImagePair]:
    """Images that are degraded already, with their references if the set has any."""
    folder = _need_folder(settings, chosen)
    references = folder / chosen.references if chosen.references else None
    return folder_pairs(references, folder / chosen.degraded)[: settings.profile.test or None]


def _need_folder(settings: Settings, chosen: FaceSet) -> Path:
    reason, folder = why_set_unavailable(settings, chosen), _set_folder(settings, chosen)
    if reason or folder is None:
        raise InputError(reason)
    return folder


def _set_folder(settings: Settings, chosen: FaceSet) -> Path | None:
    """The first place that holds it: --ffhq for a list, or what the environment names."""
    places = ((settings.faces.ffhq if chosen.list else None), _variable(chosen.variable))
    given = (user_path(place) for place in places if place)
    return next((place for place in given if Path(place, chosen.list or chosen.degraded).exists()), None)


def _set_split(settings: Settings, chosen: FaceSet, task: str) -> PreparedSplit:
    """Faces of a list, degraded by the task; or images that are degraded already, brought to the profile's side."""
    if chosen.list:
        return degraded_split(settings, _listed_faces(settings, chosen), _plan(settings, task, "test"), chosen.name)
    plan = ImportPlan(chosen.name, size=settings.profile.size, scale=1)
    return imported_split(settings, _set_pairs(settings, chosen), plan)


def imported_split(settings: Settings, pairs: Sequence[ImagePair], plan: ImportPlan) -> PreparedSplit:
    """Images as they are, brought to one side, below WORK/splits; reused where plan and content are the same."""
    hashes = [[Source(pair.name, path).digest(0) for path in (pair.lq, pair.hq) if path] for pair in pairs]
    digest = digest_of([asdict(plan), {pair.name: own for pair, own in zip(pairs, hashes, strict=True)}])
    path = _folder(settings, plan.layout, plan.size, plan.role, digest)
    return _load_or_make(path, [pair.name for pair in pairs], lambda: import_pairs(path, pairs, plan))


def degraded_split(settings: Settings, sources: Sequence[Source], plan: SplitPlan, called: str = "") -> PreparedSplit:
    """Faces degraded by a recipe; called: what its folder's name says in place of the role."""
    path = _folder(settings, plan.recipe.name, plan.size, called or plan.role, split_hash(sources, plan))
    names = [source.name for source in sources]
    return _load_or_make(path, names, lambda: write_split(path, sources, plan, workers=settings.workers))


def _plan(settings: Settings, recipe: str, role: str) -> SplitPlan:
    return SplitPlan(find_recipe(recipe), role, settings.profile.size, SPLIT_SEED)


def _folder(settings: Settings, recipe: str, size: int | None, role: str, digest: str) -> Path:
    """WORK/splits/<recipe>-<size>-<role>-<8 digits of the hash of sources and plan>."""
    parts = (recipe, *([str(size)] if size else []), role, digest[:8])
    return Path(settings.work) / "splits" / "-".join(parts)


def _load_or_make(path: Path, asked: Collection[str], make: Callable[[], SplitSummary]) -> PreparedSplit:
    try:
        split, made = load_split(path), False
    except InputError:  # not there, or not whole: what is there and intact is kept
        errors, made = make().errors, True
        if len(errors) == len(asked):
            none = f"{path.name}: none of {len(asked)} faces could be used"
            raise InputError(f"{none}; first: {errors[0][1]}") from None
        if errors:
            write_json(path / _LEFT_OUT, dict(errors))
        split = load_split(path)
    return PreparedSplit(split, path.name, split.names, len(asked), made, tuple(_left_out(split, asked)))


def _left_out(split: Split, asked: Collection[str]) -> Iterator[tuple[str, str]]:
    """(source, sentence) of what could not be used when the split was made, now or before."""
    file, there = split.path / _LEFT_OUT, set(split.names)
    remedy = "remove it"
    why = strict_json.read_object(file, dict[str, str], "why faces are left out", remedy) if file.is_file() else {}
    for name in asked:
        if name not in there:
            yield name, why.get(name, "could not be used when the split was made")


def face_sources(profile: Profile, faces: DataFolders, role: str) -> list[Source]:
    """The clean faces of a role: embedded portraits for `quick` without a folder, those of a folder for all else.

    Faces named by --list are the test faces and are kept out of training.
    Raises InputError when the profile needs a folder and none is given, or the role has no face.
    """
    count = {"train": profile.train, "val": profile.val, "test": profile.test}[role] or None
    if profile.name == "quick" and faces.ffhq is None:
        return portrait_sources(role, limit=count)
    folder = clean_folder(profile, faces)
    if faces.names is None:
        sources = role_sources(folder, role, limit=count)
    elif role == "test":
        sources = role_sources(folder, role, list_file=faces.names, limit=count)
    else:
        listed = {source.name for source in role_sources(folder, "test", list_file=faces.names)}
        sources = [source for source in role_sources(folder, role) if source.name not in listed][:count]
    if not sources:
        raise InputError(f"{folder}: holds no face of role '{role}'; name some in {role}.txt there")
    return sources


def named_faces(settings: Settings, domain: str) -> dict[str, str | None]:
    """The folder and the list of the test faces by name, for <run>.json; None for the embedded portraits or no list."""
    folder, listed = _faces_of(settings, domain)
    return {"folder": _called(Path(folder)) if folder else None, "list": str(listed.name) if listed else None}


def _called(folder: Path) -> str:
    """Its name, of "." too; of FFHQ/512, which alone would not say whose faces these are, both."""
    folder = Path(os.path.abspath(folder))
    known = any(name in folder.parent.name.lower() for name in ("ffhq", FACERENOV))
    return f"{folder.parent.name}/{folder.name}" if known else folder.name


def _faces_of(settings: Settings, domain: str) -> tuple[Path | str | None, Path | None]:
    faces = settings.faces
    if domain in load_sets():
        chosen = load_sets()[domain]
        found = (faces.ffhq if chosen.list else None) or _variable(chosen.variable)
        return found, Path(chosen.list or chosen.degraded)
    if domain == "real" and settings.real_domain == FACERENOV:
        return faces.facerenov or _variable("FACES_REAL"), None
    folder = faces.ffhq or (None if settings.profile.name == "quick" else _variable("FACES_HQ"))
    there = Path(folder, "test.txt") if folder else None
    return folder, faces.names or (there if there and there.is_file() else None)


def _variable(name: str) -> Path | None:
    """The folder that a variable of the environment names."""
    named = os.environ.get(name)
    return user_path(named) if named else None


def clean_folder(profile: Profile, faces: DataFolders) -> Path:
    """The folder of clean faces; InputError where none is named."""
    # Only --ffhq for `paper`: whatever FACES_HQ names, it would be taken for FFHQ in silence.
    found = faces.ffhq or (_variable("FACES_HQ") if profile.name != "paper" else None)
    if not found:
        also = "" if profile.name == "paper" else " or set FACES_HQ"
        raise InputError(f"profile {profile.name}: needs a folder of clean faces; give --ffhq DIR{also}")
    return user_path(found)


def _pair(split: Split, name: str) -> ImagePair:
    files = split.files(name)
    return ImagePair(name, files[-1], files[0] if split.has_reference else None)


def _facerenov(settings: Settings, role: str) -> PreparedSplit:
    """The user's split of real degraded faces, brought to the profile's side where it is of another.

    Its label holds eight digits of its content's hash.
    """
    profile = settings.profile
    root = settings.faces.facerenov or _variable("FACES_REAL")
    if not root:
        raise InputError(f"profile {profile.name}: the real domain needs --facerenov DIR with splits train and test")
    split = load_split(user_path(root) / role)
    size = split.info["size"]
    names = tuple(split.names)
    kept = names[: profile.test] if role == "test" and profile.test else names
    if size != profile.size:
        pairs = [_pair(split, name) for name in kept]
        return imported_split(settings, pairs, ImportPlan(FACERENOV, role=role, size=profile.size, scale=1))
    shortened = f"-first{len(kept)}" if len(kept) < len(names) else ""
    label = f"facerenov-{size}-{role}-{split.digest[:8]}{shortened}"
    return PreparedSplit(split, label, kept, len(kept), others=names)
