"""An evaluation asked again with other images or methods, moved, and drawn once more."""

import json
import shutil

import numpy as np
import pytest

from degrade import make_split
from degrade.core.image import read, write
from degrade.portraits.paint import paint
from degrade.splits.replay import verify
from tests.benchmark.cli.calling import call, table

pytestmark = pytest.mark.usefixtures("elsewhere")

METRICS = ("--metrics", "psnr.rgb")


def test_fewer_images_than_before_are_what_the_table_is_of(made, tmp_path):
    call("evaluate", made, "--method", "bicubic", *METRICS, "--out", "out")
    result = call(
        "evaluate", made, "--method", "bicubic", "--method", "bicubic_x4", *METRICS, "--out", "out", "--limit", 2
    )
    assert result.exit_code == 0, result.output
    assert "2 images" in result.output and "| not run" not in result.output
    # Each file of lines has its run file, although those of bicubic were all taken over.
    lines, files = ({path.stem for path in (tmp_path / "out/scores").glob(f"*.{end}")} for end in ("jsonl", "json"))
    assert lines == files and len(files) == 3
    # The taken over column is drawn, not grey: the first face, second column.
    sheet = read(tmp_path / "out" / "figures" / "sheet-blurred.png")
    assert sheet[-40:-20, 64 + 6 + 6 + 20 : 64 + 6 + 6 + 40].std() > 0.01
    shown = call("compare", "bicubic", "bicubic_x4", "--results", "out")
    assert "|      2 |" in shown.output, shown.output


def test_a_later_evaluation_shows_what_restoring_cost_the_earlier_one(made, tmp_path):
    given = (made, "--method", "Mine=bicubic", *METRICS)
    call("evaluate", *given, "--out", "first", "--limit", 2)
    before = json.loads(next((tmp_path / "first/scores").glob("*.json")).read_text())["sessions"][0]
    (kept,) = (tmp_path / "runs/restored").glob("*/cost.json")
    assert json.loads(kept.read_text()) == before["restored"] | {
        key: before[key] for key in ("date", "processor", "device")
    }
    call("evaluate", *given, "--out", "second", "--limit", 2)  # in another folder: nothing is restored again
    first, second = (table(tmp_path / folder) for folder in ("first", "second"))
    assert first == second and ("blurred", "Mine", "seconds") in second
    said = f"measured when its images were restored, {before['date'][:10]} on {before['processor']}"
    for name in ("table.md", "table.csv", "table.tex"):
        assert said in (tmp_path / "second" / name).read_text() and said not in (tmp_path / "first" / name).read_text()
    call("evaluate", *given, "--out", "first")  # two images more: measured on those, and said of nobody
    facts = [
        json.loads(path.read_text())["sessions"][-1]["restored"] for path in (tmp_path / "first/scores").glob("*.json")
    ]
    assert [one["images"] for one in facts] == [2, 2] and not any("kept" in one for one in facts)
    call("evaluate", *given, "--out", "first", "--limit", 1)  # taken over from the other test sets
    assert ("blurred", "Mine", "seconds") in table(tmp_path / "first")
    assert said in (tmp_path / "first/table.md").read_text()


def test_faces_that_may_not_be_shown_are_not_wherever_a_later_command_is_given(made, tmp_path, monkeypatch):
    shutil.copytree(made, tmp_path / "pairs")
    for name in ("split.json", "metadata.jsonl", "README.md"):  # a plain pair of folders, which is imported
        (tmp_path / "pairs" / name).unlink()
    call("evaluate", "pairs", "--method", "bicubic", *METRICS, "--out", "out")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    given = ("--results", tmp_path / "out", "--work", tmp_path / "runs")
    assert call("sheet", *given).exit_code == 0
    monkeypatch.setenv("FACES_PAIRS", str(tmp_path / "pairs"))  # as protocols/sets.toml calls it
    refused = call("sheet", *given)
    assert refused.exit_code == 2 and "the faces of true pairs may not be shown" in refused.output
    assert "sheet-" not in call("figures", *given).output


