"""FaceRenov as the paper built it (Sec. 4.1): real degraded faces, several restorations of each, reviewers choose.

The chosen restoration is the pseudo reference of its image.
"""

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from degrade.core.choices import ROLES
from degrade.core.contact_sheet import contact_sheet
from degrade.core.errors import InputError
from degrade.core.image import read, write
from degrade.core.random import rng_for
from degrade.core.storage.csv_text import to_csv
from degrade.core.storage.files import UNFINISHED, sha256, write_bytes, write_json
from degrade.core.storage.paths import read_bytes, real_path
from degrade.importing.import_pairs import ImagePair, ImportPlan, import_pairs
from degrade.importing.votes import COLUMNS, KEY_COLUMNS, Decision, decide, fleiss_kappa, read_key, read_votes
from degrade.importing.voting_page import Ballot, VotingPage, Written, check_hidden, write_page
from degrade.splits.make_split import SplitSummary
from degrade.splits.pairing import check_same_names
from degrade.splits.roles import collected_roles
from degrade.splits.sources import images_by_name

_QUESTION = (
    "Which restoration is best?",
    "Choose the restoration that looks most like a good photograph of the same person as the degraded one.",
)
LABELS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Collection:
    """Paths by image name: of the degraded faces, and of each candidate in the order they were given."""

    folder: Path
    lq: dict[str, Path]
    candidates: dict[str, dict[str, Path]]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self.lq))

    @property
    def files(self) -> list[Path]:
        return [*self.lq.values(), *(path for own in self.candidates.values() for path in own.values())]


@dataclass(frozen=True)
class Crop:
    """How every image is brought to `size` px: see degrade.importing.import_pairs.ImportPlan."""

    size: int = 512
    crop: str = "none"
    background: str | None = None
    align: bool = False


@dataclass(frozen=True)
class ImportSummary:
    """What import_votes wrote: a split for each role that has images, and the report that lies beside them."""

    splits: dict[str, SplitSummary]
    report: dict


def open_collection(lq: Path, candidates: Sequence[Path]) -> Collection:
    """The images of a folder of degraded faces and of one folder for each program that restored them.

    A candidate is named after its folder. Raises InputError for fewer than two candidates, two of one
    name, and any image that is in one folder and not in another.
    """
    if not 2 <= len(candidates) <= len(LABELS):
        raise InputError(f"--candidates: expected 2 to {len(LABELS)} folders of restorations, got {len(candidates)}")
    faces = images_by_name(lq)
    restored: dict[str, dict[str, Path]] = {}
    for folder in candidates:
        name = real_path(folder).name
        if name in restored:
            raise InputError(f"--candidates: two folders are called '{name}'; rename one, as votes go by that name")
        restored[name] = images_by_name(folder)
        check_same_names(str(folder), restored[name], faces, str(lq))
    return Collection(Path(lq), faces, restored)


def import_votes(
    collection: Collection, votes: Sequence[Path], out: Path, crop: Crop, key: Path | None = None
) -> ImportSummary:
    """Write OUT/train, OUT/val and OUT/test with the candidates that the votes chose, and OUT/facerenov.json.

    Roles: see degrade.splits.roles.collected_roles. An image without any vote is left out, ties are decided as
    degrade.importing.votes.Decision says; both are in the report, which names them. Raises InputError for bad votes.
    """
    labels = read_key(key) if key is not None else None
    candidates = list(collection.candidates)
    decisions = decide(read_votes(votes, collection.lq, candidates, labels), collection.names, candidates)
    roles = collected_roles(collection.folder)
    splits = {}
    for role in ROLES:
        chosen = [(each, each.choice) for each in decisions if each.choice and roles.get(each.name) == role]
        pairs = [_pair(collection, each, choice) for each, choice in chosen]
        if pairs:
            plan = ImportPlan("facerenov", "real", role, crop.size, 1, crop.crop, crop.background, crop.align)
            splits[role] = import_pairs(Path(out) / role, pairs, plan)
    if not splits:
        where = ", ".join(map(str, votes))
        raise InputError(f"{where}: expected a vote for an image of train, val or test, got none; nothing was written")
    report = _report(decisions, candidates, votes, splits)
    report["without_role"] = sorted(set(collection.names) - set(roles))
    write_json(Path(out) / "facerenov.json", report)
    return ImportSummary(splits, report)


