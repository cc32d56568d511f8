"""`benchmark score`: two plain folders, no protocol."""

import csv
import json
import math

import numpy as np
import pytest
from click.testing import CliRunner

from benchmark.cli.main import benchmark
from benchmark.metrics import registry as metrics
from benchmark.metrics.registry import find_metric
from benchmark.runs.scoring import score_folders
from benchmark.runs.scoring.score_folders import folder_lines
from benchmark.runs.scoring.set_scores import SetValue
from degrade.core.errors import InputError
from degrade.core.image import read, write
from degrade.portraits.paint import paint

IDS = ("psnr.rgb", "ssim.gauss11.rgb", "ffd.dlib")


@pytest.fixture(scope="module")
def faces():
    return [paint(seed, 96) for seed in range(3)]


@pytest.fixture
def folders(tmp_path, faces):
    """Three references, and restored images of which the first is perfect."""
    for place, face in enumerate(faces):
        write(tmp_path / "hq" / f"face{place}.png", face)
        write(tmp_path / "out" / f"face{place}.png", face * np.float32(1 - 0.1 * place))
    return tmp_path / "out", tmp_path / "hq"


def call(*arguments):
    return CliRunner().invoke(benchmark, ["score", *map(str, arguments)])


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_lines_of_every_image_then_means_and_sets_are_what_the_metrics_say(folders, tmp_path, suffix):
    out = tmp_path / f"scores.{suffix}"
    shown = call(*folders, "--metrics", ",".join(IDS), "--out", out)
    assert shown.exit_code == 0, shown.output
    text = out.read_text().splitlines()
    rows = list(csv.DictReader(text)) if suffix == "csv" else [json.loads(line) for line in text]
    assert [(row["image"] or None, row["metric"]) for row in rows] == [
        *((f"face{place}", metric) for place in range(3) for metric in IDS[:2]),
        *((None, metric) for metric in IDS),
    ]
    ssim = metrics.load("ssim.gauss11.rgb")
    expected = [
        ssim(read(folders[0] / f"face{place}.png"), read(folders[1] / f"face{place}.png")) for place in range(3)
    ]
    assert [float(row["value"]) for row in rows[1:6:2]] == pytest.approx(expected, abs=1e-12)
    assert float(rows[7]["value"]) == pytest.approx(math.fsum(expected) / 3) and str(rows[7]["n"]) == "3"
    assert rows[0]["error"] == "+inf" and rows[6]["error"] == "1 infinite" and str(rows[6]["n"]) == "2"
    assert f"written: {out}" in shown.output and "psnr.rgb" in shown.output


def test_without_references_only_metrics_that_need_none_are_scored(folders, tmp_path):
    with pytest.raises(InputError, match=r"psnr\.rgb, ffd\.dlib: expected a folder of references, got none"):
        folder_lines(folders[0], None, ("psnr.rgb", "niqe.y", "ffd.dlib"))
    shown = call(folders[0], "--out", tmp_path / "scores.csv")
    assert shown.exit_code == 0, shown.output
    assert {row["metric"] for row in csv.DictReader((tmp_path / "scores.csv").open())} == {"niqe.y"}


@pytest.mark.slow
def test_workers_change_nothing(folders):
    assert folder_lines(*folders, IDS, workers=2) == folder_lines(*folders, IDS)


@pytest.mark.parametrize(
    "fault, sentence",
    [
        (lambda out, hq: (out / "face1.png").unlink(), "1 missing: face1"),
        (lambda out, hq: (hq / "face1.png").unlink(), "1 extra: face1"),
        (lambda out, hq: write(out / "face2.png", np.zeros((48, 96, 3), np.float32)), r"face2 \(48x96 for 96x96\)"),
    ],
)
def test_folders_that_do_not_match_are_refused_and_nothing_is_written(folders, tmp_path, fault, sentence):
    fault(*folders)
    out = tmp_path / "scores.csv"
    shown = call(*folders, "--metrics", "psnr.rgb", "--out", out)
    assert shown.exit_code == 2 and not out.exists()
    with pytest.raises(InputError, match=sentence):
        folder_lines(*folders, ("psnr.rgb",))


def test_a_corrupt_image_is_a_line_with_its_error_and_counted_beside_the_mean(folders):
    path = folders[0] / "face1.png"
    path.write_bytes(path.read_bytes()[:300])
    lines = {(line.image, line.metric): line for line in folder_lines(*folders, ("ssim.gauss11.rgb",))}
    bad, mean = lines["face1", "ssim.gauss11.rgb"], lines[None, "ssim.gauss11.rgb"]
    assert bad.value is None and "face1.png" in bad.error
    assert (mean.n, mean.error) == (2, "1 failed")


def test_a_metric_without_weights_is_a_line_that_says_so(folders, tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "nothing"))
    metrics.load.cache_clear()
    (line,) = folder_lines(*folders, ("lpips.alex",))
    metrics.load.cache_clear()
    assert line.value is None and line.error.startswith("unavailable: lpips.alex needs")


def test_another_suffix_and_an_unknown_metric_are_one_sentence(folders, tmp_path):
    assert "ending in .csv or .jsonl" in call(*folders, "--out", tmp_path / "scores.txt").output
    assert "did you mean 'psnr.rgb'" in call(*folders, "--metrics", "psnr_rgb", "--out", tmp_path / "s.csv").output


def test_a_frechet_distance_is_reduced_in_bias_and_the_plain_one_stands_beside_it():
    found = SetValue(10.0, n=2, replicates=(11.0, 12.0))
    line = score_folders._line(None, find_metric("ffd.dlib"), found)
    assert (line.value, line.plain) == (8.5, 10.0)  # 2 x 10 - 1 x 11.5
    line = score_folders._line(None, find_metric("mmd.dlib"), found)
    assert (line.value, line.plain) == (10.0, None)
