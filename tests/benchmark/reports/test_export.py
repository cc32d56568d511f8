"""Scores as CSV and as Parquet hold the same, number for number."""

import math

import pandas
import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from benchmark.cli.main import benchmark
from benchmark.records.load_scores import load_scores
from tests.benchmark.made_scores import BASE, of_images, of_set

MADE = [
    *of_images("edsr", "psnr.rgb", [25.5, None, math.inf]),
    of_set("edsr", "ffd.dlib", 0.25, 3, replicates=(0.2, 0.3), seed=7),
    replace(BASE, method="=1+1", image="-face", value=-0.5),
]


@pytest.fixture
def results(tmp_path):
    (tmp_path / "lite" / "scores").mkdir(parents=True)
    lines = "".join(f"{replace(score, profile='lite').line()}\n" for score in MADE)
    (tmp_path / "lite" / "scores" / f"{BASE.run}.jsonl").write_text(lines)
    return tmp_path


def export(results, *words):
    command = ["export", "--profile", "lite", "--results", results, *words]
    return CliRunner().invoke(benchmark, [str(word) for word in command])


def test_parquet_gives_the_table_of_load_scores_with_its_types(results):
    pytest.importorskip("pyarrow", reason="needs pyarrow, of the extra parquet")
    done = export(results, "--out", results / "scores.parquet")
    assert done.exit_code == 0 and "(5 scores)" in done.output, done.output
    table, known = pandas.read_parquet(results / "scores.parquet"), load_scores("lite", results)
    assert list(table.columns) == list(known.columns) and len(table) == 5
    assert list(table["replicates"].dropna().iloc[0]) == [0.2, 0.3] and table["seed"].dropna().tolist() == [7]
    drop = ["replicates"]
    pandas.testing.assert_frame_equal(table.drop(columns=drop), known.drop(columns=drop), check_dtype=False)
    assert table["value"].dtype == float and str(table["n"].dtype) == "Int64"


def test_csv_holds_the_same_and_no_formula(results):
    assert export(results, "--out", results / "scores.txt", "--format", "csv").exit_code == 0
    table = pandas.read_csv(results / "scores.txt", keep_default_na=False)
    assert table["method"].tolist()[-1] == "'=1+1" and table["image"].tolist()[-1] == "'-face"
    assert table["replicates"].tolist()[3] == "0.2 0.3" and table["value"].tolist()[:3] == ["25.5", "", ""]


def test_a_form_that_the_name_denies_is_a_sentence(results):
    done = export(results, "--out", results / "scores.csv", "--format", "parquet")
    assert done.exit_code == 2 and "scores.csv: expected a name ending in .parquet with --format parquet" in done.output
    assert not (results / "scores.csv").exists()
    assert export(results, "--out", results / "scores.data", "--format", "csv").exit_code == 0


def test_another_ending_is_a_sentence(results):
    done = export(results, "--out", results / "scores.xlsx")
    assert done.exit_code == 2 and "expected a name ending in .csv or .parquet" in done.output
