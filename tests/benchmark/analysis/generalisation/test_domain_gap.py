"""Table 3's columns from the numbers of Tables 2 and 3, where the paper agrees with itself and where it does not."""

import json
from pathlib import Path

import pytest

from benchmark.analysis.generalisation.domain_gap import PAPER_PAIR, GapMetrics, choose_gap_metrics, gain, gap, too_few
from benchmark.metrics.table import METRICS, with_role
from benchmark.specs.published import load_published


def scores(method, protocol):
    table = 2 if protocol == "S2S" else 3
    found = {
        line.metric: line.value
        for line in load_published()
        if (line.table, line.task, line.protocol, line.method) == (table, "sr4", protocol, method)
    }
    return tuple(found[metric] for metric in PAPER_PAIR)


def computed(method, column):
    s2s, s2r, r2r = (scores(method, protocol) for protocol in ("S2S", "S2R", "R2R"))
    return gap(s2s, s2r) if column == "gap" else gain(s2r, r2r)


def printed(method, column):
    (found,) = [line.value for line in load_published() if (line.method, line.metric) == (method, column)]
    return found


AGREES = [
    *(("edsr", "gap", 2.8), ("edsr", "gain_percent", 14.8)),
    *(("srgan", "gap", 9.8), ("srgan", "gain_percent", 42.2)),
    *(("ispl", "gap", 13.4), ("ispl", "gain_percent", 44.4)),
    *(("esrgan", "gap", 12.9), ("srfbn", "gain_percent", 7.7), ("waveletcnn", "gain_percent", 27.5)),
    ("superfan", "gap", 3.0),
]
DISAGREES = [
    ("superfan", "gain_percent", 25.8, 12.9),
    ("esrgan", "gain_percent", 44.65, 44.1),
    ("srfbn", "gap", 2.60, 2.5),
    ("waveletcnn", "gap", 3.36, 3.3),
]


@pytest.mark.parametrize("method,column,expected", AGREES)
def test_the_formula_gives_the_printed_number(method, column, expected):
    assert printed(method, column) == expected
    assert computed(method, column) == pytest.approx(expected, abs=0.0501)


@pytest.mark.parametrize("method,column,expected,in_print", DISAGREES)
def test_these_four_printed_numbers_do_not_follow(method, column, expected, in_print):
    assert printed(method, column) == in_print
    assert computed(method, column) == pytest.approx(expected, abs=0.0501 if expected == 25.8 else 0.00501)
    assert abs(computed(method, column) - in_print) > 0.0501


def test_every_printed_gap_and_gain_is_in_one_of_the_two_lists():
    listed = {entry[:2] for entry in (*AGREES, *DISAGREES)}
    assert listed == {(line.method, line.metric) for line in load_published() if line.metric in ("gap", "gain_percent")}


def test_the_first_available_metric_of_each_kind_is_taken():
    everything = {"fid.inception", "ffd.dlib", "mmd.dlib", "lpips.alex", "lpips.squeeze", "gmsd", "psnr.rgb"}
    assert choose_gap_metrics(everything, everything) == GapMetrics("fid.inception", "fid.inception", "lpips.alex")
    assert choose_gap_metrics(everything, everything).counted == PAPER_PAIR
    fewer = everything - {"fid.inception"}
    assert choose_gap_metrics(fewer, fewer) == GapMetrics("ffd.dlib", "ffd.dlib", "lpips.alex")
    assert choose_gap_metrics({"gmsd"}, set()) == GapMetrics(None, None, "gmsd")
    assert choose_gap_metrics({"psnr.rgb"}, set()) == GapMetrics(None, None, None)


def test_of_the_distances_of_sets_only_a_sound_one_counts_and_the_frechet_one_is_shown():
    measured = {"ffd.dlib", "mmd.dlib", "gmsd"}
    stands_in = choose_gap_metrics(measured, {"mmd.dlib"})
    assert (stands_in.shown, stands_in.counted) == (("ffd.dlib", "mmd.dlib", "gmsd"), ("mmd.dlib", "gmsd"))
    without = choose_gap_metrics(measured, set())
    assert (without.shown, without.counted) == (("ffd.dlib", "gmsd"), ("gmsd",))


FIGURES = json.loads((Path(__file__).parents[3] / "reference" / "set_distance_coverage.json").read_text())
FEWEST = 90


def test_a_frechet_interval_is_printed_where_every_simulated_one_covers_ninety_per_cent():
    ffd = METRICS["ffd.dlib"]
    assert too_few(ffd, FEWEST) == "" and f"N = {FEWEST - 1} is too small" in too_few(ffd, FEWEST - 1)
    for figure in FIGURES:
        if not too_few(ffd, figure["images"]):
            assert figure["frechet"]["covered"] >= 0.9, figure
    uncovered = [figure for figure in FIGURES if figure["frechet"]["covered"] < 0.9]
    assert uncovered and max(figure["images"] for figure in uncovered) < FEWEST
    assert len({(figure["part"], figure["paired"]) for figure in FIGURES if figure["images"] == FEWEST}) == 6


def test_a_frechet_distance_of_descriptors_that_were_not_simulated_has_no_interval():
    assert "was not simulated" in too_few(METRICS["fid.inception"], 10**6)
    assert {metric.id for metric in METRICS.values() if metric.frechet_over} == set(with_role("frechet"))


def test_the_kernel_distance_covers_ninety_per_cent_at_every_number_of_images():
    covered = [figure["mmd"]["covered"] for figure in FIGURES if "mmd" in figure]
    assert min(covered) >= 0.9 and too_few(METRICS["mmd.dlib"], 2) == ""


@pytest.mark.parametrize("first,second", [((), ()), ((1.0,), (1.0, 2.0)), ((0.0,), (1.0,)), ((float("nan"),), (1.0,))])
def test_a_ratio_of_what_has_none_is_refused(first, second):
    for formula in (gap, gain):
        with pytest.raises(ValueError, match="expected"):
            formula(first, second)
