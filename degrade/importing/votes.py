"""Reviewers' votes for the best restoration of each image: reading, deciding, and how far the reviewers agree."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from degrade.core.errors import InputError, unknown
from degrade.core.storage.csv_text import read_rows
from degrade.core.storage.listing import normalised_name

COLUMNS = ("name", "reviewer", "choice")
KEY_COLUMNS = ("name", "label", "candidate")
Key = Mapping[tuple[str, str], str]  # (name, label on its sheet) -> candidate


@dataclass(frozen=True)
class Vote:
    """What one reviewer chose for one image; an empty choice is a vote not given."""

    name: str
    reviewer: str
    choice: str


@dataclass(frozen=True)
class Decision:
    """The candidate chosen for one image and how it came to that.

    counts: votes of each candidate; decided_by: "votes" where one has the most; "overall" where those
    with the most here were separated by their votes over all images, "order" where these are equal too and
    the candidate named first is taken; "none" without any vote, and then choice is None.
    missing: reviewers who gave no vote for this image.
    """

    name: str
    choice: str | None
    decided_by: str
    counts: dict[str, int]
    missing: tuple[str, ...]


def read_votes(
    paths: Sequence[Path], names: Collection[str], candidates: Sequence[str], key: Key | None = None
) -> list[Vote]:
    """The lines of CSV files with the columns name, reviewer, choice.

    A choice is a candidate's name, or a label of the image's sheet when `key` decodes it; empty means no vote.
    Raises InputError for other columns, unknown names and choices, and two votes of one reviewer for one image.
    """
    votes: dict[tuple[str, str], Vote] = {}
    rows = ((path, *row) for path in paths for row in read_rows(path, COLUMNS, kept=COLUMNS[:1]))
    lines = ((f"{path}, line {number}", fields) for path, number, fields in rows)
    for where, (name, reviewer, choice) in lines:
        name = _known(normalised_name(name), names)
        if name not in names:
            raise InputError(f"{where}: expected the name of a degraded image, got '{name}'; correct the name")
        if not reviewer:
            raise InputError(f"{where}: expected who voted, got no reviewer; write a name or a number")
        if (name, reviewer) in votes:
            raise InputError(f"{where}: reviewer {reviewer} votes for {name} a second time; keep one of the lines")
        votes[name, reviewer] = Vote(name, reviewer, _candidate(where, name, choice, candidates, key))
    if not votes:
        raise InputError(f"{', '.join(map(str, paths))}: expected at least one vote, got none")
    return list(votes.values())


def _known(name: str, names: Collection[str]) -> str:
    """The one of `names` that is meant, with its suffix or without, with its spaces or without; a stem for none."""
    ways = (name, Path(name).stem, name.strip(), stem := Path(name.strip()).stem)
    return next((way for way in ways if way in names), stem)


def read_key(path: Path) -> dict[tuple[str, str], str]:
    """The key file of the sheets: (name, label) -> candidate; InputError when it is none."""
    rows = read_rows(path, KEY_COLUMNS, kept=KEY_COLUMNS)
    return {(name, label.upper()): candidate for _, (name, label, candidate) in rows}


def decide(votes: Sequence[Vote], names: Sequence[str], candidates: Sequence[str]) -> list[Decision]:
    """One decision for each of `names`, in their order; `candidates` in the order that settles the last ties."""
    overall = Counter(vote.choice for vote in votes if vote.choice)
    reviewers = sorted({vote.reviewer for vote in votes})
    given: dict[str, dict[str, str]] = {name: {} for name in names}
    for vote in votes:
        if vote.choice:
            given[vote.name][vote.reviewer] = vote.choice
    return [
        Decision(
            name,
            *_chosen(Counter(given[name].values()), overall, candidates),
            {candidate: list(given[name].values()).count(candidate) for candidate in candidates},
            tuple(reviewer for reviewer in reviewers if reviewer not in given[name]),
        )
        for name in names
    ]


def _chosen(counts: Mapping[str, int], overall: Mapping[str, int], candidates: Sequence[str]) -> tuple[str | None, str]:
    if not counts:
        return None, "none"
    best = [candidate for candidate in candidates if counts.get(candidate) == max(counts.values())]
    if len(best) == 1:
        return best[0], "votes"
    most = [candidate for candidate in best if overall[candidate] == max(overall[other] for other in best)]
    return most[0], "overall" if len(most) == 1 else "order"


def fleiss_kappa(counts: np.ndarray) -> float | None:
    """Agreement beyond chance of (images, candidates) vote counts: 1 is full, 0 what chance gives.

    Fleiss, Psychological Bulletin 76 (1971), eqs. 1-7. An image may have fewer votes than another: each
    weighs equally in the observed agreement and by its votes in the chances; those with fewer than two
    votes are left out. None where it is not defined: no such image, or one candidate got every vote.
    """
    counts = np.asarray(counts, np.float64)
    counts = counts[counts.sum(axis=1) >= 2]
    if not len(counts):
        return None
    raters = counts.sum(axis=1)
    observed = ((counts * (counts - 1)).sum(axis=1) / (raters * (raters - 1))).mean()
    expected = ((counts.sum(axis=0) / raters.sum()) ** 2).sum()
    return None if expected >= 1 else float((observed - expected) / (1 - expected))


def _candidate(where: str, name: str, choice: str, candidates: Sequence[str], key: Key | None) -> str:
    if not choice:
        return ""
    if key is not None:
        if (name, choice.upper()) not in key:
            raise InputError(f"{where}: expected a label on the sheet of {name}, got '{choice}'; correct the vote")
        choice = key[name, choice.upper()]
    if choice not in candidates:
        raise InputError(f"{where}: {unknown('candidate', choice, candidates)}")
    return choice
