"""Intervals and tests against closed forms, scipy's bootstrap, and the rate at which they hold on simulated sets."""

import math

import numpy as np
import pytest
from scipy import stats

from benchmark.analysis.statistics import (
    RESAMPLES,
    difference_interval,
    holm,
    jackknife_interval,
    mean_interval,
    percentile_interval,
    resampled_sums,
    seeds_interval,
    signed_rank,
    without_each_group,
)
from benchmark.records.scores import GROUPS

SIMULATED = 400


def singly(values):
    return [[float(value)] for value in values]


def samples():
    """Sets of values of every kind a metric gives: normal, skewed, few-valued, tiny, huge, of mixed sign."""
    rng = np.random.default_rng(3)
    for images in (2, 3, 16, 100, 257):
        yield rng.normal(28, 2, images)
        yield rng.lognormal(0, 2, images)
        yield np.append((rng.random(images - 1) < 0.5).astype(float), 0.5)
        yield rng.normal(0, 1, images) * 1e-200
        yield rng.normal(1, 1e-12, images) * 1e9
    yield np.append(np.zeros(199), 1.0)
    yield np.array([0.1, 0.1, np.nextafter(0.1, 1)])


def test_every_interval_contains_its_own_value():
    shown = 0
    for values in samples():
        interval = mean_interval(singly(values))
        if interval is None:
            assert min(values) == max(values)
            continue
        shown += 1
        assert interval.low <= math.fsum(values) / len(values) <= interval.high
        rounding = 1e-12 * (max(values) - min(values))
        assert min(values) - rounding <= interval.low <= interval.high <= max(values) + rounding
    assert shown > 20


@pytest.mark.parametrize("images", [8, 60])
def test_the_bootstrap_agrees_with_scipys_at_the_level_of_that_many_images(images):
    """Two normal tails that hold together what Student's interval leaves out of sqrt(n / (n - 1)) of its deviation."""
    values = np.random.default_rng(1).gamma(2, 3, images)
    level = 1 - 2 * stats.norm.cdf(-math.sqrt(images / (images - 1)) * stats.t.ppf(0.975, images - 1))
    asked = {"n_resamples": 4 * RESAMPLES, "method": "BCa", "confidence_level": level, "rng": 2}
    theirs = stats.bootstrap((values,), np.mean, **asked).confidence_interval
    ours = mean_interval(singly(values))
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), rel=0.01)


def test_an_interval_of_two_images_is_between_them_and_of_one_or_of_equal_ones_there_is_none():
    two = mean_interval(singly([24.0, 26.0]))
    assert (two.low, two.high, two.half) == (24.0, 26.0, 1.0)
    assert mean_interval(singly([24.0])) is None
    assert mean_interval(singly([24.0, 24.0, 24.0])) is None
    assert mean_interval([[24.0], [], []]) is None


def test_images_are_resampled_and_not_their_training_seeds():
    """Two equal seeds are no more images than one: a resample of lines would give a narrower interval."""
    values = np.random.default_rng(2).normal(0, 1, 40)
    once, twice = mean_interval(singly(values)), mean_interval([[value, value] for value in map(float, values)])
    assert (twice.low, twice.high) == pytest.approx((once.low, once.high), rel=1e-12)


def test_a_seed_that_an_image_lacks_weighs_nothing():
    """The mean is over all values there are, so in a resample as well: of (1), (4, 4) drawn (0, 2) times it is 4."""
    interval = mean_interval([[1.0], [4.0, 4.0]])
    assert (interval.low, interval.high) == (1.0, 4.0)


def test_intervals_are_the_same_digits_whatever_the_order_of_summing():
    """Values whose floating-point sum depends on its order: pinned, so that another machine has to give these."""
    values = [math.ldexp(1 + (7 * k % 13) / 13, k % 40 - 20) for k in range(50)]
    interval = mean_interval(singly(values))
    assert (interval.low, interval.high) == PINNED


PINNED = (8472.020622207936, 75057.20350790757)


def covered(truth, sets):
    """The share of sets whose interval holds the truth."""
    intervals = [mean_interval(singly(values)) for values in sets]
    return sum(interval.low <= truth <= interval.high for interval in intervals) / len(intervals)


def test_bootstrap_intervals_cover_the_mean_at_about_the_stated_rate():
    rng = np.random.default_rng(7)
    assert 0.92 < covered(4, [rng.gamma(4, 1, 100) for _ in range(SIMULATED)]) < 0.98


def test_bootstrap_intervals_of_few_or_skewed_values_cover_more_than_percentiles_do():
    """Eight values of an exponential: of 2000 sets the percentiles cover 85 %, ours 92 %."""
    sets = np.random.default_rng(8).exponential(1, (SIMULATED, 8))
    drawn = np.random.default_rng(9).integers(8, size=(1000, 8))
    ends = np.percentile(sets[:, drawn].mean(2), (2.5, 97.5), axis=1)
    percentiles = np.mean((ends[0] <= 1) & (ends[1] >= 1))
    assert percentiles < 0.88 and covered(1, sets) > percentiles + 0.04


