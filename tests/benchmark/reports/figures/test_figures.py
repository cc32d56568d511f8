"""Figures: what is drawn of a profile's scores, from which checkpoints, and what is left out."""

from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from benchmark.analysis.runs import Runs
from benchmark.cli.main import benchmark
from benchmark.records.run_file import RunFiles
from benchmark.records.scores import read_scores
from benchmark.reports.figures.colours import colours
from benchmark.reports.figures.gallery import Gallery, _compared
from benchmark.reports.figures.method_sheet import method_sheet
from benchmark.reports.figures.plane import places, plane
from benchmark.reports.figures.sheets import SheetSize
from benchmark.runs.request import RunRequest
from benchmark.runs.run import run
from benchmark.runs.settings import DataFolders, Settings
from benchmark.runs.splits import domain_split
from benchmark.specs.protocols import Profile, load_protocol
from benchmark.specs.tables import load_table
from degrade.core.errors import InputError
from degrade.core.image import read, write
from degrade.portraits.paint import paint

TINY = Profile("quick", 64, 2, 1, 2, 4, 1, 2, "none", (0,))


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    """Scores of a floor, a tuned and two trained methods, under all three protocols."""
    root = tmp_path_factory.mktemp("figures")
    settings = Settings(TINY, work=root / "work", results=root / "results", device="cpu")
    asked = [("S2S", "sr4", name) for name in ("bicubic_x4", "edsr", "ispl")] + [("S2S", "denoise", "nlm")]
    asked += [(protocol, "sr4", "edsr") for protocol in ("S2R", "R2R")]
    for protocol, task, method in asked:
        chosen = replace(load_protocol(protocol), metrics=("psnr.rgb", "gmsd"))
        run(RunRequest(settings, chosen, method, (task,)))
    return settings


@pytest.fixture(scope="module")
def made(scored):
    return Gallery(scored, SheetSize(1)).draw()


@pytest.mark.slow
def test_every_figure_of_the_scores_is_drawn_and_nothing_is_trained_for_it(scored, made):
    named = {path.stem for path in made.files}
    assert {"plane", "sr4", "residuals-sr4", "denoise", "residuals-denoise", "domains", "factors"} <= named
    curves = {path.parent.name for path in (scored.work / "checkpoints").glob("*/losses.csv")}
    assert len(curves) == 3 and {f"curves-{name}" for name in curves} <= named
    assert made.left_out == [] and all(read(path, background="white").std() > 0.01 for path in made.files)
    assert len(list((scored.work / "checkpoints").iterdir())) == 4


def test_a_sheet_of_methods_replaces_no_image_that_it_shows(scored):
    request = RunRequest(scored, load_protocol("S2S"), "bicubic_x4", ("sr4",))
    split = domain_split(scored, "synthetic", "sr4", "test").split
    image = split.files(split.names[0])[1]
    before = image.read_bytes()
    with pytest.raises(InputError, match="lies inside the folder of the faces"):
        method_sheet(request, ["bicubic_x4"], SheetSize(9), image)
    assert image.read_bytes() == before


def test_a_sheet_has_a_column_for_each_method_with_scores_and_s2r_stands_beside_r2r(scored, made):
    sizes = {path.stem: read(path, background="white").shape[1] for path in made.files}
    width = {
        columns: columns * 70 + 6 for columns in range(1, 7)
    }  # 64 px and 6 px beside each, as contact_sheet has it
    assert sizes["sr4"] == width[5]  # degraded, bicubic_x4, edsr, ispl, reference
    assert sizes["residuals-sr4"] == width[5] and sizes["domains"] == width[4]


