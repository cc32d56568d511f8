"""A user's label heads rows, columns, legends and scores; the title of a method of ours never stands in its place."""

import csv

import pytest

import benchmark
from benchmark.reports.figures.colours import colours
from benchmark.reports.html.sources import of_evaluation
from benchmark.reports.html.write import write
from tests.benchmark.cli.calling import call

pytestmark = pytest.mark.usefixtures("elsewhere")

METRICS = ("--metrics", "psnr.rgb,gmsd")
LABELS = ("Identity", "NLM")  # names of methods of ours, in another case
METHODS = ("--method", "Identity=bicubic", "--method", "NLM=bicubic_x4", "--method", "identity")


@pytest.fixture
def evaluated(made, tmp_path):
    """An evaluation of two methods that are called as others are, and the untouched input."""
    result = call("evaluate", made, *METHODS, *METRICS, "--out", "out")
    assert result.exit_code == 0, result.output
    return tmp_path / "out"


def test_the_table_and_the_pages_say_what_the_user_says(evaluated):
    text = (evaluated / "table.md").read_text()
    rows = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("| ")]
    assert rows[2:] == [*LABELS, "Degraded input"]
    content = of_evaluation(evaluated, evaluated.parent / "runs")
    page = write(content, evaluated.parent / "page").page.read_text()
    assert all(f">{label}</text>" in page for label in LABELS) and "Non-local means" not in page


def test_comparisons_breakdowns_and_votes_say_what_the_user_says(evaluated):
    compared = call("compare", *LABELS, "identity", "--results", "out")
    assert " NLM |" in compared.output and "Non-local means" not in compared.output
    assert "Identity" in compared.output and "Degraded input" in compared.output
    broken = call("breakdown", "--results", "out", "--method", "NLM", "--metric", "psnr.rgb", "--bins", 2)
    assert "Non-local means" not in broken.output
    (evaluated / "vote-key.csv").write_text(
        "page,ballot,test_set,image,first,second,repeats\np,1,blurred,a,NLM,Identity,\n"
    )
    (evaluated / "votes.csv").write_text("page,ballot,voter,choice\np,1,ann,first\n")
    for more in (("--results", "out"), ("--key", "out/vote-key.csv")):
        voted = call("votes", "out/votes.csv", *more)
        assert "| NLM " in voted.output and "| Identity " in voted.output, voted.output


def test_exported_scores_and_those_of_python_have_the_label(evaluated, made):
    call("export", "--results", "out", "--out", "out.csv")
    lines = list(csv.DictReader(evaluated.with_suffix(".csv").open()))
    assert {(line["method"], line["label"]) for line in lines} == {
        ("bicubic", "Identity"), ("bicubic_x4", "NLM"), ("identity", "identity"),
    }  # fmt: skip
    scores = benchmark.evaluate(made, ["NLM=bicubic_x4"], "out", metrics=["psnr.rgb"], work="runs")
    assert set(scores["label"]) == {"NLM"}


def test_a_label_has_not_the_colour_of_the_method_that_is_called_so():
    found = colours(["Identity", "identity"])
    assert found["identity"] == colours(["identity"])["identity"] != found["Identity"]


def test_a_label_that_would_print_as_another_row_is_refused(made):
    asked = ("--method", "Degraded input=bicubic", "--method", "identity")
    refused = call("evaluate", made, *asked, *METRICS, "--out", "twice")
    assert refused.exit_code == 2 and "two rows would be called 'Degraded input'" in refused.output
