"""What stands above a table and its blocks: how the numbers came about, and whose faces they are of."""

import pytest

from tests.benchmark.made_scores import csv_row, of_images, of_set


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