def test_a_method_whose_checkpoint_is_gone_or_another_is_left_out_and_said(scored, tmp_path):
    for work in (tmp_path / "none", tmp_path / "other"):
        settings = replace(scored, work=work, results=tmp_path / "results")
        if not settings.results.exists():
            settings.results.mkdir()
            (settings.results / "quick").mkdir()
            (settings.results / "quick" / "scores").symlink_to(scored.results / "quick" / "scores")
        if work.name == "other":
            for path in scored.work.glob("checkpoints/*"):
                (work / "checkpoints" / path.name).mkdir(parents=True)
                (work / "checkpoints" / path.name / "model.safetensors").write_bytes(b"other weights")
        drawn = Gallery(settings, SheetSize(1)).draw()
        assert {path.stem for path in drawn.files} == {"plane", "sr4", "residuals-sr4"}
        assert len(drawn.left_out) == 4
        assert all("the checkpoint that was scored is not below" in sentence for sentence in drawn.left_out)


def own_split(scored):
    return next(score.split for score in read_scores(scored.results, "quick") if score.task == "sr4")


def test_the_plane_has_the_means_of_the_score_lines(scored):
    scores = read_scores(scored.results, "quick")
    perception, found = places(Runs(scores), load_table("table2"))
    assert perception == "gmsd" and list(found) == ["sr4", "denoise"]
    assert [place.method for place in found["sr4"]] == ["bicubic_x4", "edsr", "ispl"]
    own = [s.value for s in scores if (s.method, s.protocol, s.metric) == ("edsr", "S2S", "psnr.rgb")]
    assert found["sr4"][1].distortion == pytest.approx(np.mean(own))
    assert {(place.split, place.images) for place in found["sr4"]} == {(own_split(scored), 2)}
    names = {place.method: place.method for own in found.values() for place in own}
    picture = plane(found, perception, "a title", names, colours(names))
    assert picture.ndim == 3 and picture.std() > 0.01


def test_the_plane_leaves_out_what_was_scored_on_other_images_than_the_newest(scored):
    scores = read_scores(scored.results, "quick")
    own = {score.method: (score.run, score.split) for score in scores if (score.protocol, score.task) == ("S2S", "sr4")}
    splits = {run: (split, "older" if method == "bicubic_x4" else "same") for method, (run, split) in own.items()}
    _, found = places(Runs(scores, RunFiles(splits=splits)), load_table("table2"))
    assert [place.method for place in found["sr4"]] == ["edsr", "ispl"]


def test_only_faces_of_a_list_that_may_be_shown_are_drawn(scored, tmp_path, monkeypatch):
    monkeypatch.setenv("FACES_HQ", str(tmp_path))
    lite = replace(scored, profile=replace(TINY, name="lite"))
    with pytest.raises(InputError, match=r"show\.txt: expected the list of faces that may be shown"):
        Gallery(lite, SheetSize(1))
    for name in ("a", "b"):
        write(tmp_path / f"{name}.png", paint(0, 64))
    (tmp_path / "show.txt").write_text("b\n")
    assert Gallery(lite, SheetSize(1))._split("synthetic", "sr4").names == ("b",)
    (tmp_path / "mine.txt").write_text("a\n")
    mine = replace(lite, faces=DataFolders(names=tmp_path / "mine.txt"))
    assert Gallery(mine, SheetSize(1))._split("synthetic", "sr4").names == ("a",)


def test_the_command_says_what_it_wrote_and_that_without_scores_there_is_nothing_to_draw(scored, tmp_path):
    empty = CliRunner().invoke(benchmark, ["figures", "--results", str(tmp_path)])
    assert empty.exit_code == 2 and "has no scores to draw, of methods of Tables 1 to 3" in empty.output


def test_a_task_of_both_tables_shows_each_method_once():
    compared = _compared()
    assert list(compared)[0] == "mosaic16" and compared["dual_blind"] == list(load_table("table2").rows[-1].methods)
    assert compared["mosaic16"][:7] == list(load_table("table1").rows[0].methods)
    assert compared["mosaic16"][7:] == ["identity", "bicubic_x4", "superfan", "esrgan", "waveletcnn"]  # no second ispl
