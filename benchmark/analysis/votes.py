"""What votes on pairs of methods say: how strong each method is, how sure the voters are, which metric sees as they do.

Images are resampled and voters are taken as they are: an interval says how far other images would have moved a number,
for these voters.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from benchmark.analysis.statistics import Interval, mean, mean_interval, percentile_interval, resampled_sums
from benchmark.metrics.facts import facts_of
from benchmark.records.votes import CHOICES, FIRST, TIE, PairVote
from degrade.core.errors import InputError
from degrade.importing.votes import fleiss_kappa

PRIOR = 3.0  # standard deviation of a strength beforehand, so that a method which never lost has a finite one
_STEPS = 100  # of Newton's method, at most

Image = tuple[str, str]  # test set and name
Values = Mapping[tuple[str, str], Mapping[str, float]]  # (test set, method) -> image -> value of a metric


@dataclass(frozen=True)
class Strength:
    """A method by the votes. value: log odds against a method of strength 0, the mean of all; won: share of its votes,
    a tie half.
    """

    method: str
    value: float
    interval: Interval | None
    won: float
    votes: int


@dataclass(frozen=True)
class Voter:
    """One voter: votes and ties without repeats, and of the repeated ballots how many were answered alike."""

    name: str
    votes: int
    ties: int
    repeated: int
    alike: int


@dataclass(frozen=True)
class Trust:
    """How a metric sees what was voted on.

    share: of the votes for one of two methods, those whose better one by the metric it is, equal values half; votes:
    how many these are. tau: Kendall's tau between the strengths and the metric's means; None of two methods.
    """

    metric: str
    votes: int
    share: float
    interval: Interval | None
    tau: float | None
    tau_interval: Interval | None


class Tally:
    """Votes by image. wins: (images, methods, methods), how often the first beat the second, a tie half for each.

    Repeated ballots are left out. Raises InputError where none is left, and where the votes do not link all methods to
    one another.
    """

    def __init__(self, votes: Sequence[PairVote]) -> None:
        self.votes = [vote for vote in votes if not vote.pair.repeats]
        if not self.votes:
            raise InputError("votes: expected a vote on a ballot that repeats no other, got none; vote on more pairs")
        self.methods = sorted({name for vote in self.votes for name in (vote.pair.first, vote.pair.second)})
        self.images = sorted({_image(vote) for vote in self.votes})
        places = {name: place for place, name in enumerate(self.methods)}
        rows = {image: row for row, image in enumerate(self.images)}
        self.wins = np.zeros((len(self.images), len(self.methods), len(self.methods)))
        for vote in self.votes:
            own = rows[_image(vote)]
            first, second = places[vote.pair.first], places[vote.pair.second]
            won = _won(vote)
            self.wins[own, first, second] += won
            self.wins[own, second, first] += 1 - won
        self._check_linked()
        self.fitted = fit(self.wins.sum(axis=0))
        self.resampled = fit(resampled_sums(self.wins))  # (RESAMPLES, methods)

    def strengths(self) -> list[Strength]:
        """Of every method, the strongest first."""
        total = self.wins.sum(axis=0)
        found = []
        for place, method in enumerate(self.methods):
            won, lost = total[place].sum(), total[:, place].sum()
            interval = percentile_interval(self.resampled[:, place], len(self.images))
            share = float(won / (won + lost))
            found.append(Strength(method, float(self.fitted[place]), interval, share, round(won + lost)))
        return sorted(found, key=lambda one: -one.value)

    def trust(self, metrics: Mapping[str, Values]) -> list[Trust]:
        """Of each metric that has an end that is better and values for some vote, the most trusted first."""
        found = (self._trust(metric, values) for metric, values in metrics.items())
        return sorted((one for one in found if one), key=lambda one: -one.share)

    def unjudged(self, metrics: Mapping[str, Values]) -> dict[tuple[str, str], int]:
        """(test set, method) -> how many of the images voted on have no value of any metric that has a better end."""
        judging = [values for metric, values in metrics.items() if facts_of(metric).higher_is_better is not None]
        voted = {(_image(vote), name) for vote in self.votes for name in (vote.pair.first, vote.pair.second)}
        lacking = Counter(
            (image[0], name) for image, name in voted if all(_value(values, image, name) is None for values in judging)
        )
        return dict(sorted(lacking.items()))

    def _trust(self, metric: str, values: Values) -> Trust | None:
        rising = facts_of(metric).higher_is_better
        agreed: dict[Image, list[float]] = {image: [] for image in self.images}
        for vote in self.votes if rising is not None else []:
            first, second = (_value(values, _image(vote), name) for name in (vote.pair.first, vote.pair.second))
            if vote.choice != TIE and first is not None and second is not None:
                better = 0.5 if first == second else float((first > second) == rising)
                agreed[_image(vote)].append(better if vote.choice == FIRST else 1 - better)
        flat = [value for own in agreed.values() for value in own]
        if not flat:
            return None
        tau, tau_interval = self._tau(values, 1 if rising else -1)
        return Trust(metric, len(flat), mean(flat), mean_interval(list(agreed.values())), tau, tau_interval)

    def _tau(self, values: Values, sign: int) -> tuple[float | None, Interval | None]:
        """Over the images that all methods have values of, these resampled with the strengths."""
        rows = [[_value(values, image, method) for method in self.methods] for image in self.images]
        known = np.array([None not in row for row in rows])
        if len(self.methods) < 3 or not known.any():
            return None, None
        table = sign * np.array([row if None not in row else [0.0] * len(row) for row in rows], np.float64)
        tau = kendall(self.fitted, table[known].mean(axis=0))
        resampled = kendall(self.resampled, resampled_sums(table))  # sums rank as means do
        return float(tau), percentile_interval(resampled, len(self.images))

    def _check_linked(self) -> None:
        from scipy.sparse.csgraph import connected_components

        count, parts = connected_components(self.wins.sum(axis=0), directed=False)
        if count > 1:
            apart = [self.methods[int(np.argmax(parts == part))] for part in range(2)]
            raise InputError(
                f"votes: nothing links {apart[0]} to {apart[1]}, so they cannot be ranked; vote on more pairs"
            )


def fit(wins: np.ndarray) -> np.ndarray:
    """(..., M, M) wins of the row over the column -> (..., M) Bradley-Terry strengths in log odds, of mean 0.

    The most probable strengths under a normal prior of deviation PRIOR, by Newton's method with bounded steps.
    Source: Bradley and Terry, "Rank analysis of incomplete block designs", Biometrika 39, 1952.

    >>> fit(np.array([[0.0, 30.0], [10.0, 0.0]])).round(1).tolist()  # log 3 apart, less a little
    [0.5, -0.5]
    """
    both, methods = wins + np.swapaxes(wins, -1, -2), wins.shape[-1]
    strengths = np.zeros(wins.shape[:-1])
    for _ in range(_STEPS):
        chances = 1 / (1 + np.exp(strengths[..., None, :] - strengths[..., :, None]))
        slope = (wins - both * chances).sum(axis=-1) - strengths / PRIOR**2
        weights = both * chances * (1 - chances)
        bend = (weights.sum(axis=-1) + 1 / PRIOR**2)[..., None] * np.eye(methods) - weights
        step = np.linalg.solve(bend, slope[..., None])[..., 0]
        step /= np.maximum(1, np.abs(step).max(axis=-1, keepdims=True))
        strengths = strengths + step
        if np.abs(step).max() < 1e-9:
            break
    return strengths


def kendall(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Kendall's tau (1938) over the last axis: pairs in the same order less those in the other, by all pairs."""
    pairs = list(combinations(range(first.shape[-1]), 2))
    one, two = np.array(pairs).T
    return np.sign((first[..., one] - first[..., two]) * (second[..., one] - second[..., two])).mean(axis=-1)


