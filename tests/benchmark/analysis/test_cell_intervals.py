"""Intervals of table cells, gaps and gains from score lines made by hand."""

import math

import pytest
from msgspec.structs import replace

from benchmark.analysis.cells import NO_REPLICATES
from benchmark.analysis.generalisation.gap_table import gap_table
from benchmark.analysis.runs import Run, Runs
from benchmark.records.run_file import RunFiles
from benchmark.records.scores import GROUPS, SCHEMA, Score

BASE = Score(
    schema=SCHEMA, run="20250101T000000Z-00000000", profile="quick", protocol="S2S", task="sr4",
    split="sr4-256-test-00000000", method="edsr", seed=0, checkpoint=None, image="a", metric="lpips.alex", value=1.0,
    unit="1", seconds=0.0,
)  # fmt: skip


def of_images(values, **changed):
    """A line for each image; None is a failure."""
    for place, value in enumerate(values):
        yield replace(BASE, image=f"{place:03}", value=value, error="" if value is not None else "no face", **changed)


def of_set(value, n, replicates=None, **changed):
    return replace(BASE, image=None, value=value, n=n, replicates=replicates, **{"metric": "ffd.dlib", **changed})


def changes(*scores):
    runs = Runs(scores)
    table = gap_table({"edsr": runs.under(("S2S", "S2R", "R2R"), "sr4", "edsr")}, "sr4")
    return {change.kind: change for change in table.changes if change.metric is None}


def test_a_mean_has_a_bootstrap_interval_over_the_images_that_have_a_value():
    cell = Run(tuple(of_images([1.0, None, 3.0]))).cell("lpips.alex")
    assert (cell.value, cell.interval.low, cell.interval.high, cell.failed) == (2.0, 1.0, 3.0, 1)


def test_replicates_of_several_seeds_are_averaged_and_groups_without_an_image_left_out():
    """Two images: of twenty replicates only two are of a group that holds any; 1.96 x half their difference of 1."""
    first = of_set(1.0, 2, (0.5, 1.5) + (GROUPS - 2) * (1.0,), metric="mmd.dlib")
    second = of_set(2.0, 2, (2.5, 3.5) + (GROUPS - 2) * (2.0,), seed=1, metric="mmd.dlib")
    cell = Run((*of_images([1.0, 1.0]), first, second)).cell("mmd.dlib")
    assert cell.value == 1.5 and cell.notes == ()
    assert (cell.interval.low, cell.interval.high) == pytest.approx((1.5 - 0.98, 1.5 + 0.98))


def test_a_set_score_without_replicates_has_no_interval_and_says_why():
    with_some = Run((of_set(1.0, 40, (1.0, 2.0)), of_set(1.0, 40, seed=1))).cell("ffd.dlib")
    assert with_some.value == 1.0 and with_some.interval is None and with_some.notes == (NO_REPLICATES,)


def test_a_frechet_distance_is_corrected_by_the_jackknife_and_the_plain_one_kept():
    """Two groups: 2 x 1.0 less their mean of 1.1; 1.96 x half their difference of 0.4."""
    cell = Run((of_set(1.0, 200, (0.9, 1.3)),)).cell("ffd.dlib")
    assert (cell.value, cell.plain, cell.notes) == (pytest.approx(0.9), 1.0, ())
    assert (cell.interval.low, cell.interval.high) == pytest.approx((0.9 - 0.392, 0.9 + 0.392))
    kernel = Run((of_set(1.0, 200, (0.9, 1.3), metric="mmd.dlib"),)).cell("mmd.dlib")
    assert (kernel.value, kernel.plain) == (1.0, None)


def test_the_correction_takes_a_bias_that_falls_with_the_number_of_images_away():
    """A value of 0.5 + 3 / n over 200 images, and over the 190 that each of 20 groups leaves."""
    cell = Run((of_set(0.5 + 3 / 200, 200, GROUPS * (0.5 + 3 / 190,)),)).cell("ffd.dlib")
    assert cell.value == pytest.approx(0.5, rel=1e-12)


def test_of_too_few_images_or_numbers_that_were_not_simulated_the_cell_says_so_and_has_no_interval():
    few = Run((of_set(1.0, 50, (0.9, 1.3)),)).cell("ffd.dlib")
    assert few.value == pytest.approx(0.9) and few.interval is None
    assert few.notes[0].startswith("no interval: N = 50 is too small for one")
    fid = Run((of_set(1.0, 5000, (0.9, 1.3), metric="fid.inception"),)).cell("fid.inception")
    assert fid.value == pytest.approx(0.9) and fid.interval is None and "not simulated" in fid.notes[0]


def test_gap_and_gain_leave_the_same_images_out_of_both_runs():
    """Three images, so three groups: S2R is twice S2S image by image, so the gap is 2 without any of them."""
    found = changes(
        *of_images([1.0, 2.0, 3.0]),
        *of_images([2.0, 4.0, 6.0], protocol="S2R", split="real"),
        *of_images([1.0, 4.0, 6.0], protocol="R2R", split="real", checkpoint="real"),
    )
    assert (found["gap"].value, found["gap"].interval, found["gap"].note) == (2.0, None, "")
    replicates = [0.0, 12.5, 100 / 6]  # without the first, second, third image: 10 of 10, 7 of 8, 5 of 6
    centre = sum(replicates) / 3
    reach = 1.96 * (2 / 3 * sum((value - centre) ** 2 for value in replicates)) ** 0.5
    interval = found["gain_percent"].interval
    assert found["gain_percent"].value == pytest.approx(100 / 12)
    assert (interval.low, interval.high) == pytest.approx((100 / 12 - reach, 100 / 12 + reach))


