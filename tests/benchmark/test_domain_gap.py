"""Table 3's columns from the numbers of Tables 2 and 3, where the paper agrees with itself and where it does not."""

import pytest

from benchmark.domain_gap import PAPER_PAIR, MetricPair, choose_pair, gain, gap
from benchmark.published import load_published


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
    everything = {"fid.inception", "ffd.dlib", "lpips.alex", "lpips.squeeze", "gmsd", "psnr.rgb"}
    assert choose_pair(everything) == MetricPair("fid.inception", "lpips.alex")
    assert choose_pair(everything - {"fid.inception"}) == MetricPair("ffd.dlib", "lpips.alex")
    assert choose_pair({"gmsd"}) == MetricPair(None, "gmsd")
    assert choose_pair({"psnr.rgb"}) == MetricPair(None, None)


def test_below_a_hundred_images_the_frechet_half_does_not_count():
    pair = MetricPair("ffd.dlib", "gmsd")
    assert pair.counted(100) == ("ffd.dlib", "gmsd")
    assert pair.counted(99) == ("gmsd",)
    assert pair.shown == ("ffd.dlib", "gmsd")
    assert MetricPair("ffd.dlib", None).counted(99) == ()


@pytest.mark.parametrize("first,second", [((), ()), ((1.0,), (1.0, 2.0)), ((0.0,), (1.0,)), ((float("nan"),), (1.0,))])
def test_a_ratio_of_what_has_none_is_refused(first, second):
    for formula in (gap, gain):
        with pytest.raises(ValueError, match="expected"):
            formula(first, second)