def voters(votes: Sequence[PairVote]) -> list[Voter]:
    """Every voter by name."""
    given = {(vote.page, vote.voter, vote.pair.ballot): vote.choice for vote in votes}
    found = []
    for name in sorted({vote.voter for vote in votes}):
        own = [vote for vote in votes if vote.voter == name]
        again = [
            vote.choice == given[vote.page, name, vote.pair.repeats]
            for vote in own
            if (vote.page, name, vote.pair.repeats) in given
        ]
        once = [vote for vote in own if not vote.pair.repeats]
        ties = sum(vote.choice == TIE for vote in once)
        found.append(Voter(name, len(once), ties, len(again), sum(again)))
    return found


def agreement(votes: Sequence[PairVote]) -> tuple[float | None, int]:
    """Fleiss' kappa over the ballots without repeats, the categories being CHOICES; and how many have two votes."""
    counts: dict[tuple[str, str], Counter[str]] = {}
    for vote in votes:
        if not vote.pair.repeats:
            counts.setdefault((vote.page, vote.pair.ballot), Counter())[vote.choice] += 1
    table = np.array([[own[choice] for choice in CHOICES] for own in counts.values()]).reshape(-1, len(CHOICES))
    return fleiss_kappa(table), int((table.sum(axis=1) >= 2).sum())


def _image(vote: PairVote) -> Image:
    return vote.pair.test_set, vote.pair.image


def _won(vote: PairVote) -> float:
    return 0.5 if vote.choice == TIE else float(vote.choice == FIRST)


def _value(values: Values, image: Image, method: str) -> float | None:
    return values.get((image[0], method), {}).get(image[1])
