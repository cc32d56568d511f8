"""Votes: simulated voters of a known taste, and small tables worked out by hand."""

import math
from itertools import combinations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import kendalltau

from benchmark.analysis.votes import PRIOR, Tally, agreement, fit, kendall, voters
from benchmark.records.votes import FIRST, SECOND, TIE, Pair, PairVote
from degrade.core.errors import InputError

TRUE = {"a": 1.5, "b": 0.5, "c": 0.0, "d": -0.6, "e": -1.4}  # log odds, of mean 0
METRIC = "psnr.rgb"


def simulate(images, names, seed, asked=0.35):
    """Votes of people who choose by Bradley and Terry's model with TRUE; a share of all pairs of every image."""
    rng, votes = np.random.default_rng(seed), []
    for image in range(images):
        for first, second in combinations(TRUE, 2):
            pair = Pair(str(len(votes)), "set", f"face{image}", first, second)
            chance = 1 / (1 + math.exp(TRUE[second] - TRUE[first]))
            if rng.random() < asked:
                votes += [PairVote("p", name, pair, FIRST if rng.random() < chance else SECOND) for name in names]
    return votes


def vote(choice, image="x", two=("a", "b"), voter="ann", ballot="1", repeats=""):
    return PairVote("p", voter, Pair(ballot, "set", image, *two, repeats), choice)


def test_simulated_voters_give_their_order_back():
    strengths = Tally(simulate(60, ("ann", "bob"), 0, asked=1)).strengths()
    assert [one.method for one in strengths] == list(TRUE)
    for one in strengths:
        assert one.value == pytest.approx(TRUE[one.method], abs=0.4)
        assert one.interval.low < one.value < one.interval.high


@pytest.mark.slow
def test_the_intervals_cover_the_true_strengths():
    """200 intervals of 95 %, five of each simulation: fewer than 180 within are as good as excluded."""
    tallies = [Tally(simulate(30, ("ann", "bob"), seed)) for seed in range(40)]
    found = [one for tally in tallies for one in tally.strengths()]
    covered = sum(one.interval.low <= TRUE[one.method] <= one.interval.high for one in found)
    assert len(found) == 200 and 180 <= covered < 200


def test_strengths_are_those_of_a_general_minimiser():
    wins = np.random.default_rng(0).integers(0, 9, (4, 5, 5)).astype(float)
    wins[:, range(5), range(5)] = 0
    wins[3, :, 0] = 0  # never lost

    def unlikely(strengths, own):
        apart = strengths[:, None] - strengths
        return (own * np.log1p(np.exp(-apart))).sum() + (strengths**2).sum() / (2 * PRIOR**2)

    for own, found in zip(wins, fit(wins), strict=True):
        best = minimize(unlikely, np.zeros(5), (own,), tol=1e-12).x
        assert found == pytest.approx(best, abs=1e-4) and found.sum() == pytest.approx(0, abs=1e-9)


def test_a_method_that_never_lost_has_a_finite_strength():
    (first, second) = Tally([vote(FIRST, image=f"x{number}") for number in range(50)]).strengths()
    assert first.method == "a" and 2 < first.value < 5 and first.won == 1
    assert second.value == pytest.approx(-first.value) and first.interval is None


def test_a_tie_is_half_a_win_for_each_and_repeats_count_for_nothing():
    votes = [vote(TIE, "x"), vote(TIE, "y"), vote(FIRST, "x", ballot="9", repeats="1")]
    assert [(one.value, one.won, one.votes) for one in Tally(votes).strengths()] == [(0, 0.5, 2)] * 2


def test_methods_that_no_vote_links_are_not_ranked():
    with pytest.raises(InputError, match="nothing links a to c"):
        Tally([vote(FIRST), vote(FIRST, two=("c", "d"))])


def test_without_a_ballot_that_repeats_no_other_there_is_nothing_to_rank():
    with pytest.raises(InputError, match="expected a vote on a ballot that repeats no other, got none"):
        Tally([vote(FIRST, ballot="9", repeats="1")])


def test_kendall_is_that_of_scipy():
    rng = np.random.default_rng(1)
    one, two = rng.normal(size=(20, 6)), rng.normal(size=(20, 6))
    assert kendall(one, two) == pytest.approx([kendalltau(*both).statistic for both in zip(one, two, strict=True)])