def test_the_table_says_why_a_method_did_not_run(made, tmp_path):
    given = ("--method", "bicubic", "--method", "Lost=folder:nowhere")
    assert call("evaluate", made, *given, *METRICS, "--out", "out").exit_code == 1
    why = "folder:nowhere: expected a folder of images, got nothing there"
    call("tables", "--results", "out")
    for name in ("table.md", "table.csv", "table.tex"):
        assert why in (tmp_path / "out" / name).read_text(), name
    refused = call("compare", "bicubic", "Lost", "--results", "out")
    assert refused.exit_code == 2 and why in refused.output


def test_sheet_and_figures_draw_an_evaluation_that_was_moved(made, tmp_path):
    call("evaluate", made, "--method", "Mine=bicubic", "--method", "bicubic_x4", *METRICS, "--out", "out")
    shutil.move("out", "evaluation")
    shutil.rmtree("evaluation/figures")
    drawn = call("sheet", "--results", "evaluation", "--method", "Mine", "--faces", 2, "--out", "two.png")
    assert drawn.exit_code == 0, drawn.output
    assert read(tmp_path / "two.png").shape[1] == 3 * (64 + 6) + 6
    assert call("figures", "--results", "evaluation").exit_code == 0
    assert (tmp_path / "evaluation/figures/sheet-blurred.png").is_file()
    asked = ("figures", "--results", "evaluation", "--out", "mine", "--faces", 1, "--columns", 2)
    assert call(*asked).exit_code == 0
    assert read(tmp_path / "mine/sheet-blurred.png").shape[1] == 2 * (64 + 6) + 6, "degraded, two methods, reference"
    unknown = call("sheet", "--results", "evaluation", "--method", "Nobody")
    assert unknown.exit_code == 2 and "Nobody" in unknown.output


def test_a_kept_picture_that_is_damaged_is_named_and_all_else_is_made(made, tmp_path):
    asked = ("evaluate", made, "--method", "bicubic", "--method", "bicubic_x4", "--out", "out", "--metrics")
    assert call(*asked, "psnr.rgb").exit_code == 0
    first, *_ = sorted((tmp_path / "runs/restored").glob("*-bicubic-*/*.png"))
    first.write_bytes(b"")
    named = f"left out: {first.relative_to(tmp_path)}: "
    drawn = call("sheet", "--results", "out")
    assert drawn.exit_code == 1 and named in drawn.output, drawn.output
    more = call(*asked, "psnr.rgb,gmsd")
    assert more.exit_code == 1 and named in more.output, more.output
    assert "scores: 8 made, 8 reused" in more.output and "written: out/figures/sheet-blurred.png" in more.output
    page = call("report", "out")
    assert page.exit_code == 1 and named in page.output, page.output
    first.unlink()
    assert call("sheet", "--results", "out").exit_code == 0, "its score line says that it failed, and so does the sheet"


@pytest.mark.parametrize("command", ["figures", "sheet", "evaluate"])
def test_no_sheet_is_replaced_by_one_without_the_images_that_were_kept(made, tmp_path, command):
    asked = ("--method", "Mine=bicubic", "--method", "identity", *METRICS, "--out", "out")
    call("evaluate", made, *asked, "--work", "kept")
    sheet = tmp_path / "out/figures/sheet-blurred.png"
    before = sheet.read_bytes()
    found = call(command, *((made, *asked) if command == "evaluate" else ("--results", "out")))
    assert found.exit_code == 1 and sheet.read_bytes() == before
    why = "Mine: no restored images of blurred lie below runs/restored; name their folder with --work"
    assert f"left out: {why}" in found.output and "sheet-blurred.png" not in found.output
    drawn = call("sheet", "--results", "out", "--work", "kept")
    assert drawn.exit_code == 0 and sheet.read_bytes() == before