def write_sheets(collection: Collection, out: Path, key: Path, seed: int = 0) -> int:
    """Write OUT/NAME.png for the reviewers and the key file that decodes their labels; returns how many sheets.

    A sheet shows the degraded image and the candidates as A, B, ... in an order drawn for each image from
    (seed, name). The key has the columns name, label, candidate and must not lie where reviewers see it. Earlier sheets
    and their key stay until all sheets are made. Raises InputError for an image that cannot be read.
    """
    check_hidden(key, out)
    labels = {name: _labelled(collection, name, seed) for name in collection.names}
    beside = Path(out) / f"{UNFINISHED}sheets"
    shutil.rmtree(beside, ignore_errors=True)  # of one that was killed
    try:
        for name, own in labels.items():
            cells = [(read(collection.candidates[candidate][name]), label) for label, candidate in own.items()]
            write(beside / f"{name}.png", contact_sheet([[(read(collection.lq[name]), "degraded"), *cells]]))
        Path(key).unlink(missing_ok=True)  # first, as by another's key votes go to the wrong candidates
        for name in labels:
            os.replace(beside / f"{name}.png", Path(out) / f"{name}.png")
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    _write_key(key, labels)
    return len(labels)


def write_voting_page(collection: Collection, out: Path, key: Path, seed: int = 0) -> Written:
    """Write OUT/index.html, on which reviewers vote in a browser, and the key that decodes its labels.

    Labels and key are those of write_sheets with the same seed; each reviewer sees the candidates in an order of
    their own. What a reviewer saves is read by read_votes with the key.
    """
    check_hidden(key, out)
    labels = {name: _labelled(collection, name, seed) for name in collection.names}
    ballots = [
        Ballot(
            {"name": name},
            collection.lq[name],
            {label: collection.candidates[candidate][name] for label, candidate in own.items()},
            name,
        )
        for name, own in labels.items()
    ]
    written = write_page(VotingPage(*_QUESTION, "reviewer", COLUMNS, ("None is good", ""), ballots), out, seed)
    _write_key(key, labels)
    return written


def _labelled(collection: Collection, name: str, seed: int) -> dict[str, str]:
    """Label -> candidate, in an order drawn for the image."""
    order = rng_for(seed, "facerenov_sheet", name).permutation(list(collection.candidates)).tolist()
    return dict(zip(LABELS, order, strict=False))


def _write_key(key: Path, labels: Mapping[str, Mapping[str, str]]) -> None:
    rows = [(name, *labelled) for name, own in labels.items() for labelled in own.items()]
    write_bytes(Path(key), to_csv([KEY_COLUMNS, *rows]).encode())


def _pair(collection: Collection, decision: Decision, choice: str) -> ImagePair:
    facts = {
        "choice": choice,
        "decided_by": decision.decided_by,
        "votes": json.dumps(decision.counts, ensure_ascii=False),  # as text: Arrow needs one type for each field
        "missing_votes": json.dumps(decision.missing, ensure_ascii=False),
    }
    return ImagePair(decision.name, collection.lq[decision.name], collection.candidates[choice][decision.name], facts)


def _report(
    decisions: Sequence[Decision], candidates: Sequence[str], votes: Sequence[Path], splits: dict[str, SplitSummary]
) -> dict:
    counts = np.array([list(each.counts.values()) for each in decisions])
    kappa = fleiss_kappa(counts)
    return {
        "schema": 1,
        "votes_sha256": sha256(b"".join(map(read_bytes, votes))),
        "images": len(decisions),
        "candidates": list(candidates),
        "votes": int(counts.sum()),
        "fleiss_kappa": None if kappa is None else round(kappa, 6),
        "kappa_images": int((counts.sum(axis=1) >= 2).sum()),
        "chosen": {name: sum(each.choice == name for each in decisions) for name in candidates},
        "ties": {each.name: each.decided_by for each in decisions if each.decided_by in ("overall", "order")},
        "missing_votes": {each.name: list(each.missing) for each in decisions if each.missing},
        "without_votes": [each.name for each in decisions if each.choice is None],
        "splits": {role: {"count": summary.made, "errors": dict(summary.errors)} for role, summary in splits.items()},
    }
