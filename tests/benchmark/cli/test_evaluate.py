"""`benchmark evaluate`: any test sets, any ready methods, one folder with everything in it."""

import csv
import json
import os
import shutil

import numpy as np
import pytest

from benchmark.specs.evaluation import Evaluation, read_evaluation
from degrade.core.errors import InputError
from degrade.core.image import encode_jpeg, read, write
from degrade.portraits.paint import paint
from tests.benchmark.cli.calling import call, table

pytestmark = pytest.mark.usefixtures("elsewhere")

METRICS = ("--metrics", "psnr.rgb,gmsd")


def test_a_split_and_two_methods_give_tables_scores_of_each_image_and_figures(made, tmp_path):
    result = call("evaluate", made, "--method", "Mine=bicubic", "--method", "bicubic_x4", *METRICS, "--out", "out")
    assert result.exit_code == 0, result.output
    tables = {"table.md", "table.csv", "table.tex", "images.csv"}
    expected = {"evaluation.toml", "outcome.json", "scores", "figures"} | tables
    assert {path.name for path in (tmp_path / "out").iterdir()} == expected
    assert "Mine" in result.output and "Bicubic 1/4 and back" in result.output
    values = table(tmp_path / "out")
    assert {key[:2] for key in values} == {("blurred", "Mine"), ("blurred", "bicubic_x4")}
    images = list(csv.DictReader((tmp_path / "out" / "images.csv").open()))
    assert len(images) == 4 * 2 * 2
    mine = [float(line["value"]) for line in images if (line["method"], line["metric"]) == ("Mine", "psnr.rgb")]
    assert float(values["blurred", "Mine", "psnr.rgb"]) == pytest.approx(np.mean(mine), abs=1e-6)
    assert float(values["blurred", "Mine", "seconds"]) > 0
    # One column for each of three images, and a row for each of four faces.
    assert read(tmp_path / "out" / "figures" / "sheet-blurred.png").shape[1] == 4 * (64 + 6) + 6


def test_the_same_command_computes_nothing_again_and_another_method_only_itself(made):
    call("evaluate", made, "--method", "bicubic", *METRICS, "--out", "out")
    again = call("evaluate", made, "--method", "bicubic", *METRICS, "--out", "out")
    assert "scores: 0 made, 8 reused" in again.output
    more = call("evaluate", made, "--method", "bicubic", "--method", "bicubic_x4", *METRICS, "--out", "out")
    assert "scores: 8 made, 8 reused" in more.output
    anew = call("evaluate", made, "--method", "bicubic", *METRICS, "--out", "out", "--anew")
    assert "scores: 8 made, 0 reused" in anew.output


def test_a_folder_of_the_whole_test_set_does_for_a_part_of_it(made, tmp_path):
    shutil.copytree(made / "lq", tmp_path / "outs")
    shutil.copytree(made / "hq", tmp_path / "pair" / "hq")
    shutil.copytree(made / "lq", tmp_path / "pair" / "lq")
    (tmp_path / "list.txt").write_text("\n".join(sorted(path.stem for path in (made / "lq").iterdir())[:3]))
    asked = ("--method", "folder:outs", "--metrics", "psnr.rgb")
    for place, split in enumerate((made, "pair")):
        for less in (("--limit", 2), ("--list", "list.txt")):
            result = call("evaluate", split, *asked, *less, "--out", f"out{place}{less[0]}")
            assert result.exit_code == 0, result.output
    (tmp_path / "outs" / "another.png").write_bytes((tmp_path / "outs" / f"{_names(made)[0]}.png").read_bytes())
    refused = call("evaluate", made, *asked, "--limit", 2, "--out", "out")
    assert "expected one image for each of 2 names; 1 extra: another" in refused.output
    faces = ("--faces", made / "hq", "--recipe", "jpeg", "--size", 64, "--limit", 2)
    (tmp_path / "outs" / "another.png").unlink()
    assert call("evaluate", *faces, *asked, "--out", "out-faces").exit_code == 0


def _names(split):
    return sorted(path.stem for path in (split / "lq").iterdir())


