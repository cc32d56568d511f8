"""Tables from score lines made by hand: every cell can be worked out in the head."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from benchmark.metrics.table import METRICS
from benchmark.reports.tables.render import render
from benchmark.specs.titles import TABLES
from tests.benchmark.made_scores import UNAVAILABLE, cells, csv_row, of_images, of_set, run_facts

ISPL = "ispl:isp_unet_pac"


def test_measured_stands_beside_printed_and_the_best_is_bold(tables):
    made = tables(*of_images("edsr", "psnr.rgb", [24.0, 26.0]), *of_images(ISPL, "psnr.rgb", [27.0, 28.0]))
    assert cells(made["table2.md"], "sr4", "EDSR")["PSNR"] == "25.000 ±1.000 (30.188)"
    assert cells(made["table2.md"], "sr4", "ISPL")["PSNR"] == "**27.500** ±0.500 (30.824)"
    assert r"\textbf{27.500} {\tiny $\pm$0.500} (30.824)" in made["table2.tex"]
    row = csv_row(made["table2.csv"], "S2S", "sr4", "edsr", "psnr.rgb")
    assert [row[column] for column in ("measured", "low", "high")] == ["25", "24", "26"]
    assert [row[column] for column in ("n", "failures", "published", "comparable")] == ["2", "0", "30.188", "yes"]


def test_the_lowest_is_bold_where_lower_is_better(tables):
    made = tables(*of_images("edsr", "gmsd", [0.1]), *of_images(ISPL, "gmsd", [0.2]))
    assert cells(made["table2.md"], "sr4", "EDSR")["GMSD"] == "**0.1000**"
    assert "GMSD ↓" in made["table2.md"] and r"GMSD $\downarrow$" in made["table2.tex"]


def test_a_value_alone_or_over_fewer_images_is_never_the_best(tables):
    alone = tables(*of_images("edsr", "psnr.rgb", [24.0]))
    assert "**" not in alone["table2.md"]
    fewer = tables(
        *of_images("bicubic_x4", "lle.dlib68", [9.0, 9.0]),
        *of_images("edsr", "lle.dlib68", [5.0, 5.0]),
        *of_images(ISPL, "lle.dlib68", [1.0, None]),
    )
    assert cells(fewer["table2.md"], "sr4", "EDSR")["LLE"].startswith("**5.000**")
    assert cells(fewer["table2.md"], "sr4", "ISPL")["LLE"].startswith("1.000 [")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ({"metrics": {"psnr.rgb": "1"}}, {"metrics": {"psnr.rgb": "2"}}, "psnr.rgb was computed in another way, or by"),
        ({"split_sha256": "1" * 64}, {"split_sha256": "2" * 64}, "held other images, or was made by an older version"),
    ],
)
def test_scores_of_another_definition_or_of_other_images_than_the_newest_say_so_and_are_never_the_best(
    tables, tmp_path, before, after, said
):
    old, new = "20250101T000000Z-00000000", "20250102T000000Z-00000000"
    scores = [
        *of_images("edsr", "psnr.rgb", [24.0, 24.0]), *of_images("bicubic_x4", "psnr.rgb", [25.0, 25.0]),
        *of_images(ISPL, "psnr.rgb", [27.0, 27.0], run=old),
    ]  # fmt: skip
    scores = [replace(score, run=new) if score.method != ISPL else score for score in scores]
    (tmp_path / "quick" / "scores").mkdir(parents=True)
    for run, changed in ((old, before), (new, after)):
        facts = run_facts(run, **{"split": scores[0].split, "metrics": {"psnr.rgb": "1"}} | changed)
        (tmp_path / "quick" / "scores" / f"{run}.json").write_text(json.dumps(facts))
    made = tables(*scores)
    assert cells(made["table2.md"], "sr4", "ISPL")["PSNR"].startswith("27.000 [")
    assert cells(made["table2.md"], "sr4", "Bicubic 1/4")["PSNR"].startswith("**25.000**")
    assert said in made["table2.md"]
    (tmp_path / "quick" / "scores" / f"{new}.json").write_text(json.dumps(facts | before))
    assert cells(tables(*scores)["table2.md"], "sr4", "ISPL")["PSNR"].startswith("**27.000**")


def test_failures_are_counted_and_left_out_of_the_mean(tables):
    made = tables(*of_images("edsr", "lle.dlib68", [2.0, None, 4.0, None]))
    row = cells(made["table2.md"], "sr4", "EDSR")
    assert (row["images"], row["failed"], row["LLE"]) == ("4", "2", "3.000 ±1.000 [2] (2.003)")
    assert "- [2] 2 of 4 without a value (no face found in the reference)." in made["table2.md"]


def test_a_metric_that_never_had_a_value_is_not_a_number(tables):
    made = tables(*of_images("edsr", "msssim.rgb", [None, None]))
    assert cells(made["table2.md"], "sr4", "EDSR")["MS-SSIM"] == "n/a [1] (0.961)"
    row = csv_row(made["table2.csv"], "S2S", "sr4", "edsr", "msssim.rgb")
    assert (row["measured"], row["failures"]) == ("", "2") and row["note"].startswith("n/a; 2 of 2")


def test_what_was_not_run_says_so(tables):
    made = tables(*of_images("edsr", "psnr.rgb", [24.0]))
    row = cells(made["table2.md"], "sr4", "SRGAN")
    assert (row["images"], row["PSNR"]) == ("not run", "(27.494)")
    assert csv_row(made["table2.csv"], "S2S", "sr4", "srgan", "psnr.rgb")["note"] == "not run"
    assert "SRGAN & not run &  & (27.494)" in made["table2.tex"]


def test_missing_weights_are_unavailable_with_the_reason_below(tables):
    made = tables(*of_images("edsr", "psnr.rgb", [24.0]), of_set("edsr", "fid.inception", None, None))
    assert cells(made["table2.md"], "sr4", "EDSR")["FID"] == "unavailable [1] (20.605)"
    assert f"- [1] {UNAVAILABLE}." in made["table2.md"]
    row = csv_row(made["table2.csv"], "S2S", "sr4", "edsr", "fid.inception")
    assert row["measured"] == "" and row["note"].startswith("unavailable; fid.inception needs")


def test_infinite_values_show_as_inf_and_are_never_averaged_in_silence(tables):
    infinite = float("inf")
    made = tables(
        *of_images("reference", "psnr.rgb", [infinite, infinite], task="dual_blind"),
        *of_images("identity", "psnr.rgb", [30.0, infinite], task="dual_blind"),
        *of_images("arcnn", "psnr.rgb", [20.0, 22.0], task="dual_blind"),
        *of_images(ISPL, "psnr.rgb", [20.0, 21.0], task="dual_blind"),
    )
    assert cells(made["table2.md"], "dual_blind", "Reference")["PSNR"] == "inf (inf)"
    assert cells(made["table2.md"], "dual_blind", "Degraded input")["PSNR"] == "30.000 [1] (22.905)"
    assert "- [1] 1 of 2 values are infinite" in made["table2.md"]
    assert cells(made["table2.md"], "dual_blind", "ARCNN")["PSNR"].startswith("**21.000** ±1.000")
    assert csv_row(made["table2.csv"], "S2S", "dual_blind", "reference", "psnr.rgb")["measured"] == "inf"


def test_columns_measured_in_another_way_say_so_in_their_head(tables):
    made = tables(*of_images("edsr", "niqe.y", [5.0]), *of_images("edsr", "lpips.squeeze", [0.2]))
    assert "NIQE ↓ [1] (paper, other NIQE)" in made["table2.md"]
    assert "NIQE: at 256 px it rests on four blocks" in made["table2.md"]
    assert csv_row(made["table2.csv"], "S2S", "sr4", "edsr", "niqe.y")["comparable"] == "no"
    assert cells(made["table2.md"], "sr4", "EDSR")["LPIPS-squeeze"] == "0.2000"
    assert cells(made["table2.md"], "sr4", "EDSR")["LPIPS"] == "not run (0.2475)"


@pytest.mark.parametrize("metric,most", [("fid.inception", 2047), ("ffd.dlib", 100)])
def test_frechet_distances_are_marked_up_to_a_number_of_images(tables, metric, most):
    marked = [METRICS[metric].note in tables(of_set("edsr", metric, 10.0, n))["table2.md"] for n in (most, most + 1)]
    assert marked == [True, False]


def test_a_later_look_at_fewer_images_does_not_displace_the_full_run(tables):
    made = tables(
        *of_images("edsr", "psnr.rgb", [20.0, 22.0], seed=0),
        *of_images("edsr", "psnr.rgb", [10.0], seed=0, split="sr4-256-test-22222222", run="29990101T000000Z-00000000"),
    )
    assert cells(made["table2.md"], "sr4", "EDSR")["PSNR"] == "21.000 ±1.000 (30.188)"


def test_only_the_newest_split_and_checkpoint_count(tables):
    older = {"split": "sr4-256-test-11111111", "run": "20240101T000000Z-00000000"}
    made = tables(
        *of_images(ISPL, "psnr.rgb", [30.0], **older),
        *of_images("edsr", "psnr.rgb", [10.0], seed=0, checkpoint="old"),
        *of_images("edsr", "psnr.rgb", [20.0], seed=0, checkpoint="new"),
    )
    assert cells(made["table2.md"], "sr4", "EDSR")["PSNR"] == "20.000 (30.188)"
    assert cells(made["table2.md"], "sr4", "ISPL")["images"].startswith("not run [")
    assert "another test split only (sr4-256-test-11111111)" in made["table2.md"]


def three_protocols(s2s, s2r, r2r, n, metric):
    """Lines of EDSR under the three protocols; a set score for a metric of sets."""
    for protocol, value in {"S2S": s2s, "S2R": s2r, "R2R": r2r}.items():
        split = "sr4-256-test-0" if protocol == "S2S" else "facerenov_simulated-256-test-0"
        where = {
            "protocol": protocol,
            "split": split,
            "seed": 0,
            "checkpoint": "real" if protocol == "R2R" else "clean",
        }
        if METRICS[metric].per == "set":
            yield of_set("edsr", metric, value, n, **where)
        else:
            yield from (replace(next(of_images("edsr", metric, [value], **where)), image=str(i)) for i in range(n))


def test_gap_and_gain_over_the_papers_metrics_stand_beside_the_papers(tables, monkeypatch):
    """As if intervals of FID had been simulated: two groups, a fifth of the value apart."""
    monkeypatch.setitem(METRICS, "fid.inception", dataclasses.replace(METRICS["fid.inception"], interval_from=100))
    made = tables(
        *(replace(line, replicates=(0.95 * line.value, 1.05 * line.value))
          for line in three_protocols(10.0, 40.0, 20.0, 100, "fid.inception")),
        *three_protocols(0.1, 0.2, 0.15, 100, "lpips.alex"),
    )  # fmt: skip
    assert "over fid.inception and lpips.alex, N = 100 under each" in made["table3.md"]
    gap = csv_row(made["table3.csv"], "S2R", "sr4", "edsr", "gap")
    gain = csv_row(made["table3.csv"], "R2R", "sr4", "edsr", "gain_percent")
    assert (gap["measured"], gap["published"], gap["comparable"]) == ("3", "2.8", "yes")
    assert (gain["measured"], gain["published"], gain["comparable"]) == ("37.5", "14.8", "yes")
    (row,) = [line for line in made["table3.md"].split("## Gap and gain")[1].splitlines() if "EDSR" in line]
    assert row.replace(" ", "") == "|EDSR|4.00|2.00|3.0[2]|2.8|50.00|25.00|37.5[2]|14.8|"
    assert "- [2] no interval: without one of the groups of images there is no such change" in made["table3.md"]


def test_a_set_score_has_its_jackknife_interval_and_a_kernel_distance_its_deviation(tables):
    made = tables(
        replace(of_set("edsr", "ffd.dlib", 10.0, 3000), replicates=(9.0, 12.0)),
        replace(of_set("edsr", "kid.inception", 0.5, 3000), replicates=(0.5, 0.5), deviation=0.25),
        of_set("srgan", "ffd.dlib", 12.0, 3000),
    )
    assert cells(made["table2.md"], "sr4", "EDSR")["FFD-dlib"] == "9.5000 ±2.9400"  # the only one of its kind
    row = csv_row(made["table2.csv"], "S2S", "sr4", "edsr", "ffd.dlib")
    assert (row["measured"], row["plain"], row["low"], row["high"]) == ("9.5", "10", "6.56", "12.44")
    assert "- Reduced in bias: FFD-dlib. A Frechet distance of few images is too large" in made["table2.md"]
    assert csv_row(made["table2.csv"], "S2S", "sr4", "edsr", "kid.inception")["plain"] == ""
    assert cells(made["table2.md"], "sr4", "EDSR")["KID"] == "0.50000 (sd 0.25000)"
    assert "sd: standard deviation over the subsets" in made["table2.md"]
    assert cells(made["table2.md"], "sr4", "SRGAN")["FFD-dlib"] == "12.0000 [2]"
    assert "- [2] no interval, and a Frechet distance not reduced in bias" in made["table2.md"]


def test_every_frechet_distance_of_a_table_is_said_to_be_reduced_in_bias(tables, tmp_path):
    """Also one that the paper's tables do not have, such as a FID to a set known by its mean and covariance."""
    metric = "fid.inception@faces.npz"
    rows = f'version = 1\nprotocols = ["S2S"]\ncolumns = ["{metric}"]\n[[rows]]\ntask = "sr4"\nmethods = ["edsr"]\n'
    (tmp_path / "mine.toml").write_text(rows)
    tables(replace(of_set("edsr", metric, 10.0, 3000), replicates=(9.0, 12.0)))
    markdown = render("quick", tmp_path, [str(tmp_path / "mine.toml")])[0].read_text()
    assert "- Reduced in bias: FID to faces." in markdown


