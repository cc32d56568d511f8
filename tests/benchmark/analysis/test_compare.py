"""Comparing methods on the same images: which differences are called real, and which runs are refused."""

import csv
import json

import numpy as np
import pytest
from click.testing import CliRunner
from msgspec.structs import replace
from scipy import stats

from benchmark.analysis.compare import compare
from benchmark.analysis.runs import Run, check_comparable
from benchmark.analysis.verdicts import FAMILY
from benchmark.cli.main import benchmark
from benchmark.records.scores import SCHEMA, Score, scores_folder
from degrade.core.errors import InputError
from tests.benchmark.made_scores import run_facts

BASE = Score(
    schema=SCHEMA, run="20250101T000000Z-00000000", profile="quick", protocol="S2S", task="sr4",
    split="sr4-256-test-00000000", method="edsr", seed=None, checkpoint=None, image="a", metric="lpips.alex", value=1.0,
    unit="1", seconds=0.0,
)  # fmt: skip
FACTS = run_facts(BASE.run, BASE.split, split_sha256="same" * 16, metrics={"lpips.alex": "same" * 16})
FACTS |= {"seed": None, "checkpoint": None}


def run_of(values, **changed):
    lines = (replace(BASE, image=f"{place:03}", value=value, **changed) for place, value in enumerate(values))
    return Run(tuple(replace(line, error="+inf" if line.value is None else "") for line in lines))


def noisy(seed, mean, images=40):
    return np.random.default_rng(seed).normal(mean, 0.1, images).tolist()


def test_a_pair_is_the_mean_difference_over_the_same_images_with_scipys_p():
    first, second = noisy(1, 0.3), noisy(2, 0.4)
    (pair,) = compare({"edsr": run_of(first), "ispl": run_of(second)})
    differences = np.subtract(first, second)
    assert pair.difference == pytest.approx(differences.mean())
    assert pair.p == pair.corrected == stats.wilcoxon(differences).pvalue
    assert pair.interval.low < pair.difference < pair.interval.high < 0
    assert (pair.images, pair.left_out, pair.better) == (40, 0, "edsr")


def test_the_interval_is_of_the_differences_and_not_of_the_two_means():
    """A small steady advantage under large differences between images is certain."""
    hard = noisy(1, 0.5)
    worse = [value + 0.01 + place * 1e-5 for place, value in enumerate(hard)]
    (pair,) = compare({"edsr": run_of(hard), "ispl": run_of(worse)})
    assert pair.interval.half < 1e-4 and pair.better == "edsr"


def test_noise_is_not_called_a_difference():
    runs = {name: run_of(noisy(seed, 0.3)) for seed, name in enumerate(("edsr", "ispl", "srgan", "srfbn"))}
    pairs = compare(runs)
    assert len(pairs) == 6 and not any(pair.better for pair in pairs)


def test_the_family_is_every_metric_of_images_of_the_two_whatever_else_is_asked_for():
    """Holm by hand: of m sorted p values the k-th times m - k + 1, never below the one before."""
    metrics = ("lpips.alex", "psnr.rgb", "gmsd", "fed.dlib")
    apart = {"edsr": 0.0, "ispl": 0.04, "srgan": 0.1}
    runs = {
        method: Run(
            tuple(
                score
                for place, metric in enumerate(metrics)
                for score in run_of(noisy(10 * seed + place, 0.3 + place * apart[method]), metric=metric).scores
            )
        )
        for seed, method in enumerate(apart)
    }
    raw = {
        metric: stats.wilcoxon(
            np.subtract(*(list(runs[method].by_image(metric).values()) for method in ("edsr", "ispl")))
        ).pvalue
        for metric in metrics
    }
    expected, before = {}, 0.0
    for rank, metric in enumerate(sorted(raw, key=raw.get)):
        before = expected[metric] = max(before, min(1.0, raw[metric] * (4 - rank)))
    assert raw["psnr.rgb"] < expected["psnr.rgb"]
    for asked in ((), ("psnr.rgb",)):
        for named in (runs, {method: runs[method] for method in ("edsr", "ispl")}):
            shown = {pair.metric: pair for pair in compare(named, asked) if pair.methods == ("edsr", "ispl")}
            assert {metric: pair.corrected for metric, pair in shown.items()} == pytest.approx(
                {metric: expected[metric] for metric in asked or metrics}
            )
            assert {pair.family for pair in shown.values()} == {4}


def test_a_metric_without_a_better_end_is_not_compared_as_the_help_says():
    consistent = run_of([20.0, 21.0], metric="consistency.replay").scores
    both = {name: Run((*run_of([0.1, 0.2]).scores, *consistent)) for name in ("edsr", "ispl")}
    assert {pair.metric for pair in compare(both)} == {"lpips.alex"}
    with pytest.raises(InputError, match="neither end is better"):
        compare(both, ["consistency.replay"])
    assert "with a better end" in " ".join(call("--help").output.split())


