"""What stands above a table and its blocks: how the numbers came about, and whose faces they are of."""

import json
import shutil

import pytest

from benchmark.reports.tables.render import render
from degrade.core.errors import InputError
from tests.benchmark.made_scores import csv_row, of_images, of_set, run_facts


def test_the_head_says_how_the_numbers_came_about(tables):
    quick = tables(*of_images("edsr", "psnr.rgb", [24.0, 24.0]))
    assert "a check of the machinery: embedded portraits" in quick["table1.md"] and "not a result" in quick["table1.md"]
    assert "N = 2 test images, 256 px" in quick["table2.md"] and "perceptual loss none" in quick["table2.md"]
    assert "Nothing was run yet" in quick["table1.md"]
    assert "perceptual loss squeezenet" in tables(profile="lite")["table2.md"]


def test_the_stand_in_of_the_real_domain_is_called_simulated_in_every_header(tables):
    for profile, domain in {"quick": "simulated", "lite": "simulated", "paper": "FaceRenov"}.items():
        made = tables(profile=profile)["table3.md"]
        assert (
            f"## sr4 under S2R (synthetic to {domain})" in made and f"## sr4 under R2R ({domain} to {domain})" in made
        )
        assert f"Real domain: {domain}" in made


@pytest.mark.parametrize("faces, called", [("mine", "own real faces"), ("FaceRenov", "FaceRenov")])
def test_a_set_of_the_users_own_is_called_as_its_folder_is(tables, faces, called):
    split = "facerenov-512-test-00000000"
    for profile in ("lite", "paper"):
        made = tables(*of_images("edsr", "gmsd", [0.1], protocol="S2R", split=split), profile=profile, faces=faces)[
            "table3.md"
        ]
        assert f"## sr4 under S2R (synthetic to {called})" in made
        assert f"Real domain: real faces of the user's own (--facerenov: folder {faces})" in made


@pytest.mark.parametrize("faces", ["portraits", "FFHQ/512"])
def test_the_papers_numbers_stand_beside_ffhq_alone(tables, faces):
    made = tables(*of_images("edsr", "psnr.rgb", [24.0, 26.0]), of_set("edsr", "fid.inception", 9.0, 2), faces=faces)
    beside = faces != "portraits"
    assert ("(30.188)" in made["table2.md"]) == ("(30.188)" in made["table2.tex"]) == beside
    assert ("(paper)" in made["table2.md"]) == ("In brackets" in made["table2.md"]) == beside
    assert ("paper's numbers are of FFHQ at 512 px and do not stand" in made["table2.md"]) != beside
    row = csv_row(made["table2.csv"], "S2S", "sr4", "edsr", "psnr.rgb")
    assert [row[column] for column in ("published", "comparable")] == (["30.188", "yes"] if beside else ["", ""])
    assert csv_row(made["table2.csv"], "S2S", "sr4", "srgan", "psnr.rgb")["published"] == ("27.494" if beside else "")
    # Of the real domain there are no runs here, so that nobody knows whose faces they would be.
    assert "numbers are of " + ("" if beside else "FFHQ and ") + "FaceRenov at 512 px" in made["table3.md"]
    assert "paper (FID, LPIPS)" not in made["table3.md"]


def test_rows_of_a_profile_that_was_edited_after_its_runs_are_named(tables, tmp_path):
    """The width and the steps of a network that nothing trained say nothing of it."""
    trained = of_images("edsr", "psnr.rgb", [24.0], seed=0, run="20250101T000000Z-11111111")
    values = {"size": 256, "train": 48, "width": 64, "batch": 1, "steps": 999999, "perceptual": "none"}
    (tmp_path / "quick" / "scores").mkdir(parents=True)
    for run in ("11111111", "00000000"):
        facts = run_facts(f"20250101T000000Z-{run}", profile_values=values)
        (tmp_path / "quick" / "scores" / f"20250101T000000Z-{run}.json").write_text(json.dumps(facts))
    made = tables(*trained, *of_images("bicubic", "psnr.rgb", [20.0]))["table2.md"]
    assert (
        "Run with other values than the file of profile quick has now: width 64, steps 999999 (EDSR on sr4)."
    ) in made
    values["size"] = 512
    (path,) = (tmp_path / "quick" / "scores").glob("*-00000000.json")
    path.write_text(json.dumps(run_facts(path.stem, profile_values=values)))
    made = tables(*of_images("edsr", "psnr.rgb", [24.0]))["table2.md"]
    assert "file of profile quick has now: size 512 (EDSR on sr4)." in made


def test_the_scores_of_another_profile_are_refused(tables, tmp_path):
    tables(*of_images("edsr", "psnr.rgb", [24.0]), profile="lite")
    shutil.copytree(tmp_path / "lite", tmp_path / "quick")
    with pytest.raises(InputError, match="expected scores of profile quick, got one of lite; move it, and the .json"):
        render("quick", tmp_path)