def test_its_record_asks_the_same(made, tmp_path):
    call("evaluate", made, "--method", "Mine=bicubic", *METRICS, "--limit", 2, "--out", "first")
    result = call("evaluate", "first/evaluation.toml", "--out", "second")
    assert result.exit_code == 0
    assert (tmp_path / "first" / "evaluation.toml").read_text() == (tmp_path / "second" / "evaluation.toml").read_text()
    first, second = (table(tmp_path / name) for name in ("first", "second"))
    timed = ("seconds", "peak_mib")
    assert {key: value for key, value in first.items() if key[2] not in timed} == {
        key: value for key, value in second.items() if key[2] not in timed
    }
    refused = call("evaluate", "first/evaluation.toml", "--method", "bicubic_x4", "--out", "third")
    assert refused.exit_code == 2 and "says all that is asked" in refused.output


def test_faces_and_recipes_make_the_test_sets(tmp_path):
    (tmp_path / "faces").mkdir()
    for seed in range(3):
        (tmp_path / "faces" / f"{seed}.jpg").write_bytes(encode_jpeg(paint(seed, 64)))
    recipes = ("--recipe", "sr4", "--recipe", "jpeg")
    result = call(
        "evaluate", "--faces", "faces", *recipes, "--size", 64, "--method", "bicubic", *METRICS, "--out", "out"
    )
    assert result.exit_code == 0, result.output
    assert {key[0] for key in table(tmp_path / "out")} == {"sr4", "jpeg"}


def test_a_plain_pair_of_folders_and_degraded_images_alone_are_test_sets(made, tmp_path):
    for name in ("hq", "lq"):
        shutil.copytree(made / name, tmp_path / "pair" / name.upper())
    shutil.copytree(made / "lq", tmp_path / "alone")
    result = call("evaluate", "pair", "alone", "--method", "bicubic", "--metrics", "psnr.rgb,niqe.y", "--out", "out")
    assert result.exit_code == 1 and "Left out of alone, which has no references: PSNR" in result.output
    values = table(tmp_path / "out")
    assert ("pair", "bicubic", "psnr.rgb") in values and ("alone", "bicubic", "psnr.rgb") not in values
    assert ("alone", "bicubic", "niqe.y") in values, result.output
    for metrics in (["--metrics", "niqe.y"], []):  # those of the paper are left out where they cannot be had
        alone = call("evaluate", "alone", "--method", "bicubic", *metrics, "--out", f"out{metrics}")
        assert alone.exit_code == len(metrics) // 2, "niqe.y was named and has no value of 64 px"


def test_a_test_set_that_no_metric_can_do_with_is_refused_before_any_work(made, tmp_path):
    shutil.copytree(made / "lq", tmp_path / "alone")
    refused = call("evaluate", made, "alone", "--method", "bicubic", "--metrics", "psnr.rgb", "--out", "out")
    assert (
        refused.exit_code == 2 and "alone: has no references, and none of the metrics can do without" in refused.output
    )
    assert not (tmp_path / "out").exists()


def test_a_method_that_cannot_run_is_named_and_the_others_run(made, tmp_path):
    result = call("evaluate", made, "--method", "edsr", "--method", "bicubic", *METRICS, "--out", "out")
    assert result.exit_code == 1
    assert "left out: edsr on blurred: edsr: must be trained" in result.output
    assert ("blurred", "bicubic", "psnr.rgb") in table(tmp_path / "out")


def test_a_folder_of_results_is_a_method(made, tmp_path):
    shutil.copytree(made / "hq", tmp_path / "outs")
    result = call("evaluate", made, "--method", "Perfect=folder:outs", "--method", "bicubic", *METRICS, "--out", "out")
    assert result.exit_code == 0
    assert table(tmp_path / "out")["blurred", "Perfect", "psnr.rgb"] == "inf"


