"""Votes on pairs of methods: the file that a voter saves, and the key that says which methods a ballot was of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from degrade.core.errors import InputError, unknown
from degrade.core.storage.csv_text import read_rows, to_csv
from degrade.core.storage.files import write_bytes

KEY_FILE = "vote-key.csv"  # in the folder of an evaluation
COLUMNS = ("page", "ballot", "voter", "choice")
KEY_COLUMNS = ("page", "ballot", "test_set", "image", "first", "second", "repeats")
FIRST, SECOND, TIE = CHOICES = ("first", "second", "tie")


@dataclass(frozen=True)
class Pair:
    """What one ballot asks: two methods on one image. repeats: the ballot that asks the same; empty for none."""

    ballot: str
    test_set: str
    image: str
    first: str
    second: str
    repeats: str = ""


@dataclass(frozen=True)
class PairVote:
    """What one voter chose on one ballot of a page: FIRST, SECOND or TIE."""

    page: str
    voter: str
    pair: Pair
    choice: str


Key = Mapping[tuple[str, str], Pair]  # (id of a page, ballot) -> what it asks


def read_key(path: Path) -> dict[tuple[str, str], Pair]:
    """A key file. Raises InputError when it is none."""
    rows = read_rows(path, KEY_COLUMNS, kept=KEY_COLUMNS)
    return {(page, ballot): Pair(ballot, *asked) for _, (page, ballot, *asked) in rows}


def write_key(path: Path, page: str, pairs: Sequence[Pair]) -> None:
    """Put the pairs of a page into a key file, beside those of other pages, whose votes still need it."""
    known = read_key(path) if path.exists() else {}
    others = {place: pair for place, pair in known.items() if place[0] != page}
    rows = [*others.items(), *(((page, pair.ballot), pair) for pair in pairs)]
    lines = [(*place, own.test_set, own.image, own.first, own.second, own.repeats) for place, own in rows]
    write_bytes(path, to_csv([KEY_COLUMNS, *lines]).encode())


def read_votes(paths: Sequence[Path], key: Key) -> list[PairVote]:
    """The votes in CSV files that voters saved.

    Raises InputError for other columns, a page or ballot that the key does not know, another choice than CHOICES, two
    votes of one voter on one ballot, and no vote at all.
    """
    votes: dict[tuple[str, str, str], PairVote] = {}
    lines = ((f"{path}, line {number}", fields) for path in paths for number, fields in read_rows(path, COLUMNS))
    for where, (page, ballot, voter, choice) in lines:
        if (page, ballot) not in key:
            raise InputError(f"{where}: the key has no ballot {ballot} of page {page}; give the key of that page")
        if not voter:
            raise InputError(f"{where}: expected who voted, got nobody; write a name or a number")
        if choice not in CHOICES:
            raise InputError(f"{where}: {unknown('choice', choice, CHOICES)}")
        if (page, ballot, voter) in votes:
            raise InputError(f"{where}: {voter} votes on ballot {ballot} a second time; keep one of the lines")
        votes[page, ballot, voter] = PairVote(page, voter, key[page, ballot], choice)
    if not votes:
        raise InputError(f"{', '.join(map(str, paths))}: expected at least one vote, got none")
    return list(votes.values())