def test_a_test_set_moved_with_its_work_folder_is_found(tmp_path):
    make_split(tmp_path / "work/splits/here", None, "deblur", size=64, limit=2)
    given = ("--method", "bicubic", *METRICS, "--out", "out", "--work", "work")
    assert call("evaluate", "work/splits/here", *given).exit_code == 0
    shutil.move("work", "other")
    assert call("sheet", "--results", "out", "--work", "work").exit_code == 2
    found = call("sheet", "--results", "out", "--work", "other")
    assert found.exit_code == 0, found.output


def test_sheet_of_a_profile_asks_for_task_and_method():
    assert "no --task" in call("sheet", "--method", "bicubic").output
    assert "no --method" in call("sheet", "--task", "sr4").output


def test_an_outcome_that_is_damaged_or_names_files_elsewhere_is_named(made, tmp_path):
    call("evaluate", made, "--method", "bicubic", *METRICS, "--out", "out")
    for splits in (3, {"x/../../../../elsewhere": "a"}, {"a\0": "a"}, {"..": "a"}):
        (tmp_path / "out/outcome.json").write_text(json.dumps({"splits": splits, "refused": []}))
        for command in ("tables", "figures"):
            result = call(command, "--results", "out")
            assert result.exit_code == 2 and "outcome.json: expected the outcome of an evaluation" in result.output


def test_the_folder_of_profiles_is_no_place_for_an_evaluation(made, tmp_path):
    (tmp_path / "results/lite/scores").mkdir(parents=True)
    (tmp_path / "results/lite/scores/run.jsonl").touch()
    result = call("evaluate", made, "--method", "bicubic", *METRICS, "--out", "results")
    assert result.exit_code == 2 and "profile lite" in result.output
    assert not (tmp_path / "results/evaluation.toml").exists()


def test_images_and_metrics_that_are_left_out_are_named_above_the_table(made, tmp_path):
    shutil.copytree(made / "lq", "photos")
    first, *_ = (tmp_path / "photos").iterdir()
    write(first, np.zeros((40, 64, 3), np.float32))
    methods = ("--method", "bicubic", "--method", "identity")
    result = call("evaluate", "photos", *methods, "--metrics", "niqe.y,psnr.rgb", "--out", "out")
    assert result.exit_code == 1, result.output
    left_out = [line for line in result.output.splitlines() if line.startswith("left out: ")]
    assert len(left_out) == 1 and "expected a square image, got 64 x 40 px; --crop center cuts it" in left_out[0]
    page = (tmp_path / "out/table.md").read_text()
    assert "Left out of photos: 1 of 4 images" in page
    assert "Left out of photos, which has no references: PSNR" in page


def test_a_second_run_says_again_which_faces_are_left_out_and_why(tmp_path):
    for name, side in (("a", 64), ("b", 64), ("c", 48)):
        write(tmp_path / "faces" / f"{name}.png", np.full((side, side, 3), 0.5, np.float32))
    asked = ("--faces", "faces", "--recipe", "sr4", "--recipe", "jpeg", "--size", 64, "--method", "bicubic")
    first, again = (call("evaluate", *asked, *METRICS, "--out", "out") for _ in range(2))
    left_out = ["left out: c: faces/c.png: expected at least 64 px to a side, got 48; ask for a smaller --size"]
    for result in (first, again):
        assert result.exit_code == 1, result.output
        assert [line for line in result.output.splitlines() if line.startswith("left out: ")] == left_out
    for folder in (tmp_path / "runs/splits").iterdir():
        assert verify(folder) == ()
        (folder / ".left_out.json").unlink()  # as before there were such files
    old = call("evaluate", *asked, *METRICS, "--out", "out")
    assert "left out: c: could not be used when the split was made" in old.output


def test_a_face_that_cannot_be_aligned_is_left_out_by_name(tmp_path):
    for seed in range(3):
        write(tmp_path / "faces" / f"{seed}.png", paint(seed, 256))
    write(tmp_path / "faces" / "noface.png", np.full((256, 256, 3), 0.5, np.float32))
    asked = ("--faces", "faces", "--recipe", "jpeg", "--size", 64, "--align", "--method", "bicubic", *METRICS)
    for _ in range(2):
        result = call("evaluate", *asked, "--out", "out")
        assert result.exit_code == 1 and "left out: noface: " in result.output, result.output
        assert "no face was found to align" in result.output
        assert "Left out of jpeg: 1 of 4 images" in (tmp_path / "out/table.md").read_text()