def test_a_folder_of_results_holds_one_for_each_of_several_test_sets(made, tmp_path):
    call("evaluate", "--faces", made / "hq", "--recipe", "jpeg", "--recipe", "denoise", "--size", 64,
         "--method", "bicubic", *METRICS, "--out", "first")  # fmt: skip
    for name in ("jpeg", "denoise"):
        (split,) = (tmp_path / "runs/splits").glob(f"{name}-64-*")
        shutil.copytree(split / ("hq" if name == "jpeg" else "lq"), tmp_path / "outs" / name)
    again = ("evaluate", "first/evaluation.toml", "--out", "second")
    asked = (tmp_path / "first/evaluation.toml").read_text()
    (tmp_path / "first/evaluation.toml").write_text(
        asked.replace('"bicubic"', '"Ours=folder:outs/{split}", "identity"')
    )
    assert call(*again).exit_code == 0
    values = table(tmp_path / "second")
    assert values["jpeg", "Ours", "psnr.rgb"] == "inf"
    assert values["denoise", "Ours", "psnr.rgb"] == values["denoise", "identity", "psnr.rgb"]
    (tmp_path / "first/evaluation.toml").write_text(asked.replace('"bicubic"', '"Ours=folder:outs/jpeg", "identity"'))
    refused = call(*again)
    assert refused.exit_code == 1
    assert "left out: Ours on jpeg, denoise: folder:outs/jpeg: one folder for jpeg, denoise, whose" in refused.output


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (["--method", "bicubic"], "expected a test set"),
        (["SPLIT"], "expected at least one method"),
        (["SPLIT", "--method", "A=bicubic", "--method", "A=bicubic_x4"], "two are called 'A'"),
        (["SPLIT", "--method", "A=bicubic", "--method", "B=bicubic"], "bicubic is named twice"),
        (["SPLIT", "--method", "bicubic", "--metrics", "psnr"], "unknown metric 'psnr'"),
        (["SPLIT", "--method", "bicubic", "--metrics", " ,"], "--metrics: expected ids with commas between, got ' ,'"),
        (["SPLIT", "--method", "bicubic", "--metrics", ""], "leave it out for the default"),
        (["SPLIT", "--method", "bicubic", "--faces", "SPLIT"], "name it with --recipe"),
        (["SPLIT", "--method", "bicubic", "--size", "128"], "is a split of 64 px"),
        (["nothing", "--method", "bicubic"], "expected a folder of images"),
        (["SPLIT", "SPLIT", "--method", "bicubic"], "two test sets are called"),
        (["é" * 76, "--method", "bicubic"], "of a test set is longer than 150 bytes"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(made, arguments, sentence, tmp_path):
    result = call(
        "evaluate", *(str(made) if argument == "SPLIT" else argument for argument in arguments), "--out", "out"
    )
    assert result.exit_code == 2 and sentence in result.output
    assert not (tmp_path / "out").exists()


def test_long_names_of_folders_that_are_no_longer_than_they_may_be(made, tmp_path):
    split, outs = tmp_path / ("é" * 75), tmp_path / ("ä" * 120)
    shutil.copytree(made, split)
    shutil.copytree(split / "lq", outs)
    done = call("evaluate", str(split), "--method", f"folder:{outs.name}", "--metrics", "psnr.rgb", "--out", "out")
    assert done.exit_code == 0, done.output
    assert (tmp_path / f"out/figures/sheet-{split.name}.png").is_file()


def test_an_evaluation_is_what_its_text_says(tmp_path):
    asked = Evaluation(('Ours=cmd:"a b" {input}',), ("täst",), ("psnr.rgb",), limit=3, align=True)
    (tmp_path / "e.toml").write_text(asked.to_toml())
    assert read_evaluation(tmp_path / "e.toml") == asked
    (tmp_path / "short.toml").write_text('methods = ["bicubic"]\nsplits = ["x"]\n')
    assert read_evaluation(tmp_path / "short.toml") == Evaluation(("bicubic",), ("x",))
    (tmp_path / "wrong.toml").write_text('methods = ["bicubic"]\nsplit = ["x"]\n')
    with pytest.raises(InputError, match="did you mean 'splits'"):
        read_evaluation(tmp_path / "wrong.toml")


def test_what_restoring_cost_is_that_of_the_method(made, tmp_path):
    (tmp_path / "slow_method.py").write_text(
        "import time\nimport numpy as np\n\n"
        "def restore(image):\n    time.sleep(0.05)\n    np.ones(64 << 20, np.uint8)\n    return image\n"
    )
    call("evaluate", made, "--method", "Slow=python:slow_method:restore", *METRICS, "--out", "out")
    values = table(tmp_path / "out")
    assert float(values["blurred", "Slow", "seconds"]) >= 0.05
    facts = json.loads(next((tmp_path / "out" / "scores").glob("*.json")).read_text())
    assert facts["sessions"][0]["restored"]["images"] == 4
    if (peak := values.get(("blurred", "Slow", "peak_mib"))) is not None:  # known under Linux
        assert 60 < float(peak) < 120


def test_what_a_function_says_when_it_fails_is_cut(made, tmp_path):
    (tmp_path / "wordy.py").write_text("def fails(*images):\n    raise ValueError('a\\nb ' + 3000 * 'x')\n")
    methods = ("--method", "bicubic", "--method", "Mine=python:wordy:fails")
    metrics = ("--metrics", "psnr.rgb,python:wordy:fails")
    assert call("evaluate", made, *methods, *metrics, "--out", "out").exit_code == 1
    for name in ("table.md", "table.csv", "images.csv"):
        text = (tmp_path / "out" / name).read_text()
        assert 200 * "x" in text and 400 * "x" not in text and "a b x" in text, name


def test_two_splits_of_one_name_are_called_by_the_folder_above(made, tmp_path):
    for parent in ("a", "b"):
        shutil.copytree(made, tmp_path / parent / "test")
    call("evaluate", "a/test", "b/test", "--method", "bicubic", *METRICS, "--out", "out")
    assert {key[0] for key in table(tmp_path / "out")} == {"a-test", "b-test"}


def test_images_of_other_sides_are_listed_and_the_rest_is_scored(tmp_path):
    (tmp_path / "photos").mkdir()
    write(tmp_path / "photos" / "a.png", paint(0, 64))
    write(tmp_path / "photos" / "b.png", paint(1, 48))
    result = call("evaluate", "photos", "--method", "bicubic", "--metrics", "niqe.y,found.dlib", "--out", "out")
    assert result.exit_code == 1 and "b.png: expected 64 px" in result.output


def test_home_folders_lists_and_files_of_every_form_are_understood(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("eval.2", "b"):
        write(tmp_path / "set" / "lq" / f"{name}.png", paint(1, 64))
        write(tmp_path / "set" / "hq" / f"{name}.png", paint(2, 64))
    write(tmp_path / "outs" / "eval.2.png", paint(1, 64))
    (tmp_path / "list").write_bytes("./eval.2.png\r\n".encode("utf-16"))
    asked = Evaluation(("A=folder:~/outs",), ("~/set",), ("psnr.rgb",), list_file="~/list")
    (tmp_path / "asked.TOML").write_bytes(asked.to_toml().encode("utf-16"))
    result = call("evaluate", "asked.TOML", "--out", "~/out")
    assert result.exit_code == 0 and not (tmp_path / "~").exists(), result.output
    assert [line["image"] for line in csv.DictReader((tmp_path / "out" / "images.csv").open())] == ["eval.2"]
    assert call("evaluate", "x" * 300, "--method", "bicubic", "--out", "o").exit_code == 2


def test_a_folder_whose_name_is_not_utf8_is_a_test_set(tmp_path):
    folder = os.fsdecode(b"caf\xe9")
    write(tmp_path / folder / "a.png", paint(1, 64))
    for reused in (0, 1):
        result = call("evaluate", folder, "--method", "bicubic", "--metrics", "niqe.y", "--out", "out")
        assert f"{1 - reused} made, {reused} reused" in result.output.splitlines()[-8:].__str__(), result.output
    assert 'splits = ["caf%E9"]' in (tmp_path / "out" / "evaluation.toml").read_text()
