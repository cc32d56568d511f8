"""Where an evaluation reads and writes: no file of others is replaced, and folders are known by whatever path."""

import json
import shutil
import unicodedata

import pytest

from benchmark.runs.evaluation.run_evaluation import REPLACED
from tests.benchmark.cli.calling import call, table

pytestmark = pytest.mark.usefixtures("elsewhere")


def asked(made, *more):
    return call("evaluate", made, "--method", "identity", *more, "--metrics", "psnr.rgb", "--out", "out")


@pytest.mark.parametrize("name", [*REPLACED, "outcome.json"])
def test_a_folder_with_a_strangers_file_is_refused(made, tmp_path, name):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).write_text("theirs")
    refused = asked(made)
    assert refused.exit_code == 2 and f"out/{name}: " in refused.output, refused.output
    assert [path.read_text() for path in (tmp_path / "out").iterdir()] == ["theirs"]


def test_a_folder_of_an_evaluation_is_none_of_a_stranger(made, tmp_path):
    assert asked(made).exit_code == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {*REPLACED, "outcome.json", "scores"}
    (tmp_path / "out/outcome.json").unlink()  # as older ones have none
    assert asked(made, "--method", "bicubic").exit_code == 0


def test_a_request_that_a_user_wrote_stays_until_something_else_is_asked(made, tmp_path):
    request = tmp_path / "out" / "evaluation.toml"
    request.parent.mkdir()
    written = f"# mine\nmethods = ['identity']\nsplits = [{json.dumps(str(made))}]\nmetrics = ['psnr.rgb']\n"
    request.write_text(written)
    for _ in range(2):
        assert call("evaluate", request, "--out", "out").exit_code == 0
        assert request.read_text() == written
    assert asked(made, "--method", "bicubic").exit_code == 0
    assert "bicubic" in request.read_text()


@pytest.mark.parametrize("option", ["--out", "--work"])
@pytest.mark.parametrize("place", ["photos", "photos/deep/er", "pair/lq/x", "pair/hq"])
def test_results_among_the_images_that_are_read_are_refused(made, tmp_path, place, option):
    for folder in ("photos", "pair/hq", "pair/lq"):
        shutil.copytree(made / "lq", tmp_path / folder)
    before = sorted(tmp_path.rglob("*"))
    photos = [("photos",), ("--faces", "photos", "--recipe", "jpeg", "--size", "64")]
    for images in photos if "photos" in place else [("pair",)]:
        places = {"--out": "out", "--work": "runs"} | {option: place}
        given = [word for each in places.items() for word in each]
        refused = call("evaluate", *images, "--method", "identity", "--metrics", "psnr.rgb,gmsd", *given)
        assert refused.exit_code == 2 and f"{place}: lies inside the folder of the faces" in refused.output
    assert sorted(tmp_path.rglob("*")) == before


def test_results_beside_the_images_of_a_test_set_are_none_of_them(made, tmp_path):
    shutil.copytree(made, tmp_path / "split")
    for folder in ("pair/hq", "pair/lq"):
        shutil.copytree(made / "lq", tmp_path / folder)
    for folder in ("split", "pair"):
        given = ("--metrics", "psnr.rgb", "--out", f"{folder}/out", "--work", f"{folder}/runs")
        for _ in range(2):
            result = call("evaluate", folder, "--method", "identity", *given)
            assert result.exit_code == 0, result.output
        assert "4 images" in result.output


def test_a_sheet_replaces_no_image_that_it_shows(made, tmp_path):
    shutil.copytree(made, tmp_path / "split")
    given = ("--method", "bicubic", "--metrics", "psnr.rgb", "--out", "out")
    assert call("evaluate", "split", *given).exit_code == 0
    images = [*(tmp_path / "split/lq").iterdir(), *(tmp_path / "runs").rglob("restored/**/*.png")]
    assert len(images) >= 8
    for image in images:
        before = image.read_bytes()
        refused = call("sheet", "--results", "out", "--out", image, "--overwrite")
        assert refused.exit_code == 2 and f"{image}: lies inside the folder of the faces" in refused.output
        assert image.read_bytes() == before


def test_a_test_set_is_named_by_a_path_of_dots_as_by_its_name(made, tmp_path, monkeypatch):
    for folder in ("plain/hq", "plain/lq"):
        shutil.copytree(made / "lq", tmp_path / folder)
    shutil.copytree(made, tmp_path / "split")
    methods = ("--method", "identity", "--method", "bicubic")
    for folder in ("plain", "split"):
        (tmp_path / folder / "sub").mkdir()
        monkeypatch.chdir(tmp_path / folder / "sub")
        places = ("--out", tmp_path / f"out-{folder}", "--work", tmp_path / "runs")
        result = call("evaluate", "..", *methods, "--metrics", "psnr.rgb", *places)
        assert result.exit_code == 0, result.output
        assert {name for name, *_ in table(tmp_path / f"out-{folder}")} == {folder}
    monkeypatch.chdir(tmp_path / "out-split" / "figures")
    assert "Evaluation out-split, split" in call("compare", "identity", "bicubic", "--results", "..").output


def test_names_in_another_form_of_unicode_are_the_same_names(made, tmp_path):
    composed = "caf\N{LATIN SMALL LETTER E WITH ACUTE}"
    decomposed = unicodedata.normalize("NFD", composed)
    for folder in (decomposed, f"a/{composed}", f"b/{decomposed}"):
        shutil.copytree(made, tmp_path / folder)
    for folder in (decomposed, f"a-{composed}", f"b-{decomposed}"):
        shutil.copytree(made / "lq", tmp_path / "outs" / folder)
    asked = ("--method", "Ours=folder:outs/{split}", "--method", "identity", "--metrics", "psnr.rgb")
    assert call("evaluate", decomposed, *asked, "--out", "one").exit_code == 0
    two = call("evaluate", f"a/{composed}", f"b/{decomposed}", *asked, "--out", "two")
    assert two.exit_code == 0 and {name for name, *_ in table(tmp_path / "two")} == {f"a-{composed}", f"b-{composed}"}
    for command in (("compare", "Ours", "identity"), ("sheet",)):
        for results, name in (("one", decomposed), ("two", f"b-{decomposed}")):
            assert call(*command, "--results", results, "--split", name).exit_code == 0, (command, name)