def test_what_nobody_has_scored_yet_breaks_no_table_and_has_no_column(tables):
    made = tables(*of_images("edsr", "psnr.rgb", [24.0]))
    assert "MMD-dlib" not in made["table2.md"]
    later = tables(*of_images("edsr", "psnr.rgb", [24.0]), of_set("edsr", "mmd.dlib", -0.0012, 100))
    assert cells(later["table2.md"], "sr4", "EDSR")["MMD-dlib"].startswith("-0.0012")
    assert cells(later["table2.md"], "sr4", "SRGAN")["MMD-dlib"] == ""


def test_gap_falls_back_to_other_metrics_and_leaves_a_small_frechet_distance_out(tables):
    made = tables(
        *three_protocols(1.0, 4.0, 2.0, 8, "ffd.dlib"),
        *three_protocols(0.1, 0.2, 0.15, 8, "gmsd"),
        *three_protocols(None, None, None, None, "fid.inception"),
    )
    assert "over gmsd, N = 8 under each" in made["table3.md"]
    assert "ffd.dlib is shown but not counted" in made["table3.md"]
    assert "gap ×, FFD-dlib" in made["table3.md"]
    gap = csv_row(made["table3.csv"], "S2R", "sr4", "edsr", "gap")
    assert (gap["measured"], gap["comparable"], gap["n"]) == ("2", "no", "8")
    assert csv_row(made["table3.csv"], "S2R", "sr4", "edsr", "gap:ffd.dlib")["measured"] == "4"