def test_images_without_a_value_of_both_are_left_out_and_counted():
    (pair,) = compare({"edsr": run_of([0.1, None, 0.3]), "ispl": run_of([0.2, 0.2, 0.5])})
    assert (pair.images, pair.left_out, pair.means) == (2, 1, (0.2, 0.35))


def test_training_seeds_are_averaged_image_by_image():
    both = Run((*run_of([0.1, 0.2], seed=0).scores, *run_of([0.3, 0.6], seed=1).scores))
    (pair,) = compare({"edsr": both, "ispl": run_of([0.0, 0.0])})
    assert pair.images == 2 and pair.difference == pytest.approx((0.2 + 0.4) / 2)


@pytest.mark.parametrize(
    "runs, metrics, words",
    [
        ({"edsr": run_of([1.0])}, (), "at least two methods"),
        ({"edsr": run_of([1.0]), "ispl": run_of([1.0])}, ("fid.inception",), "number of a whole set"),
        ({"edsr": run_of([1.0]), "ispl": run_of([1.0])}, ("gmsd",), "no image with values of both"),
        ({"edsr": run_of([1.0]), "ispl": run_of([None])}, (), "edsr and ispl share no image with a value"),
        ({"edsr": run_of([1.0]), "ispl": run_of([1.0])}, ("gmds",), "did you mean 'gmsd'"),
    ],
)
def test_what_cannot_be_compared_is_said_in_a_sentence(runs, metrics, words):
    with pytest.raises(InputError, match=words):
        compare(runs, metrics)


@pytest.fixture
def results(tmp_path):
    """Writes the runs of two methods with what their .json files say; gives the folder."""

    def written(**changed):
        folder = scores_folder(tmp_path, "quick")
        folder.mkdir(parents=True, exist_ok=True)
        for name, method, seed in (("20250101T000000Z-1", "edsr", 1), ("20250101T000000Z-2", "bicubic", 2)):
            lines = run_of(noisy(seed, 0.3 * seed), method=method, run=name).scores
            (folder / f"{name}.jsonl").write_text("".join(line.line() + "\n" for line in lines))
            own = FACTS | {"run": name, "method": method} | (changed if method == "bicubic" else {})
            (folder / f"{name}.json").write_text(json.dumps(own))
        return tmp_path

    return written


def call(*arguments):
    return CliRunner().invoke(benchmark, ["compare", *map(str, arguments)])


def test_the_command_prints_the_table_and_writes_it(results, tmp_path):
    out = tmp_path / "pairs.csv"
    shown = call("edsr", "bicubic", "--task", "sr4", "--results", results(), "--out", out)
    assert shown.exit_code == 0, shown.output
    (row,) = csv.DictReader(out.read_text().splitlines())
    assert (row["metric"], row["first"], row["second"], row["better"]) == ("lpips.alex", "edsr", "bicubic", "edsr")
    assert float(row["low"]) < float(row["difference"]) < float(row["high"])
    assert FAMILY in shown.output
    assert "| LPIPS  |  EDSR | Bicubic |     40 |" in shown.output and f"written: {out}" in shown.output
    assert call("edsr", "bicubic", "--task", "sr4", "--results", tmp_path, "--out", tmp_path / "x.txt").exit_code == 2


@pytest.mark.parametrize(
    "changed, words",
    [
        ({"split_sha256": "another" * 10}, "split"),
        ({"metrics": {"lpips.alex": "another" * 10}}, "lpips.alex"),
        ({"metrics": {"lpips.alex": "same" * 16, "gmsd": "another" * 10}}, ""),
    ],
)
def test_runs_of_other_splits_or_definitions_are_refused_with_the_difference_named(results, changed, words):
    shown = call("edsr", "bicubic", "--task", "sr4", "--results", results(**changed))
    assert (shown.exit_code == 2) == bool(words), shown.output
    if words:
        assert (
            shown.output.startswith("Error: runs 20250101T000000Z-1 and 20250101T000000Z-2") and words in shown.output
        )


def test_a_run_without_its_description_is_refused(results):
    folder = results()
    (scores_folder(folder, "quick") / "20250101T000000Z-2.json").unlink()
    run = run_of([1.0], run="20250101T000000Z-2")
    with pytest.raises(InputError, match="expected the description of a run"):
        check_comparable(folder, "quick", {"bicubic": run}, ())


def test_a_method_without_scores_is_answered_with_the_command_that_makes_them(results):
    shown = call("edsr", "ispl", "--task", "sr4", "--results", results())
    assert shown.exit_code == 2 and "run: benchmark run --protocol S2S --task sr4 --method ispl" in shown.output
    assert "did you mean 'edsr'" in call("bicubic", "edrs", "--task", "sr4", "--results", results()).output
