"""A metric by degradation parameters: which image falls into which bin, and the means there."""

import csv
import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from benchmark.analysis.breakdown import OPERATOR, breakdown, parameters
from benchmark.analysis.runs import Run
from benchmark.cli.main import benchmark
from benchmark.records.scores import SCHEMA, Score, scores_folder
from benchmark.runs.settings import Settings
from benchmark.runs.splits import domain_split
from benchmark.specs.protocols import Profile
from degrade.core.errors import InputError
from degrade.core.image import read

BASE = Score(
    schema=SCHEMA, run="20250101T000000Z-00000000", profile="quick", protocol="S2S", task="denoise",
    split="", method="edsr", seed=None, checkpoint=None, image="a", metric="gmsd", value=1.0, unit="1", seconds=0.0,
)  # fmt: skip


def record(name, *steps):
    """One line of metadata.jsonl; a step is (operator, drawn, realised)."""
    operators = [{"op": op, "drawn": json.dumps(drawn), "realised": json.dumps(made)} for op, drawn, made in steps]
    return {"name": name, "operators": operators}


def noise(name, sigma):
    return record(name, ("GaussianNoise", {"sigma": sigma, "seed": hash(name)}, {}), ("Quantize", {}, {}))


def run_of(values, method="edsr"):
    return Run(tuple(replace(BASE, image=image, value=value, method=method) for image, value in values.items()))


def shape(found):
    return {parameter: [(part.label, part.images) for part in made] for parameter, made in found.items()}


def test_numbers_are_parted_into_bins_of_equally_many_images():
    found = parameters([noise(name, sigma) for name, sigma in zip("abcdef", (9, 1, 8, 2, 3, 7), strict=True)], 2)
    assert shape(found) == {"GaussianNoise.sigma": [("1 to 3", ("b", "d", "e")), ("7 to 9", ("a", "c", "f"))]}
    assert [part.place for part in found["GaussianNoise.sigma"]] == [2.0, 8.0]


def test_few_different_values_get_a_bin_each_and_equal_values_are_never_parted():
    few = parameters([noise(name, sigma) for name, sigma in zip("abcd", (5, 5, 7, 5), strict=True)], 4)
    assert shape(few) == {"GaussianNoise.sigma": [("5", ("a", "b", "d")), ("7", ("c",))]}
    tied = parameters([noise(name, sigma) for name, sigma in zip("abcdef", (1, 1, 1, 1, 2, 3), strict=True)], 2)
    assert shape(tied) == {"GaussianNoise.sigma": [("1", ("a", "b", "c", "d")), ("2 to 3", ("e", "f"))]}


def test_operators_that_only_some_images_went_through_are_bins_and_seeds_are_not():
    records = [noise("a", 1), record("b", ("Jpeg", {"quality": 50}, {})), record("c", ("Jpeg", {"quality": 60}, {}))]
    assert shape(parameters(records, 2))[OPERATOR] == [
        ("GaussianNoise", ("a",)), ("Jpeg", ("b", "c")), ("Quantize", ("a",)),
    ]  # fmt: skip
    assert "GaussianNoise.seed" not in parameters([noise("a", 1), noise("b", 2)], 2)


def test_a_second_use_has_its_own_name_and_what_was_realised_counts():
    steps = [("Resize", {"height": 0}, {"height": 40 + place}) for place in range(2)]
    records = [record("a", *steps), record("b", *reversed(steps)), record("c", *steps)]
    assert shape(parameters(records, 2)) == {"Resize.height": [("40", ("a", "c")), ("41", ("b",))],
                                             "Resize[2].height": [("40", ("b",)), ("41", ("a", "c"))]}  # fmt: skip


def test_of_parameters_that_part_the_images_alike_one_is_kept():
    sizes = [record(name, ("Resize", {"height": side, "width": side}, {})) for name, side in (("a", 1), ("b", 2))]
    assert list(parameters(sizes, 2)) == ["Resize.height"]


def test_words_are_bins_too():
    records = [record(name, ("Jpeg", {"chroma": chroma}, {})) for name, chroma in (("a", "444"), ("b", "420"))]
    (made,) = parameters(records, 2).values()
    assert [(part.label, part.place) for part in made] == [("420", None), ("444", None)]


