"""Votes on pairs of methods as a table and as rows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmark.analysis.statistics import Interval
from benchmark.analysis.votes import PRIOR, Strength, Tally, Trust, Values, Voter, agreement, voters
from benchmark.metrics.facts import facts_of
from benchmark.records.votes import PairVote
from benchmark.reports.evaluation.results import Results
from benchmark.reports.markup import Blocks, Grid, TableCell, forms

COLUMNS = ("of", "name", "number", "value", "low", "high", "votes")


@dataclass(frozen=True)
class Counted:
    """Everything that votes say."""

    strengths: Sequence[Strength]
    voters: Sequence[Voter]
    trust: Sequence[Trust]
    kappa: float | None
    twice: int  # ballots with two votes or more
    images: int
    ties: int
    unjudged: Mapping[tuple[str, str], int]  # see Tally; empty where only the votes are asked about


def count(votes: Sequence[PairVote], metrics: Mapping[str, Values] | None) -> Counted:
    """metrics: see metric_values; None where only the votes are asked about."""
    tally, own = Tally(votes), voters(votes)
    ties = sum(voter.ties for voter in own)
    trust, unjudged = (tally.trust(metrics), tally.unjudged(metrics)) if metrics is not None else ([], {})
    return Counted(tally.strengths(), own, trust, *agreement(votes), len(tally.images), ties, unjudged)


def metric_values(results: Results) -> dict[str, Values]:
    """Every metric of images of an evaluation, by test set and method and image."""
    found: dict[str, dict[tuple[str, str], dict[str, float]]] = {}
    for test_set in results.test_sets:
        for metric in test_set.metrics:
            for label, run in test_set.runs.items():
                found.setdefault(metric, {})[test_set.name, label] = run.by_image(metric)
    return {metric: dict(own) for metric, own in found.items() if any(own.values())}


def page(counted: Counted, where: str, names: Mapping[str, str]) -> dict[str, str]:
    """The votes as a table in every form. where: what was voted on, for the header.

    names: how a method is printed, where that is not as the voted key has it.
    """
    return forms("Votes", (where, *_sentences(counted, names)), _blocks(counted, names), _rows(counted), "votes")


def _sentences(counted: Counted, names: Mapping[str, str]) -> Iterator[str]:
    votes = sum(voter.votes for voter in counted.voters)
    yield f"{votes} votes by {len(counted.voters)} voters on pairs of methods on {counted.images} images"
    yield f"Ties: {counted.ties}, half a win for each; repeated ballots count for consistency alone"
    yield (
        "Strength: Bradley-Terry, in log odds against a method of strength 0, the mean of all; a normal prior of "
        f"deviation {PRIOR:g} keeps that of a method which never lost finite"
    )
    yield "Intervals: 95 %, bootstrap over images; the voters are taken as they are"
    kappa = "not defined" if counted.kappa is None else f"{counted.kappa:.2f}"
    yield f"Agreement between voters: Fleiss' kappa {kappa} over {counted.twice} ballots with two votes or more"
    if counted.trust:
        yield (
            "Metrics: agreed, the share of votes for one of two methods whose better one by the metric it is; 50 % is "
            "chance. Kendall's tau: of strengths with means of the metric. Metrics of whole sets judge no image"
        )
    if counted.unjudged:
        what = ", ".join(
            f"{names.get(method, method)} on {images} images of {test_set}"
            for (test_set, method), images in counted.unjudged.items()
        )
        yield f"Metrics judge no vote on {what}: the evaluation has no scores of them; evaluate them again"


def _blocks(counted: Counted, names: Mapping[str, str]) -> Blocks:
    blocks = {"Methods": _strengths(counted.strengths, names), "Voters": _voters(counted.voters)}
    return blocks | ({"Metrics": _trust(counted.trust)} if counted.trust else {})


def _strengths(strengths: Sequence[Strength], names: Mapping[str, str]) -> Grid:
    rows = [
        (
            names.get(one.method, one.method), f"{one.value:+.2f}", _ends(one.interval, "+.2f"), f"{one.won:.0%}",
            str(one.votes),
        )
        for one in strengths
    ]  # fmt: skip
    return _grid(("Method", "strength", "95 % interval", "won", "votes"), rows)


def _voters(found: Sequence[Voter]) -> Grid:
    rows = [
        (one.name, str(one.votes), str(one.ties), f"{one.alike} of {one.repeated}" if one.repeated else "-")
        for one in found
    ]
    return _grid(("Voter", "votes", "ties", "repeats answered alike"), rows)


def _trust(found: Sequence[Trust]) -> Grid:
    rows = []
    for one in found:
        tau = "-" if one.tau is None else f"{one.tau:+.2f}"
        share = (f"{one.share:.0%}", _ends(one.interval, ".0%"))
        rows.append((facts_of(one.metric).header, *share, str(one.votes), tau, _ends(one.tau_interval, "+.2f")))
    return _grid(("Metric", "agreed", "95 % interval", "votes", "Kendall's tau", "95 % interval"), rows)


def _grid(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Grid:
    return tuple(tuple(map(TableCell, row)) for row in (head, *rows))


def _ends(interval: Interval | None, form: str) -> str:
    return f"{interval.low:{form}} to {interval.high:{form}}" if interval else "-"


def _rows(counted: Counted) -> Iterator[tuple[object, ...]]:
    """The numbers as lines of a CSV file, COLUMNS first."""
    yield COLUMNS
    for one in counted.strengths:
        yield ("method", one.method, "strength", *_numbers(one.value, one.interval), one.votes)
        yield ("method", one.method, "won", *_numbers(one.won, None), one.votes)
    for voter in counted.voters:
        yield ("voter", voter.name, "ties", *_numbers(voter.ties, None), voter.votes)
        alike = voter.alike / voter.repeated if voter.repeated else None
        yield ("voter", voter.name, "consistency", *_numbers(alike, None), voter.repeated)
    yield ("voters", "", "fleiss_kappa", *_numbers(counted.kappa, None), counted.twice)
    for own in counted.trust:
        yield ("metric", own.metric, "agreed", *_numbers(own.share, own.interval), own.votes)
        yield ("metric", own.metric, "kendall_tau", *_numbers(own.tau, own.tau_interval), own.votes)


def _numbers(value: float | None, interval: Interval | None) -> tuple[str, str, str]:
    ends = (interval.low, interval.high) if interval else (None, None)
    own, low, high = ("" if number is None else f"{number:.6g}" for number in (value, *ends))
    return own, low, high