def test_a_set_that_lacks_images_says_so():
    cell = Run((*of_images([1.0, 1.0, 1.0]), of_set(0.5, 2, (0.4, 0.6), metric="mmd.dlib"))).cell("mmd.dlib")
    assert cell.notes == ("2 of 3 images are in the set",)


def test_a_gap_over_a_metric_of_sets_takes_its_replicates_group_by_group():
    """2 / 1.1 and 2.4 / 1 without each of two groups: 1.96 x half their difference."""
    found = changes(
        of_set(1.0, 200, (1.1, 1.0), metric="mmd.dlib"),
        of_set(2.2, 200, (2.0, 2.4), metric="mmd.dlib", protocol="S2R", split="real"),
    )
    reach = 1.96 * (2.4 - 2 / 1.1) / 2
    assert found["gap"].value == pytest.approx(2.2)
    assert (found["gap"].interval.low, found["gap"].interval.high) == pytest.approx((2.2 - reach, 2.2 + reach))


def test_a_gap_to_a_number_of_other_images_or_another_definition_than_the_newest_is_none():
    old, new = "20250101T000000Z-00000000", "20250102T000000Z-00000000"
    scores = [
        of_set(1.0, 200, (1.1, 1.0), metric="mmd.dlib"),
        of_set(2.2, 200, (2.0, 2.4), metric="mmd.dlib", protocol="S2R", split="real"),
    ]
    for files, why in (
        (RunFiles(splits={old: ("real", "1"), new: ("real", "2")}), "S2R: the split real held other images"),
        (RunFiles({old: {"mmd.dlib": "1"}, new: {"mmd.dlib": "2"}}), "S2S: mmd.dlib was computed in another way"),
    ):
        table = gap_table({"edsr": Runs(scores, files).under(("S2S", "S2R", "R2R"), "sr4", "edsr")}, "sr4")
        (gap,) = [change for change in table.changes if (change.kind, change.metric) == ("gap", "mmd.dlib")]
        assert gap.value is None and gap.note.startswith(why)


def test_a_gap_over_a_frechet_distance_is_of_corrected_values_and_their_replicates():
    """Corrected 0.95 and 2.1 (2 v - mean); the replicates moved there: 1, 0.9 and 2, 2.2."""
    found = changes(of_set(1.0, 200, (1.1, 1.0)), of_set(2.15, 200, (2.1, 2.3), protocol="S2R", split="real"))
    reach = 1.96 * (2.2 / 0.9 - 2.0 / 1.0) / 2
    assert found["gap"].value == pytest.approx(2.1 / 0.95)
    assert found["gap"].interval.half == pytest.approx(reach)


@pytest.mark.parametrize("n, replicates", [(50, (1.1, 1.0)), (200, (3.0, -1.0)), (200, None)])
def test_a_frechet_half_without_an_interval_above_0_is_shown_and_not_counted(n, replicates):
    runs = Runs(
        [
            of_set(1.0, n, replicates),
            of_set(3.0, n, (3.1, 3.0), protocol="S2R", split="real"),
            of_set(1.0, n, (1.1, 1.0), metric="mmd.dlib"),
            of_set(2.0, n, (2.1, 2.0), metric="mmd.dlib", protocol="S2R", split="real"),
        ]
    )
    table = gap_table({"edsr": runs.under(("S2S", "S2R", "R2R"), "sr4", "edsr")}, "sr4")
    assert (table.metrics.shown, table.metrics.counted) == (("ffd.dlib", "mmd.dlib"), ("mmd.dlib",))
    assert any("not all its values have intervals above 0: mmd.dlib stands in" in line for line in table.sentences)
    gaps = {change.metric: change for change in table.changes if change.kind == "gap"}
    assert gaps[None].value == gaps["mmd.dlib"].value == pytest.approx(2.0)
    if n == 50:
        assert gaps["ffd.dlib"].interval is None and "too small" in gaps["ffd.dlib"].note
    if replicates == (3.0, -1.0):
        assert gaps["ffd.dlib"].interval is None and "not above 0 beyond chance" in gaps["ffd.dlib"].note
    if replicates is None:
        assert gaps["ffd.dlib"].note == NO_REPLICATES


def test_an_interval_over_three_trainings_is_of_what_each_gives():
    """Means of 1, 2 and 4 over the images that have a value; 4.3027 standard errors of sqrt(7 / 9) to each side."""
    trained = {0: [0.0, 2.0], 1: [2.0, None], 2: [3.0, 5.0]}
    run = Run(tuple(score for seed, values in trained.items() for score in of_images(values, seed=seed)))
    cell = run.cell("lpips.alex")
    assert cell.seeds == 3
    assert (cell.over_seeds.low, cell.over_seeds.high) == pytest.approx((-1.461, 6.128), abs=1e-3)
    assert Run(tuple(of_images([1.0, 2.0], seed=None))).cell("lpips.alex").seeds == 0


def test_frechet_distances_of_several_trainings_are_reduced_in_bias_one_by_one():
    """2 x 1 less 1.1, 2 x 2 less 1.9 and 2 x 3 less 3.0."""
    replicates = {0: (0.9, 1.3), 1: (1.8, 2.0), 2: (2.9, 3.1)}
    cell = Run(tuple(of_set(seed + 1.0, 200, found, seed=seed) for seed, found in replicates.items())).cell("ffd.dlib")
    assert cell.value == pytest.approx(2.0)
    assert cell.over_seeds.half == pytest.approx(4.302653 * math.sqrt(1.11 / 3), rel=1e-6)
