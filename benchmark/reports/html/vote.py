"""A page on which people vote on pairs of methods that they cannot tell, and the key to what they vote on."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations, zip_longest
from pathlib import Path

from benchmark.records.votes import COLUMNS, FIRST, SECOND, TIE, Pair, write_key
from benchmark.reports.html.content import Content
from benchmark.reports.html.pictures import Column, columns
from degrade.core.errors import InputError
from degrade.core.random import rng_for
from degrade.importing.voting_page import Ballot, VotingPage, Written, check_hidden, write_page

REPEATED = 0.1  # of the pairs, asked a second time to see how sure a voter is
_QUESTION = "Choose the picture that you would rather have of the person in the degraded one."

Images = Mapping[tuple[str, str], Sequence[str]]  # (test set, name) -> the methods that there are pictures of


def write_vote(content: Content, out: Path, key: Path, pairs: int, seed: int) -> Written:
    """Write OUT/index.html and OUT/images/, and put what each of its ballots is of into the key.

    At most so many different pairs, spread evenly over the pairs of methods, and REPEATED of them twice. Test sets
    whose pictures may not be shown are left out. Raises InputError where no image has pictures of two methods.
    """
    check_hidden(key, out)
    pictures = {found.title: columns(found) for found in content.sets}
    asked = draw_pairs(_images(pictures), pairs, seed)
    if not asked:
        why = "; ".join(dict.fromkeys(found.hidden for found in content.sets if found.hidden))
        raise InputError(f"{content.title}: no image has pictures of two methods to vote on; {why or 'add a method'}")
    ballots = [_ballot(pair, pictures[pair.test_set]) for pair in asked]
    page = VotingPage("Which is better?", _QUESTION, "voter", COLUMNS, ("No difference", TIE), ballots, shuffled=True)
    written = write_page(page, out, seed)
    write_key(key, written.id, asked)
    return written


def draw_pairs(images: Images, count: int, seed: int) -> list[Pair]:
    """Pairs of methods on one image and their repeats, numbered in an order that tells nothing of them.

    Every two methods meet equally often, or once more or less, as far as their common images go; which two meet once
    more is drawn, and which of them is first.
    """
    rng = rng_for(seed, "vote")
    methods = sorted({method for own in images.values() for method in own})
    turns = []
    for two in combinations(methods, 2):
        common = [place for place, own in images.items() if set(two) <= set(own)]
        turns.append([(common[number], two) for number in rng.permutation(len(common))])
    turns = [turns[place] for place in rng.permutation(len(turns))]  # whose turn is last gets the fewest
    once = [asked for turn in zip_longest(*turns) for asked in turn if asked][:count]
    drawn = []
    for (test_set, name), two in once:
        first, second = rng.permutation(two).tolist()
        drawn.append(Pair("", test_set, name, first, second))
    twice = max(1, round(REPEATED * len(drawn))) if drawn else 0
    again = rng.permutation(len(drawn))[:twice].tolist()
    numbers = [str(number + 1) for number in rng.permutation(len(drawn) + len(again))]
    numbered = [replace(pair, ballot=number) for pair, number in zip(drawn, numbers, strict=False)]
    repeats = zip(numbers[len(drawn) :], (numbered[place] for place in again), strict=True)
    numbered += [replace(pair, ballot=number, repeats=pair.ballot) for number, pair in repeats]
    return sorted(numbered, key=lambda pair: int(pair.ballot))


def without_pictures(content: Content) -> list[str]:
    """Sentences about the methods that no ballot can show, as none of their images is there."""
    return [
        f"{found.title}: {found.name(key)} has no pictures"
        for found in content.sets
        if not found.hidden
        for key in found.runs.keys() - {kind.removeprefix("method:") for kind in columns(found)}
    ]


def _images(pictures: Mapping[str, Mapping[str, Column]]) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for test_set, own in pictures.items():
        for kind, column in own.items():
            for name in column.files if kind.startswith("method:") else ():
                if "degraded" in own and name in own["degraded"].files:
                    found.setdefault((test_set, name), []).append(kind.removeprefix("method:"))
    return found


def _ballot(pair: Pair, pictures: Mapping[str, Column]) -> Ballot:
    choices = {FIRST: pair.first, SECOND: pair.second}
    files = {choice: pictures[f"method:{method}"].files[pair.image] for choice, method in choices.items()}
    return Ballot({"ballot": pair.ballot}, pictures["degraded"].files[pair.image], files)
