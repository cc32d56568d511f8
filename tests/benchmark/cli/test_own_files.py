"""A user's own recipe, protocol, profile and table, and an evaluation read as a profile is."""

import csv

import pytest
from click.testing import CliRunner

from benchmark.cli.main import benchmark
from benchmark.records.scores import read_scores
from degrade import make_split
from degrade.core.image import write
from degrade.importing.import_pairs import ImagePair, ImportPlan, import_pairs
from degrade.portraits.paint import paint

PROFILE = """
size = 64
train = 2
val = 1
test = 2
width = 4
batch = 1
steps = 1
perceptual = "none"
seeds = [0]
"""
PROTOCOL = """
version = 1
train_domain = "synthetic"
test_domain = "synthetic"
task = ["jpeg"]
metrics = ["psnr.rgb"]
"""
RECIPE = """
name = "mine"
version = 1
base = 512

[[steps]]
operator = "Jpeg"
quality = 30
chroma = "420"
"""
TABLE = """
version = 1
protocols = ["own.toml"]
columns = ["psnr.rgb"]

[[rows]]
task = "jpeg"
methods = ["bicubic", "bicubic_x4"]
"""


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FACES_HQ", raising=False)
    texts = {"small": PROFILE, "own": PROTOCOL, "recipe": RECIPE, "versus": TABLE}
    for name, text in texts.items():
        (tmp_path / f"{name}.toml").write_text(text)
    (tmp_path / "faces").mkdir()
    for seed in range(20):
        write(tmp_path / "faces" / f"{seed}.png", paint(seed, 64))
    return tmp_path


def call(*arguments, status=0):
    result = CliRunner().invoke(benchmark, [str(argument) for argument in arguments])
    assert result.exit_code == status, result.output
    return result.output


def test_a_protocol_and_a_profile_of_ones_own_score_and_fill_a_table_of_ones_own(files):
    for method in ("bicubic", "bicubic_x4"):
        call("run", "--protocol", "own.toml", "--profile", "small.toml", "--ffhq", "faces", "--method", method)
    scores = read_scores(files / "results", "small")
    assert {(score.protocol, score.task) for score in scores} == {("OWN", "jpeg")}
    call("tables", "--profile", "small.toml", "--table", "versus.toml")
    lines = list(csv.DictReader((files / "results" / "small" / "versus.csv").open()))
    assert [line["method"] for line in lines] == ["bicubic", "bicubic_x4"] and all(line["measured"] for line in lines)
    assert not any(line["published"] for line in lines)
    refused = call("report", "--profile", "small.toml", status=2)
    assert (
        "its scores are of OWN, in none of the tables; name a table that shows them with --table FILE.toml" in refused
    )
    call("report", "--profile", "small.toml", "--table", "versus.toml")
    assert "jpeg under OWN" in (files / "results" / "small" / "report" / "index.html").read_text(encoding="utf-8")


def test_a_recipe_of_ones_own_is_a_task_by_the_name_in_it(files):
    command = ("run", "--protocol", "S2S", "--profile", "small.toml", "--ffhq", "faces", "--metrics", "psnr.rgb")
    call(*command, "--task", "recipe.toml", "--method", "edsr")
    assert {score.task for score in read_scores(files / "results", "small")} == {"mine"}
    assert "1 reused" in call(*command, "--task", "recipe.toml", "--method", "edsr")
    call(*command, "--task", "recipe.toml", "--method", "identity")
    asked = ("compare", "edsr", "identity", "--profile", "small.toml", "--task")
    assert call(*asked, "recipe.toml") == call(*asked, "mine")
    (files / "mine.toml").write_text(TABLE.replace("own.toml", "S2S").replace("jpeg", "recipe.toml"))
    call("tables", "--profile", "small.toml", "--table", "mine.toml")
    assert "mine under S2S" in (files / "results/small/mine.md").read_text(encoding="utf-8")


def test_a_recipe_s_file_whose_ending_is_in_capitals_is_a_task_by_the_name_in_it_too(files):
    (files / "recipe.toml").rename(files / "Phone.TOML")
    call("run", "--protocol", "S2S", "--profile", "small.toml", "--ffhq", "faces", "--metrics", "psnr.rgb",
         "--task", "Phone.TOML", "--method", "identity")  # fmt: skip
    assert {score.task for score in read_scores(files / "results", "small")} == {"mine"}


def test_sanity_and_claims_of_a_profile_s_file_call_it_by_its_name(files):
    for method in ("edsr", "bicubic_x4"):
        call("run", "--protocol", "S2S", "--profile", files / "small.toml", "--ffhq", "faces", "--metrics", "psnr.rgb",
             "--task", "sr4", "--method", method)  # fmt: skip
    found = CliRunner().invoke(benchmark, ["sanity", "--profile", str(files / "small.toml")])
    assert found.exit_code in (0, 1) and "Score lines of profile small;" in found.output, found.output
    assert "the score lines of profile small," in call("claims", "--profile", files / "small.toml")