@pytest.mark.parametrize(
    "change,reason",
    [
        ({"checkpoint": "another"}, "different checkpoints"),
        ({"split": "another"}, "different test splits"),
        ({"n": 120}, "different numbers of images (S2S 100, S2R 120, R2R 100)"),
    ],
)
def test_a_gap_between_runs_that_do_not_belong_together_is_refused(tables, change, reason):
    lines = [replace(line, **change) if line.protocol == "S2R" else line
             for line in three_protocols(10.0, 40.0, 20.0, 100, "fid.inception")]  # fmt: skip
    made = tables(*lines)
    assert reason in made["table3.md"] and "n/a [" in made["table3.md"]


def test_rendering_twice_gives_equal_bytes(tables):
    scores = [
        *of_images("edsr", "psnr.rgb", [24.0, None]),
        *of_images(ISPL, "gmsd", [0.1]),
        *of_images("edsr", "gmsd", [0.3]),
    ]
    assert tables(*scores) == tables(*scores)


def test_every_table_comes_in_three_forms_of_the_same_width(tables):
    made = tables(*of_images("edsr", "psnr.rgb", [24.0]), *three_protocols(0.1, 0.2, 0.15, 8, "gmsd"))
    assert set(made) == {f"{name}.{ending}" for name in TABLES for ending in ("md", "csv", "tex")}
    for name in TABLES:
        for block in made[f"{name}.md"].split("\n## ")[1:]:
            assert len({len(line) for line in block.splitlines() if line.startswith("|")}) <= 1
        tex = made[f"{name}.tex"]
        assert tex.isascii() and tex.count("{") == tex.count("}") and r"\toprule" in tex
        for tabular in tex.split(r"\begin{tabular}")[1:]:
            columns = len(tabular[1 : tabular.index("}")])
            rows = [line for line in tabular.splitlines() if line.endswith(r"\\") and "multicolumn" not in line]
            assert {line.count(" & ") + 1 for line in rows} == {columns}


def test_rendering_needs_no_torch(tables, tmp_path):
    tables(profile="paper")
    code = (
        "import sys, json; from pathlib import Path; from benchmark.reports.tables.render import render; "
        "paths = render('paper', Path(sys.argv[1])); "
        "print(json.dumps([len(paths), 'torch' in sys.modules]))"
    )
    root = Path(__file__).parents[4]
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True, cwd=root
    )
    assert json.loads(done.stdout) == [9, False]