def test_means_are_over_the_images_of_the_bin_that_have_a_value():
    records = [noise(name, sigma) for name, sigma in zip("abcd", (1, 2, 30, 40), strict=True)]
    runs = {"edsr": run_of({"a": 1.0, "b": 3.0, "c": 5.0}), "ispl": run_of({"a": 2.0, "b": 2.0, "c": 4.0, "d": 6.0})}
    points = breakdown(runs, "gmsd", records, (), bins=2)
    assert [(point.bin.label, point.method, point.images, point.value) for point in points] == [
        *(("1 to 2", "edsr", 2, 2.0), ("1 to 2", "ispl", 2, 2.0)),
        *(("30 to 40", "edsr", 1, 5.0), ("30 to 40", "ispl", 2, 5.0)),
    ]
    assert (points[0].interval.low, points[0].interval.high) == (1.0, 3.0) and points[2].interval is None


@pytest.mark.parametrize(
    "metric, by, records, words",
    [
        ("ffd.dlib", (), [noise("a", 1), noise("b", 2)], "number of a whole set"),
        ("psnr.rgb", (), [noise("a", 1), noise("b", 2)], "edsr has no values"),
        ("gmsd", ("GaussianNoise.sigm",), [noise("a", 1), noise("b", 2)], "did you mean 'GaussianNoise.sigma'"),
        ("gmsd", (), [noise("a", 1), noise("b", 1)], "have the same degradation"),
    ],
)
def test_what_cannot_be_broken_down_is_said_in_a_sentence(metric, by, records, words):
    with pytest.raises(InputError, match=words):
        breakdown({"edsr": run_of({"a": 1.0})}, metric, records, by, bins=2)


@pytest.fixture
def scored(tmp_path):
    """A split below tmp_path/work and score lines of it below tmp_path/results; gives the values by image."""
    settings = Settings(Profile("quick", 64, 1, 1, 4, 4, 1, 1, "none", (0,)), work=tmp_path / "work")
    prepared = domain_split(settings, "synthetic", "denoise", "test")
    values = {name: float(place) for place, name in enumerate(prepared.names)}
    folder = scores_folder(tmp_path / "results", "quick")
    folder.mkdir(parents=True)
    run = run_of(values)
    lines = [replace(line, split=prepared.label).line() + "\n" for line in run.scores]
    (folder / f"{BASE.run}.jsonl").write_text("".join(lines))
    facts = {"run": BASE.run, "split": prepared.label, "split_sha256": prepared.split.digest, "metrics": {}}
    (folder / f"{BASE.run}.json").write_text(json.dumps(facts))
    return values


def call(tmp_path, *arguments):
    places = ["--work", tmp_path / "work", "--results", tmp_path / "results"]
    chosen = ["--task", "denoise", "--method", "edsr", "--metric", "gmsd"]
    return CliRunner().invoke(benchmark, ["breakdown", *map(str, [*chosen, *places, *arguments])])


def test_the_command_reads_a_split_as_degrade_wrote_it_and_draws_a_figure(scored, tmp_path):
    table, figure = tmp_path / "table.csv", tmp_path / "figure.png"
    shown = call(tmp_path, "--bins", 2, "--out", table, "--plot", figure)
    assert shown.exit_code == 0, shown.output
    rows = list(csv.DictReader(table.read_text().splitlines()))
    of_operators = [row for row in rows if row["parameter"] == OPERATOR]
    assert {row["bin"] for row in of_operators} <= {"GaussianNoise", "LaplaceNoise", "PoissonNoise"}
    total = sum(float(row["mean"]) * int(row["images"]) for row in of_operators)
    assert total == pytest.approx(sum(scored.values()))  # each image is noisy in one way
    assert "## operator" in shown.output
    assert read(figure, background="white").std() > 0.05


def test_another_split_of_that_name_is_refused(scored, tmp_path):
    description = scores_folder(tmp_path / "results", "quick") / f"{BASE.run}.json"
    description.write_text(json.dumps(json.loads(description.read_text()) | {"split_sha256": "another"}))
    shown = call(tmp_path)
    assert shown.exit_code == 1 and "is not what 20250101T000000Z-00000000 scored" in shown.output


def test_a_split_that_is_not_there_is_named(scored, tmp_path):
    shown = call(tmp_path, "--work", tmp_path)
    assert shown.exit_code == 1 and "expected the split that was scored" in shown.output
