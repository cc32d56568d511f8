"""Which faces may be shown: those of test sets with `shown = false` in protocols/sets.toml may not, nor FaceRenov's."""

import os
from collections.abc import Iterable
from pathlib import Path

from benchmark.specs.test_sets import FACERENOV, FaceSet, load_sets
from degrade.core.storage.paths import real_path, user_path
from degrade.splits.split import Split

_SENTENCE = "the faces of {} may not be shown, as their rights are not known"
_OF_OWN = "FaceRenov (--facerenov)"  # or of another set that stands in its place


def why_domain_hidden(domain: str, real_is_own: bool) -> str:
    """Why the faces of a protocol's test domain may not be shown; empty where they may.

    real_is_own: whether the real domain is a set of --facerenov, and not a recipe on faces that may be shown.
    """
    if domain == "real":
        return _SENTENCE.format(_OF_OWN) if real_is_own else ""
    chosen = load_sets().get(domain)
    return _SENTENCE.format(chosen.title) if chosen and not chosen.shown else ""


def why_set_hidden(folders: Iterable[Path], split: Split | None) -> str:
    """Why the images of a test set of an evaluation may not be shown; empty where they may.

    They may not where a folder that they come from is that of such a set, or within it, and where they were imported
    under its name.
    """
    resolved = [real_path(folder) for folder in folders]
    imported = split.info.get("recipe") if split and split.info.get("imported") else ""
    if imported == FACERENOV:
        return _SENTENCE.format(_OF_OWN)
    sets = (chosen for chosen in load_sets().values() if not chosen.shown)
    found = (chosen.title for chosen in sets if imported == chosen.name or any(_holds(at, chosen) for at in resolved))
    return next(map(_SENTENCE.format, found), "")


def _holds(folder: Path, chosen: FaceSet) -> bool:
    root = os.environ.get(chosen.variable)
    held = real_path(user_path(root) / chosen.degraded) if root else None
    return held is not None and (folder in (held, held.parent) or held in folder.parents)