@pytest.mark.parametrize("name", ["faces/zz.png", "pair/lq/zz.png", "pair/hq/zz.png"])
def test_one_file_that_cannot_be_read_refuses_no_other(made, tmp_path, name):
    for place in ("faces", "pair/hq", "pair/lq"):
        shutil.copytree(made / "hq", tmp_path / place)
    broken = tmp_path / name
    for folder in {broken.parent, *(broken.parent.parent / side for side in ("hq", "lq") if "pair" in name)}:
        write(folder / "zz.png", np.full((64, 64, 3), 0.5, np.float32))
    broken.unlink()
    broken.symlink_to("/nowhere/zz.png")
    asked = ("pair",) if "pair" in name else ("--faces", "faces", "--recipe", "jpeg", "--size", 64)
    for made_now in (4, 0):
        result = call("evaluate", *asked, "--method", "bicubic", *METRICS, "--out", "out")
        assert result.exit_code == 1 and f"left out: zz: {name}: " in result.output, result.output
        assert f"scores: {made_now} made" in result.output


def test_an_evaluation_is_read_where_its_recipe_file_and_its_scores_are_gone(tmp_path):
    recipe = 'name = "mine"\nversion = 1\nbase = 64\n[[steps]]\noperator = "GaussianBlur"\nsigma = 1\n'
    (tmp_path / "mine.toml").write_text(recipe)
    write(tmp_path / "faces" / "a.png", np.full((64, 64, 3), 0.5, np.float32))
    asked = ("--faces", "faces", "--recipe", "mine.toml", "--size", 64, "--method", "bicubic", *METRICS, "--out", "out")
    result = call("evaluate", *asked)
    assert result.exit_code == 0, result.output
    (tmp_path / "mine.toml").unlink()
    for command in ("tables", "figures"):
        assert call(command, "--results", "out").exit_code == 0, command
    shutil.rmtree("out/scores")
    assert call("figures", "--results", "out").exit_code == 0
    refused = call("sheet", "--results", "out")
    assert refused.exit_code == 2 and "no method has scores of mine" in refused.output


def test_a_folder_of_results_that_is_refused_has_no_number_of_before(made, tmp_path, monkeypatch):
    shutil.copytree(made / "hq", tmp_path / "outs")
    asked = ("evaluate", made, "--method", "Ours=folder:outs", "--method", "bicubic", *METRICS, "--out", "out")
    assert call(*asked).exit_code == 0 and ("blurred", "Ours", "psnr.rgb") in table(tmp_path / "out")
    first, *_ = (tmp_path / "outs").iterdir()
    shutil.move(first, tmp_path)
    assert call(*asked).exit_code == 1
    assert not any(value for key, value in table(tmp_path / "out").items() if key[1] == "Ours")
    assert "1 missing" in (tmp_path / "out/table.md").read_text() and len([*(tmp_path / "out/scores").iterdir()]) == 4
    assert "1 missing" in call("compare", "Ours", "bicubic", "--results", "out").output

    def stopped(_request):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:  # before it came to it again
        patch.setattr("benchmark.runs.evaluation.run_evaluation.run", stopped)
        assert call(*asked).exit_code == 130
    call("tables", "--results", "out")
    assert not any(value for key, value in table(tmp_path / "out").items() if key[1] == "Ours")
    shutil.move(tmp_path / first.name, tmp_path / "outs")
    again = call(*asked)
    assert again.exit_code == 0 and "0 made, 8 reused" in again.output
    assert ("blurred", "Ours", "psnr.rgb") in table(tmp_path / "out")


def test_where_nothing_could_run_the_test_set_is_named_without_a_split(made, tmp_path):
    assert call("evaluate", made, "--method", "Lost=folder:nowhere", *METRICS, "--out", "out").exit_code == 1
    assert f"- blurred: the folder {made}.\n" in (tmp_path / "out/table.md").read_text()
