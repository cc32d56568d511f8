"""Which clean face belongs to which role: a list, FFHQ's numbering, the hash of a name."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from degrade.core.choices import ROLES
from degrade.core.errors import InputError, unknown
from degrade.core.storage.listing import list_images, normalised_name
from degrade.portraits import paint
from degrade.splits.sources import Source, folder_sources, paths_by_name, read_list

# The authors' README: 10,000 images to train and 5,000 to test; the range of val is ours.
FFHQ_IDS = {"train": range(0, 10_000), "val": range(60_000, 61_000), "test": range(65_000, 70_000)}


def role_sources(
    folder: Path,
    role: str,
    *,
    list_file: Path | None = None,
    ids: range | None = None,
    limit: int | None = None,
) -> list[Source]:
    """The faces of `folder` that belong to `role`, in name order; none when it has none.

    Decided by the first of: `list_file`; the role "all" (every image); train.txt, val.txt,
    test.txt in the folder; five-digit names, which are FFHQ's numbers (FFHQ_IDS); a hash of
    the name (80 / 10 / 10), which a new image in the folder does not change for the others.
    `ids` keeps FFHQ numbers in a range, `limit` the first so many.
    """
    folder = Path(folder)
    if role not in (*ROLES, "all"):
        raise unknown("role", role, (*ROLES, "all"))
    if list_file is not None:
        sources = folder_sources(folder, read_list(list_file))
    elif role == "all":
        sources = folder_sources(folder)
    else:
        sources = _of_role(folder, role)
    if ids is not None:
        sources = _numbered(folder, sources, ids)
    return sources[:limit]


def without_role(folder: Path) -> list[str]:
    """The faces of `folder` that belong to no role, in name order."""
    roles = {source.name for role in ROLES for source in _of_role(folder, role)}
    return [source.name for source in folder_sources(folder) if source.name not in roles]


def collected_roles(folder: Path) -> dict[str, str]:
    """The role of every image below `folder` by train.txt, val.txt, test.txt in it, else by the hash of its name.

    Names that look like FFHQ's numbers mean nothing here. Images that are in none of the lists have no role.
    """
    lists = _role_lists(folder)
    if not lists:
        return {source.name: _hashed_role(source.name) for source in folder_sources(folder)}
    return {source.name: role for role, names in lists.items() for source in folder_sources(folder, names)}


def _role_lists(folder: Path) -> dict[str, list[str]]:
    lists = {name: read_list(folder / f"{name}.txt") for name in ROLES if (folder / f"{name}.txt").is_file()}
    _check_disjoint(folder, lists)
    return lists


def _of_role(folder: Path, role: str) -> list[Source]:
    lists = _role_lists(folder)
    if lists:
        return folder_sources(folder, lists[role]) if role in lists else []
    sources = folder_sources(folder)
    if _is_ffhq(sources):
        return [source for source in sources if int(source.name) in FFHQ_IDS[role]]
    return [source for source in sources if _hashed_role(source.name) == role]


def _check_disjoint(folder: Path, lists: dict[str, list[str]]) -> None:
    """Raise InputError for a face in two lists, by whichever of its names; one that is not there is in no role."""
    known = paths_by_name(folder, list_images(folder)) if len(lists) > 1 else {}
    listed_in: dict[Path, str] = {}
    for role, names in lists.items():
        for path in (path for name in names for path in known.get(normalised_name(name), ())):
            first = listed_in.setdefault(path, role)
            if first != role:
                both = f"is in {first}.txt and in {role}.txt"
                raise InputError(f"{folder}: {path.relative_to(folder)} {both}; keep it in one")


def _is_ffhq(sources: Iterable[Source]) -> bool:
    return all(re.fullmatch(r"\d{5}", source.name, re.ASCII) for source in sources)


def _numbered(folder: Path, sources: Sequence[Source], ids: range) -> list[Source]:
    if not _is_ffhq(sources):
        raise InputError(f"{folder}: --ids selects FFHQ's five-digit names, which these are not; use --list")
    return [source for source in sources if int(source.name) in ids]


def _hashed_role(name: str) -> str:
    """80 / 10 / 10 by the SHA-256 of the name."""
    tenth = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") % 10
    return {8: "val", 9: "test"}.get(tenth, "train")


def portrait_sources(role: str, limit: int | None = None) -> list[Source]:
    """Embedded portraits of a role: 48 / 8 / 16 of them, or `limit`, which may be more; no two roles share one."""
    if role not in ROLES:
        raise unknown("role", role, ROLES)
    count = len(paint.PORTRAITS[role]) if limit is None else limit
    return [Source(paint.portrait_name(seed), portrait=seed) for seed in paint.portrait_seeds(role, count)]
