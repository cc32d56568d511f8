"""Scores of arrays and tables of scores, from Python."""

import math

import numpy as np
import pandas
import pytest

from benchmark.evaluation import evaluate
from benchmark.metrics import registry
from benchmark.records.load_scores import load_scores
from benchmark.records.scores import ScoreFile, read_scores
from benchmark.runs.run_protocol import run_protocol
from benchmark.runs.scoring.score import score
from benchmark.runs.scoring.score_folders import folder_lines, score_folders
from degrade.core.errors import InputError
from degrade.core.image import from_uint8, write
from degrade.portraits.paint import paint
from tests.benchmark.made_scores import of_images, of_set

IDS = ["psnr.rgb", "ssim.gauss11.rgb", "gmsd"]


@pytest.fixture(scope="module")
def faces():
    return paint(1, 128), paint(2, 128)


def test_the_numbers_of_arrays_are_what_the_metrics_say(faces):
    assert score(*faces, metrics=IDS) == {metric: registry.load(metric)(*faces) for metric in IDS}
    assert list(score(*faces)) == ["psnr.rgb", "ssim.gauss11.rgb"]


@pytest.mark.parametrize("kind", ["uint8", "float32", "float64"])
def test_arrays_of_every_kind_are_scored_alike(kind):
    pixels = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), dtype=np.uint8)
    given = pixels if kind == "uint8" else np.stack([from_uint8(image) for image in pixels]).astype(kind)
    mean_square = ((pixels[0].astype(float) - pixels[1]) ** 2).mean() / 255**2
    assert score(given[0], pixels[1])["psnr.rgb"] == pytest.approx(-10 * math.log10(mean_square), abs=1e-4)
    assert score(given[0], pixels[0])["psnr.rgb"] == math.inf


def test_a_metric_without_a_value_is_nan_and_the_others_are_there(faces):
    blank = np.full((128, 128, 3), 90, np.uint8)
    found = score(blank, blank, metrics=["msssim.rgb", "psnr.rgb"])  # five scales do not fit into 128 px
    assert math.isnan(found["msssim.rgb"]) and found["psnr.rgb"] == math.inf


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"metrics": ["psnr.rbg"]}, "unknown metric 'psnr.rbg'; did you mean 'psnr.rgb'"),
        ({"metrics": ["ffd.dlib"]}, "ffd.dlib: compares sets, not two images; use score_folders"),
        ({"reference": None}, "psnr.rgb: expected a reference, got none"),
        ({"reference": np.zeros((8, 9, 3))}, "expected one size, got 128 x 128 and 8 x 9"),
        ({"metrics": ["lpips.alex"]}, "unavailable: lpips.alex needs"),
    ],
)
def test_what_cannot_be_scored_is_one_sentence(faces, arguments, sentence, monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    registry.load.cache_clear()
    with pytest.raises(InputError, match=sentence):
        score(faces[0], **({"reference": faces[1]} | arguments))


def test_folders_give_a_table_with_the_numbers_of_the_command_line(faces, tmp_path):
    for folder, images in (("out", faces), ("hq", faces[::-1])):
        for name, image in zip("ab", images, strict=True):
            write(tmp_path / folder / f"{name}.png", image)
    lines = folder_lines(tmp_path / "out", tmp_path / "hq", IDS)
    table = score_folders(str(tmp_path / "out"), str(tmp_path / "hq"), IDS)
    assert list(table.columns) == ["image", "metric", "value", "unit", "n", "error", "plain"]
    assert table["value"].tolist() == [line.value for line in lines] and table["metric"].tolist()[:3] == IDS
    means = table[table["image"].isna()]
    assert means["n"].tolist() == [2, 2, 2] and len(table) == 9
    with pytest.raises(InputError, match="ssim.gauss11.rgb: expected a folder of references, got none"):
        score_folders(tmp_path / "out")


def test_scores_are_a_table_by_the_name_of_a_profile_or_its_folder(tmp_path, monkeypatch):
    scores = [*of_images("edsr", "psnr.rgb", [20.0, None, math.inf]), of_set("edsr", "kid.inception", 0.25, 3)]
    with ScoreFile(tmp_path / "results" / "quick" / "scores" / "20250101T000000Z-00000000.jsonl") as file:
        for each in scores:
            file.append(each)
    monkeypatch.chdir(tmp_path)
    table = load_scores("quick")
    for same in (
        load_scores("quick", tmp_path / "results"),
        *map(load_scores, ("results/quick", "results/quick/scores")),
    ):
        pandas.testing.assert_frame_equal(same, table)
    assert table["value"].dropna().tolist() == [20.0, 0.25]
    assert table["error"].tolist() == [score.error for score in read_scores(tmp_path / "results", "quick")]
    assert table["n"].tolist()[-1] == 3 and table["seed"].isna().all() and str(table["seed"].dtype) == "Int64"
    for nothing in ("lite", "results", tmp_path / "none"):
        with pytest.raises(InputError, match="expected a profile with scores below results"):
            load_scores(nothing)


def test_one_name_is_as_good_as_several_everywhere(faces, tmp_path):
    for folder, image in zip(("out", "hq"), faces, strict=True):
        write(tmp_path / folder / "a.png", image)
    places = {"work": tmp_path / "work", "limit": 1}
    both = [
        (
            list(score(*faces, metrics=metrics)),
            score_folders(tmp_path / "out", tmp_path / "hq", metrics)["metric"].tolist()[:1],
            run_protocol("S2S", "bicubic", tasks, metrics=metrics, results=tmp_path / "results", **places)["task"][0],
            evaluate((), methods, tmp_path / "e", faces=tmp_path / "hq", recipes=tasks, size=64, metrics=metrics,
                     **places)["method"].tolist(),
        )
        for metrics, tasks, methods in (("psnr.rgb", "sr4", "bicubic"), (["psnr.rgb"], ["sr4"], ["bicubic"]))
    ]  # fmt: skip
    assert both == [(["psnr.rgb"], ["psnr.rgb"], "sr4", ["bicubic"])] * 2


def test_a_protocol_run_from_python_gives_the_scores_of_a_command_with_the_same_options(tmp_path):
    from click.testing import CliRunner

    from benchmark.cli.main import benchmark

    ours = run_protocol(
        "S2S", "bicubic", ["sr4", "sr4"], metrics=IDS[:2], limit=2, work=tmp_path / "work", results=str(tmp_path / "a")
    )
    command = ["--protocol", "S2S", "--method", "bicubic", "--task", "sr4", "--metrics", ",".join(IDS[:2])]
    places = ["--work", str(tmp_path / "work"), "--results", str(tmp_path / "b"), "--limit", "2"]
    assert CliRunner().invoke(benchmark, ["run", *command, *places]).exit_code == 0
    theirs, key = load_scores("quick", tmp_path / "b"), ["split", "image", "metric", "value"]
    assert len(ours) == 4 and ours["value"].notna().all()
    order = ["metric", "image"]
    assert ours[key].sort_values(order).values.tolist() == theirs[key].sort_values(order).values.tolist()


@pytest.mark.parametrize(
    ("protocol", "method", "tasks", "sentence"),
    [
        ("S2X", "bicubic", [], "unknown protocol"),
        ("S2S", "bicubi", [], "unknown method"),
        ("S2S", "bicubic", ["sr"], "unknown recipe"),
    ],
)
def test_unknown_names_are_one_sentence_before_anything_is_made(protocol, method, tasks, sentence, tmp_path):
    with pytest.raises(InputError, match=sentence):
        run_protocol(protocol, method, tasks, work=tmp_path / "work", results=tmp_path / "results")
    assert not list(tmp_path.iterdir())