def frechet(one, other):
    """The closed form for Gaussians, by scipy's square root of the product: another way than the metric's."""
    from scipy.linalg import eigvals

    product = np.cov(one, rowvar=False) @ np.cov(other, rowvar=False)
    root = np.sqrt(np.abs(eigvals(product))).sum()
    shift = one.mean(0) - other.mean(0)
    return shift @ shift + np.trace(np.cov(one, rowvar=False) + np.cov(other, rowvar=False)) - 2 * root


def test_jackknife_intervals_of_a_frechet_distance_cover_its_expectation_at_this_size():
    rng = np.random.default_rng(11)
    images, dimensions = 100, 4
    group = np.arange(images) % GROUPS
    values, intervals = [], []
    for _ in range(SIMULATED):
        one, other = rng.normal(0, 1, (images, dimensions)), rng.normal(0.6, 1.3, (images, dimensions))
        values.append(frechet(one, other))
        replicates = [frechet(one[group != left], other[group != left]) for left in range(GROUPS)]
        intervals.append(jackknife_interval(values[-1], replicates))
    expected = np.mean(values)
    hits = sum(interval.low <= expected <= interval.high for interval in intervals)
    assert 0.90 < hits / SIMULATED < 0.98
    assert all(interval.low <= value <= interval.high for value, interval in zip(values, intervals, strict=True))


def test_the_jackknife_of_a_mean_is_its_standard_error():
    """Groups of one image: the jackknife's error is the textbook one exactly."""
    values = np.random.default_rng(5).normal(3, 2, GROUPS)
    interval = jackknife_interval(values.mean(), without_each_group(singly(values)))
    assert interval.half == pytest.approx(1.96 * stats.sem(values), rel=1e-12)


def test_groups_are_positions_in_name_order_and_images_without_a_value_keep_their_place():
    values = [[float(place)] for place in range(2 * GROUPS)]
    values[0] = []
    left_out = without_each_group(values)
    total, count = sum(range(2 * GROUPS)), 2 * GROUPS - 1
    assert len(left_out) == GROUPS
    assert left_out[0] == (total - GROUPS) / (count - 1)
    assert left_out[1] == (total - 1 - (1 + GROUPS)) / (count - 2)


def test_no_interval_where_a_group_is_all_there_is():
    assert without_each_group([[1.0], [], []]) == ()
    assert without_each_group([]) == ()
    assert jackknife_interval(1.0, ()) is None and jackknife_interval(1.0, (1.0,)) is None


def test_holm_multiplies_the_smallest_by_all_and_never_lets_a_larger_one_come_out_smaller():
    assert holm([0.01, 0.02, 0.03, 0.005]) == [0.03, 0.04, 0.04, 0.02]
    assert holm([0.5, 0.9]) == [1.0, 1.0] and holm([]) == []


def test_signed_rank_is_exact_for_few_images_and_one_for_no_difference():
    """All five signs equal: two of 2^5 arrangements are that lopsided."""
    assert signed_rank([1.0, 2.0, 3.0, 4.0, 5.0]) == 2 / 32
    assert signed_rank([0.0, 0.0]) == 1.0


def test_the_interval_of_a_difference_is_near_welchs_and_covers_the_truth():
    """Welch's interval, by scipy, on normal samples of 30 and 60; and 95 % of intervals hold the true difference."""
    from scipy.stats import ttest_ind

    rng = np.random.default_rng(0)
    held = 0
    for _ in range(100):
        first, second = rng.normal(1, 1, 30), rng.normal(0, 2, 60)
        found = difference_interval(first.tolist(), second.tolist())
        welch = ttest_ind(first, second, equal_var=False).confidence_interval(0.95)
        assert found.half == pytest.approx((welch.high - welch.low) / 2, rel=0.12)
        held += found.low <= 1 <= found.high
    assert 89 <= held <= 100


def test_equal_samples_are_resampled_apart():
    values = [float(value) for value in range(20)]
    found = difference_interval(values, values)
    assert found.half == pytest.approx(mean_interval([[value] for value in values]).half * 2**0.5, rel=0.05)
    assert difference_interval([1.0], values) is None and difference_interval([1.0, 1.0], [2.0, 2.0]) is None


def test_percentiles_of_resampled_sums_are_nearly_the_interval_of_a_mean():
    """Values without skew, for which moving the ends changes next to nothing; the widening is the same."""
    values = np.random.default_rng(0).normal(size=40)
    values = np.concatenate([values, -values])
    found = percentile_interval(resampled_sums(values) / len(values), len(values))
    expected = mean_interval(values[:, None].tolist())
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=0.02)
    assert resampled_sums(np.ones((3, 2))).tolist() == [[3.0, 3.0]] * RESAMPLES
    assert percentile_interval(np.ones(RESAMPLES), 5) is None and percentile_interval(values, 1) is None


@pytest.mark.parametrize("values", [[1.0, 2.0, 4.0], [0.5, 0.25, 0.125, 1.0], [1e9, 1e9 + 1, 1e9 + 5]])
def test_an_interval_over_seeds_is_scipys_of_students_t(values):
    found = seeds_interval(values)
    expected = stats.t.interval(0.95, len(values) - 1, np.mean(values), stats.sem(values))
    assert (found.low, found.high) == pytest.approx(expected, rel=1e-12)


def test_two_seeds_or_equal_ones_say_nothing_of_training():
    assert seeds_interval([1.0, 2.0]) is None and seeds_interval([2.0, 2.0, 2.0]) is None