def test_consistency_is_of_the_repeats_that_were_answered():
    votes = [
        *(vote(FIRST, ballot="1"), vote(FIRST, ballot="2", repeats="1")),
        *(vote(TIE, ballot="3"), vote(SECOND, ballot="4", repeats="3")),
        vote(FIRST, ballot="6", repeats="5"),  # the first time was left out
        *(vote(SECOND, voter="bob", ballot="1"), vote(FIRST, voter="bob", ballot="4", repeats="3")),
    ]
    ann, bob = voters(votes)
    assert (ann.name, ann.votes, ann.ties, ann.repeated, ann.alike) == ("ann", 2, 1, 2, 1)
    assert (bob.name, bob.votes, bob.ties, bob.repeated, bob.alike) == ("bob", 1, 0, 0, 0)


def test_agreement_is_over_ballots_with_two_votes():
    """By hand: both ballots unanimous, one each way: kappa 1; ballot 3 has a single vote, 9 repeats 1."""
    votes = [vote(FIRST, ballot="1", voter=name) for name in ("ann", "bob")]
    votes += [vote(SECOND, ballot="2", voter=name) for name in ("ann", "bob")]
    votes += [vote(TIE, ballot="3"), vote(TIE, ballot="9", repeats="1"), vote(TIE, ballot="9", voter="b", repeats="1")]
    assert agreement(votes) == (1, 2)
    assert agreement([vote(FIRST)]) == (None, 0)


def test_a_metric_is_trusted_as_far_as_it_prefers_what_voters_prefer():
    """By hand: right on x, wrong on y, equal values on z, no value on w, a tie on v: (1 + 0 + 0.5) / 3."""
    votes = [vote(FIRST, image) for image in "xyzw"] + [vote(TIE, "v")]
    values = {("set", "a"): {"x": 2.0, "y": 1.0, "z": 1.0, "v": 2.0}, ("set", "b"): dict.fromkeys("xywv", 1.5)}
    values["set", "b"] |= {"z": 1.0}
    rising, falling = (Tally(votes).trust({metric: values})[0] for metric in (METRIC, "gmsd"))
    assert (rising.votes, rising.share, rising.tau) == (3, 0.5, None)
    assert falling.share == 0.5
    only = {method: {"x": own["x"]} for method, own in values.items()}
    rising, falling = (Tally(votes).trust({metric: only})[0] for metric in (METRIC, "gmsd"))
    assert (rising.share, falling.share) == (1, 0)


def test_what_no_metric_has_a_value_of_is_counted_by_method():
    tally = Tally([vote(FIRST, image) for image in "xy"] + [vote(TIE, "z", two=("b", "c"))])
    one, other = {("set", "a"): {"x": 1.0}}, {("set", "a"): {"y": 1.0}, ("set", "b"): dict.fromkeys("xz", 1.0)}
    assert tally.unjudged({METRIC: one, "gmsd": other}) == {("set", "b"): 1, ("set", "c"): 1}
    assert tally.unjudged({}) == {("set", "a"): 2, ("set", "b"): 3, ("set", "c"): 1}


def test_the_metric_that_voters_go_by_is_found():
    """One metric is the taste itself, one its opposite, one chance."""
    votes, rng = simulate(40, ("ann", "bob"), 3), np.random.default_rng(0)
    images = {vote.pair.image for vote in votes}
    taste = {("set", method): dict.fromkeys(images, value) for method, value in TRUE.items()}
    noise = {("set", method): dict(zip(images, rng.normal(size=len(images)), strict=True)) for method in TRUE}
    found = {
        one.metric: one for one in Tally(votes).trust({"psnr.rgb": taste, "gmsd": taste, "ssim.gauss11.rgb": noise})
    }
    assert list(found) == ["psnr.rgb", "ssim.gauss11.rgb", "gmsd"]
    assert found["psnr.rgb"].tau == 1 and found["gmsd"].tau == -1
    assert found["psnr.rgb"].interval.low > 0.6 and found["gmsd"].interval.high < 0.4
    assert found["ssim.gauss11.rgb"].interval.low < 0.5 < found["ssim.gauss11.rgb"].interval.high
    assert found["psnr.rgb"].share + found["gmsd"].share == pytest.approx(1)


def test_a_metric_without_a_better_end_and_one_without_values_judge_nothing():
    votes = [vote(FIRST, image) for image in "xy"]
    assert Tally(votes).trust({METRIC: {}}) == []
