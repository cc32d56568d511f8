"""A page on which people choose among pictures whose makers they cannot tell, in any browser, from any disk.

Each voter sees the pictures of a ballot in an order of their own, and saves their choices as CSV.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from degrade import __version__
from degrade.core.errors import InputError
from degrade.core.image import encode_compact_jpeg, read
from degrade.core.page import PageParts, page_beside, render
from degrade.core.progress import progress_bar
from degrade.core.random import rng_for
from degrade.core.storage.files import digest_of, sha256, write_bytes
from degrade.core.storage.paths import real_path

QUALITY = 95  # of the JPEG copies that are looked at
_GENERATOR = "degrade voting page"
_PARTS = PageParts("degrade.importing", "vote.html.j2", "vote.css", ("draw.js", "vote.js"))


@dataclass(frozen=True)
class Ballot:
    """One question. fields: of its lines in the CSV file, by column. choices: what a vote for it says -> its picture.

    name: printed above the pictures; empty where a voter need not know which image it is.
    """

    fields: Mapping[str, str]
    degraded: Path
    choices: Mapping[str, Path]
    name: str = ""


@dataclass(frozen=True)
class VotingPage:
    """What is asked. voter: the column of the voter's name. columns: of the CSV file, with `page`, where it is one of
    them, for the id of the page. neither: the button for none of the pictures, and the choice that it stands for.
    shuffled: whether each voter gets the ballots in an order of their own.
    """

    title: str
    question: str
    voter: str
    columns: Sequence[str]
    neither: tuple[str, str]
    ballots: Sequence[Ballot]
    shuffled: bool = False


@dataclass(frozen=True)
class Written:
    """The file of a page, its id, how many pictures lie beside it and how many bytes all of it takes."""

    page: Path
    id: str
    pictures: int
    size: int


def check_hidden(key: Path, out: Path) -> None:
    """InputError for a key that would lie in the folder that voters get."""
    if real_path(key).is_relative_to(real_path(out)):
        raise InputError(f"{key}: lies in {out}, where voters would see it; give another --key")


def write_page(asked: VotingPage, out: Path, seed: int) -> Written:
    """Write OUT/index.html and OUT/images/; pictures are numbered in an order drawn from the seed.

    The id changes with whatever is asked or shown: it keeps a voter's progress, and votes, from another page's. An
    earlier page in the folder and its pictures go. Raises InputError for a picture that cannot be read, before anything
    is replaced, and for a folder that holds a page or pictures of others.
    """
    shown = dict.fromkeys(path for ballot in asked.ballots for path in (ballot.degraded, *ballot.choices.values()))
    order = rng_for(seed, "voting_page").permutation(len(shown)).tolist()
    places = {path: f"images/{number + 1:05}.jpg" for path, number in zip(shown, order, strict=True)}
    digests, size = {}, 0
    with page_beside(Path(out), _GENERATOR) as beside:
        for path, place in progress_bar(places.items(), "pictures", unit="picture"):
            picture = encode_compact_jpeg(read(path), QUALITY)
            write_bytes(beside / place, picture)
            digests[place], size = sha256(picture), size + len(picture)
        data = _data(asked, places)
        data["id"] = "p" + digest_of([data, digests])[:11]  # a letter first, or spreadsheets take it for a number
        values = {"title": asked.title, "question": asked.question, "voter": asked.voter, "data": data}
        text = render(_PARTS, values | {"generator": f"{_GENERATOR} {__version__}", "quality": QUALITY})
        content = text.encode(errors="replace")
        write_bytes(beside / "index.html", content)
    return Written(Path(out, "index.html"), data["id"], len(places), size + len(content))


def _data(asked: VotingPage, places: Mapping[Path, str]) -> dict[str, Any]:
    """What the script of a page knows."""
    label, choice = asked.neither
    return {
        "columns": list(asked.columns),
        "voter": asked.voter,
        "neither": {"label": label, "choice": choice},
        "shuffled": asked.shuffled,
        "ballots": [
            {
                "fields": dict(ballot.fields),
                "name": ballot.name,
                "degraded": places[ballot.degraded],
                "choices": [{"choice": own, "picture": places[path]} for own, path in ballot.choices.items()],
            }
            for ballot in asked.ballots
        ],
    }
