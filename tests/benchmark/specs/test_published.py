"""The numbers typed in from the paper: complete, and giving the claims the paper derives from them."""

from collections import Counter

import pytest

from benchmark.methods.registry import full_name
from benchmark.metrics.table import METRICS
from benchmark.specs.published import load_published, parse, printed_beside
from benchmark.specs.tables import load_table
from degrade.core.errors import InputError
from degrade.recipes.library import TASKS

HEADER = "table,task,protocol,method,metric,value\n"


def number(task, method, metric, table=2, protocol="S2S"):
    (found,) = [
        line.value
        for line in load_published()
        if (line.table, line.task, line.protocol, line.method, line.metric) == (table, task, protocol, method, metric)
    ]
    return found


def test_every_printed_number_is_there():
    """Table 1: 7 methods x 8 metrics; Table 2: 28 + ground truth + input, x 8; Table 3: 7 methods x 6."""
    assert Counter(line.table for line in load_published()) == {1: 56, 2: 240, 3: 42}
    blocks = Counter(line.task for line in load_published() if line.table == 2)
    assert {task: count // 8 for task, count in blocks.items()} == dict(zip(TASKS, (7, 4, 4, 3, 3, 9), strict=True))


def test_the_headline_claims_follow():
    assert number("sr4", "ispl", "psnr.rgb") - number("sr4", "esrgan", "psnr.rgb") == pytest.approx(3.69, abs=1e-9)
    before, after = (number("sr4", method, "fid.inception") for method in ("esrgan", "ispl"))
    assert 100 * (before - after) / before == pytest.approx(45.8, abs=0.05)
    assert number("denoise", "ispl", "psnr.rgb") - number("denoise", "vdnet", "psnr.rgb") == pytest.approx(4.11)


@pytest.mark.parametrize(
    "task,best",
    [("sr4", "ispl"), ("mosaic16", "waveletcnn"), ("denoise", "ispl"), ("deblur", "ispl"), ("jpeg", "arcnn")],
)
def test_the_best_psnr_of_a_block_is_the_one_printed_in_bold(task, best):
    rows = [line for line in load_published() if (line.table, line.task, line.metric) == (2, task, "psnr.rgb")]
    assert max(rows, key=lambda line: line.value).method == best


def test_table_1_and_table_2_share_the_row_of_the_chosen_variant():
    rows = {
        table: [line.text for line in load_published() if (line.table, line.task, line.method) == (table, *row)]
        for table, row in {1: ("mosaic16", "ispl:isp_unet_pac"), 2: ("mosaic16", "ispl")}.items()
    }
    assert rows[1] == rows[2] and len(rows[1]) == 8


def test_the_reference_is_perfect_in_all_but_niqe():
    texts = [line.text for line in load_published() if line.method == "reference"]
    assert texts == ["inf", "1", "1", "0", "0", "0", "0", "7.796"]


def test_digits_stand_as_printed():
    assert printed_beside(2, "mosaic16", "S2S", "superfan", "ssim.gauss11.rgb").text == "0.540"


@pytest.mark.parametrize("name", ["table1", "table2", "table3"])
def test_every_published_row_has_its_place_in_a_table_file(name):
    spec = load_table(name)
    rows = {(protocol, row.task, method) for protocol in spec.protocols for row in spec.rows for method in row.methods}
    assert len({(protocol, task, full_name(method)) for protocol, task, method in rows}) == len(rows)
    published = [line for line in load_published() if line.table == int(name[-1])]
    assert {(line.protocol, line.task, line.method) for line in published} <= rows


@pytest.mark.parametrize("name", ["table1", "table2"])
def test_methods_stand_in_the_papers_order(name):
    for row in load_table(name).rows:
        printed = [line for line in load_published() if (line.table, line.task) == (int(name[-1]), row.task)]
        order = list(dict.fromkeys(line.method for line in printed))
        assert [method for method in row.methods if method in order] == order


def test_comparable_is_only_what_was_measured_in_the_same_way():
    key = (2, "sr4", "S2S", "edsr")
    beside = {row.id: printed_beside(*key, row.printed_column, row.as_published) for row in METRICS.values()}
    same = {metric for metric, printed in beside.items() if printed and printed.comparable}
    authors = {"fed.author", "lle.author"}
    assert same == {"psnr.rgb", "ssim.gauss11.rgb", "msssim.rgb", "fid.inception", "lpips.alex"} | authors
    assert {metric for metric, printed in beside.items() if printed} - same == {"fed.dlib", "lle.dlib68", "niqe.y"}


def test_table_3_takes_its_synthetic_scores_from_table_2():
    assert printed_beside(3, "sr4", "S2S", "edsr", "fid.inception").text == "20.605"
    assert printed_beside(3, "sr4", "S2R", "edsr", "fid.inception").text == "82.172"


@pytest.mark.parametrize(
    "text,words",
    [
        ("table,value\n", "columns"),
        (HEADER + "2,sr4,S2S,edsr,psnr.rgb\n", "line 2"),
        (HEADER + "2,sr4,S2S,edsr,psnr.rgb,30,1\n", "line 2"),
        (HEADER + "2,sr4,S2S,edsr,psnr.rgb,high\n", "high"),
        (HEADER + "2,sr4,S2S,edsr,psnr.rgb,nan\n", "nan"),
        (HEADER + "2,sr4,S2S,edsr,psnr.rgb,30\n2,sr4,S2S,edsr,psnr.rgb,31\n", "twice"),
    ],
)
def test_a_broken_file_is_an_error_that_says_where(text, words):
    with pytest.raises(InputError, match=words):
        parse(text, "published.csv")
