"""A metric by degradation parameters: which image falls into which bin, and the means there."""

import csv
import json
from collections import Counter

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from benchmark.analysis.breakdown import OPERATOR, breakdown, chosen_parameters, operators_of, parameters
from benchmark.analysis.runs import Run
from benchmark.cli.main import benchmark
from benchmark.records.scores import SCHEMA, Score, scores_folder
from benchmark.reports.pages.breakdown import page
from benchmark.runs.settings import Settings
from benchmark.runs.splits import domain_split
from benchmark.specs.protocols import Profile
from degrade.core.errors import InputError
from degrade.core.image import read
from tests.benchmark.made_scores import run_facts

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


def test_of_one_draw_in_two_units_one_is_shown_and_of_operators_in_the_same_images_one():
    records = [
        record(
            f"{number:02}",
            ("Resize", {"factor": 1 + number / 10}, {"height": round(64 / (1 + number / 10))}),
            ("Jpeg", {"quality": (number * 7) % 13}, {}),
            *([("ColourJitter", {"red": number}, {}), ("ColourJitter", {"red": -number}, {})] if number % 2 else []),
        )
        for number in range(20)
    ]
    found = parameters(records, 3)
    assert list(found) == ["ColourJitter.red", "Jpeg.quality", "Resize.factor"]


def test_of_parameters_that_part_the_images_alike_one_is_kept():
    sizes = [record(name, ("Resize", {"height": side, "width": side}, {})) for name, side in (("a", 1), ("b", 2))]
    assert list(parameters(sizes, 2)) == ["Resize.height"]


def test_words_are_bins_too():
    records = [record(name, ("Jpeg", {"chroma": chroma}, {})) for name, chroma in (("a", "444"), ("b", "420"))]
    (made,) = parameters(records, 2).values()
    assert [(part.label, part.place) for part in made] == [("420", None), ("444", None)]


def halves(values):
    """Runs over a to l, of which a to f have noise of 1 to 6 steps, and the others of 30 to 35."""
    sigmas = [*range(1, 7), *range(30, 36)]
    return [noise(name, sigma) for name, sigma in zip("abcdefghijkl", sigmas, strict=True)], {
        method: run_of(dict(zip("abcdefghijkl", own, strict=False))) for method, own in values.items()
    }


def test_means_are_over_the_images_of_the_bin_that_have_a_value():
    records, runs = halves({"edsr": [1.0, 3.0] * 3 + [5.0] * 5, "ispl": [2.0] * 6 + [4.0, 6.0] * 3})
    found = breakdown(runs, "gmsd", chosen_parameters(records, (), bins=2))
    assert [(point.bin.label, point.method, point.images, point.value) for point in found.points] == [
        *(("1 to 6", "edsr", 6, 2.0), ("1 to 6", "ispl", 6, 2.0)),
        *(("30 to 35", "edsr", 5, 5.0), ("30 to 35", "ispl", 6, 5.0)),
    ]
    first = found.points[0].interval
    assert 1.0 <= first.low < 2.0 < first.high <= 3.0 and found.points[2].interval is None
    assert found.left_out == ()


def test_a_bin_with_fewer_than_five_values_is_left_out_and_named():
    records, runs = halves({"edsr": [1.0, 3.0] * 3 + [5.0] * 4, "ispl": [2.0] * 12})
    found = breakdown(runs, "gmsd", chosen_parameters(records, (), bins=2))
    assert {point.bin.label for point in found.points} == {"1 to 6"}
    assert [(name, part.label, few) for name, part, few in found.left_out] == [("GaussianNoise.sigma", "30 to 35", 4)]
    text = page(found, "gmsd", "where", {method: method for method in runs})[".md"]
    assert "Left out, fewer than 5 images: Gaussian noise standard deviation, 8-bit steps: 30 to 35 (4)" in text


@pytest.mark.parametrize(
    "metric, by, records, words",
    [
        ("ffd.dlib", (), [noise("a", 1), noise("b", 2)], "number of a whole set"),
        ("psnr.rgb", (), [noise("a", 1), noise("b", 2)], "edsr has no values"),
        ("gmsd", (), [noise("a", 1), noise("b", 2)], "no bin has 5 images with values"),
        ("gmsd", ("GaussianNoise.sigm",), [noise("a", 1), noise("b", 2)], "did you mean 'GaussianNoise.sigma'"),
        ("gmsd", (), [noise("a", 1), noise("b", 1)], "have the same degradation"),
    ],
)
def test_what_cannot_be_broken_down_is_said_in_a_sentence(metric, by, records, words):
    with pytest.raises(InputError, match=words):
        breakdown({"edsr": run_of({"a": 1.0})}, metric, chosen_parameters(records, by, bins=2))


@pytest.fixture
def scored(tmp_path):
    """A split below tmp_path/work and score lines of it below tmp_path/results; gives the values by image."""
    settings = Settings(Profile("quick", 64, 1, 1, 24, 4, 1, 1, "none", (0,)), work=tmp_path / "work")
    prepared = domain_split(settings, "synthetic", "denoise", "test")
    values = {name: float(place) for place, name in enumerate(prepared.names)}
    folder = scores_folder(tmp_path / "results", "quick")
    folder.mkdir(parents=True)
    run = run_of(values)
    lines = [replace(line, split=prepared.label).line() + "\n" for line in run.scores]
    (folder / f"{BASE.run}.jsonl").write_text("".join(lines))
    facts = run_facts(BASE.run, prepared.label, split_sha256=prepared.split.digest)
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
    (metadata,) = (tmp_path / "work").rglob("metadata.jsonl")
    made = {line["name"]: line["operators"][0]["op"] for line in map(json.loads, metadata.read_text().splitlines())}
    shares = Counter(made.values())  # each image is noisy in one way
    assert total == pytest.approx(sum(value for name, value in scored.items() if shares[made[name]] >= 5))
    assert all((op in {row["bin"] for row in of_operators}) == (count >= 5) for op, count in shares.items())
    assert "## operator" in shown.output and "Gaussian noise" in shown.output and "GaussianNoise" not in shown.output
    assert read(figure, background="white").std() > 0.05


def test_another_split_of_that_name_is_refused(scored, tmp_path):
    description = scores_folder(tmp_path / "results", "quick") / f"{BASE.run}.json"
    description.write_text(json.dumps(json.loads(description.read_text()) | {"split_sha256": "another"}))
    shown = call(tmp_path)
    assert shown.exit_code == 2 and "is not what 20250101T000000Z-00000000 scored" in shown.output


def test_a_split_that_is_not_there_is_named(scored, tmp_path):
    shown = call(tmp_path, "--work", tmp_path)
    assert shown.exit_code == 2 and "expected the split that was scored" in shown.output


@pytest.mark.parametrize(
    "record",
    [
        {"name": "a"},
        {"name": "a", "operators": [{"op": "Jpeg", "drawn": "no JSON", "realised": "{}"}]},
        {"name": "a", "operators": [{"op": "Jpeg", "drawn": "[]", "realised": "{}"}]},
        {"name": "a", "operators": [3]},
    ],
)
def test_a_record_that_says_no_degradation_is_refused_in_a_sentence(record):
    with pytest.raises(InputError, match="^a: its degradation cannot be read"):
        list(operators_of(record))