def test_any_recipe_and_any_folder_of_faces_do_for_profile_quick(files):
    output = call(
        "run", "--protocol", "S2S", "--method", "bicubic", "--task", "gfpgan", "--metrics", "psnr.rgb", "--limit", 1,
        "--ffhq", "faces", status=2,
    )  # fmt: skip
    assert "none of 1 faces could be used" in output and "at least 256 px" in output  # they are of 64 px


def test_real_faces_of_another_side_are_brought_to_the_profile_s(files):
    made = make_split(files / "pairs", None, "jpeg", size=128, limit=3).path
    for role in ("train", "test"):
        pairs = [ImagePair(name, made / "lq" / f"{name}.png", made / "hq" / f"{name}.png") for name in _names(made)]
        import_pairs(files / "real" / role, pairs, ImportPlan("facerenov", role=role))
    faces = ("--profile", "small.toml", "--ffhq", "faces", "--facerenov", "real")
    call("run", "--protocol", "R2R", *faces, "--method", "bicubic", "--task", "sr4", "--metrics", "psnr.rgb")
    (label,) = {score.split for score in read_scores(files / "results", "small")}
    assert label.startswith("facerenov-64-test-")


def _names(split):
    return sorted(path.stem for path in (split / "lq").iterdir())


@pytest.mark.parametrize(
    "name, arguments, sentence",
    [
        ("s2s.toml", ("--protocol", "s2s.toml"), "'s2s' is the name of a protocol of the project"),
        ("lite.toml", ("--protocol", "own.toml", "--profile", "lite.toml"), "'lite' is the name of a profile"),
        ("none.toml", ("--protocol", "absent.toml"), "absent.toml: cannot be read"),
        ("none.toml", ("--protocol", "small.toml"), "small.toml: unknown key 'size'"),
    ],
)
def test_a_file_that_will_not_do_is_refused_in_a_sentence(files, name, arguments, sentence):
    (files / name).write_text(PROTOCOL)
    assert sentence in call("run", *arguments, "--method", "bicubic", status=2)


@pytest.fixture
def evaluated(files):
    made = make_split(files / "blurred", None, "deblur", size=64, limit=10).path
    methods = ("--method", "Ours=bicubic", "--method", "bicubic_x4")
    call("evaluate", made, *methods, "--metrics", "psnr.rgb,gmsd", "--out", "compared")
    return files


def test_commands_that_read_scores_read_an_evaluation(evaluated):
    output = call("compare", "Ours", "bicubic_x4", "--results", "compared", "--metric", "psnr.rgb")
    assert "Evaluation compared, blurred" in output and "Ours" in output
    output = call("breakdown", "--results", "compared", "--method", "Ours", "--metric", "psnr.rgb", "--bins", 2)
    assert "Ours" in output
    call("export", "--results", "compared", "--out", "all.csv")
    assert len(list(csv.DictReader((evaluated / "all.csv").open()))) == 10 * 2 * 2
    (evaluated / "compared" / "table.md").unlink()
    assert "table.md" in call("tables", "--results", "compared")
    assert "did you mean 'blurred'?" in call(
        "compare", "Ours", "bicubic_x4", "--results", "compared", "--split", "blured", status=2
    )


@pytest.mark.parametrize("command", ["claims", "sanity"])
def test_what_is_about_the_papers_protocols_reads_no_evaluation_and_its_help_does_not_say_so(evaluated, command):
    assert "compared: is the folder of an evaluation" in call(command, "--results", "compared", status=2)
    assert "evaluation" not in call(command, "--help")


def test_figures_of_a_profile_scored_under_another_protocol_say_of_what_they_are(files):
    call("run", "--protocol", "own.toml", "--profile", "small.toml", "--ffhq", "faces", "--task", "jpeg",
         "--method", "bicubic", "--metrics", "psnr.rgb")  # fmt: skip
    refused = call("figures", "--profile", "small.toml", "--ffhq", "faces", "--list", "faces/test.txt", status=2)
    assert "no scores to draw, of methods of Tables 1 to 3 under S2S, S2R or R2R" in refused


def test_a_profile_needs_a_task(files):
    assert "name it with --task" in call("compare", "bicubic", "bicubic_x4", status=2)


def test_no_profile_writes_into_the_folder_of_an_evaluation(evaluated):
    command = ("run", "--protocol", "S2S", "--method", "bicubic", "--task", "sr4", "--limit", 1)
    assert "is the folder of an evaluation" in call(*command, "--results", "compared", status=2)


def test_a_table_over_real_faces_of_ones_own_does_not_call_them_simulated(files):
    test_real_faces_of_another_side_are_brought_to_the_profile_s(files)
    table = TABLE.replace("own.toml", "R2R").replace("jpeg", "sr4")
    (files / "real.toml").write_text(table)
    call("tables", "--profile", "small.toml", "--table", "real.toml")
    text = (files / "results" / "small" / "real.md").read_text(encoding="utf-8")
    assert "(own real faces to own real faces)" in text and "real faces of the user's own" in text
