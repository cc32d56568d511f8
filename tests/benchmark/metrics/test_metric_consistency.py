"""Consistency by replay: the reference has the ceiling under every recipe, and what has no record says so."""

import json
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from benchmark.cli.main import benchmark
from benchmark.metrics.base import MetricError, Record
from benchmark.metrics.consistency import CEILING
from benchmark.metrics.registry import load
from benchmark.runs.request import RunRequest
from benchmark.runs.run import run
from benchmark.runs.scoring.score import score
from benchmark.runs.scoring.score_folders import folder_lines
from benchmark.runs.settings import DataFolders, Settings
from benchmark.specs.protocols import Profile, load_protocol
from degrade.core.errors import InputError
from degrade.core.image import from_uint8, write
from degrade.importing.import_pairs import ImagePair, ImportPlan, import_pairs
from degrade.operators.chain import trace
from degrade.operators.noise.additive import GaussianNoise
from degrade.portraits.paint import paint
from degrade.recipes.degrade_image import degrade_image
from degrade.recipes.library import RECIPES
from degrade.splits.make_split import make_split

REPLAY = "consistency.replay"


def eight_bits(image):
    return from_uint8(np.rint(image * 255).astype(np.uint8))


def recorded(recipe, side, seed=0):
    """A portrait in 8 bits, and the record of its degraded image as it is stored."""
    face = eight_bits(paint(3, side))
    degraded, operators = degrade_image(face, RECIPES[recipe], seed, "face")
    return face, Record(eight_bits(degraded), operators, side)


def test_the_ceiling_is_that_of_the_definition():
    assert pytest.approx(58.92, abs=5e-3) == CEILING


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_reference_gets_the_ceiling_under_every_recipe_and_another_face_does_not(recipe):
    side = 128
    for seed in range(2):
        face, record = recorded(recipe, side, seed)
        assert load(REPLAY)(face, record) == CEILING
    assert load(REPLAY)(eight_bits(paint(4, side)), record) < 40


def test_the_noise_is_replayed_and_every_step_rounds_as_the_file_did():
    face = eight_bits(np.full((64, 64, 3), 0.5, np.float32))
    degraded, operators = trace([GaussianNoise(20.0, seed=5)], face)
    record = Record(eight_bits(degraded), operators, 64)
    off = face + np.float32(1 / 255)  # one step: all that differs, as no value is clipped
    assert load(REPLAY)(off, record) == pytest.approx(-10 * np.log10((1 + 1 / 12) / 255**2), abs=1e-3)
    other = [operators[0] | {"drawn": json.dumps({"sigma": 20.0, "seed": 6})}]
    assert load(REPLAY)(face, replace(record, operators=other)) < 21  # two fields of sd 20 apart: 19.1 dB


def test_a_quarter_of_the_size_is_compared_at_that_size_and_another_size_is_refused():
    face, record = recorded("sr4", 64)
    assert record.degraded.shape == (16, 16, 3) and load(REPLAY)(face, record) == CEILING
    with pytest.raises(MetricError, match="restored is 16x16, the reference of the record 64x64"):
        load(REPLAY)(record.degraded, record)


def test_arrays_and_folders_have_no_record_and_say_so(tmp_path):
    face = paint(1, 64)
    with pytest.raises(InputError, match="needs the record of a split"):
        score(face, face, [REPLAY])
    write(tmp_path / "face.png", face)
    with pytest.raises(InputError, match="needs the record of a split"):
        folder_lines(tmp_path, tmp_path, [REPLAY])


def settings(root, profile, **faces):
    return Settings(profile, DataFolders(**faces), work=root / "work", results=root / "results", device="cpu")


@pytest.mark.parametrize("task", ["sr4", "denoise"])
def test_a_run_scores_it_beside_the_input_and_nothing_judges_it(tmp_path, task):
    here = settings(tmp_path, Profile("quick", 64, 2, 1, 2, 4, 1, 2, "none", (0,)))
    for method in ("reference", "identity", "bicubic_x4"):
        ids = (REPLAY, "psnr.rgb")
        summary = run(RunRequest(here, load_protocol("S2S"), method, (task,), metrics=ids))
        values = [score.value for score in summary.scores if score.metric == REPLAY]
        assert len(values) == 2 and all(value is not None for value in values)
        assert (method == "reference") == (values == [pytest.approx(CEILING)] * 2)
    chosen = ["--task", task, "--results", str(tmp_path / "results")]
    shown = CliRunner().invoke(benchmark, ["compare", "identity", "bicubic_x4", *chosen])
    assert shown.exit_code == 0 and "Consistency" not in shown.output
    asked = CliRunner().invoke(benchmark, ["compare", "identity", "bicubic_x4", *chosen, "--metric", REPLAY])
    assert asked.exit_code != 0 and "neither end is better" in asked.output


def test_an_imported_split_has_none_with_the_reason(tmp_path):
    for place in range(2):
        write(tmp_path / "photos" / f"{place}.png", paint(place, 64))
    pairs = [ImagePair(path.stem, path) for path in sorted((tmp_path / "photos").glob("*.png"))]
    import_pairs(tmp_path / "real" / "test", pairs, ImportPlan("photos"))
    for place in range(2):
        write(tmp_path / "clean" / f"{place}.png", paint(9 + place, 64))
    (tmp_path / "clean" / "test.txt").write_text("0\n1\n")
    here = settings(
        tmp_path, Profile("paper", 64, 2, 1, 0, 4, 1, 2, "none", (0,)),
        ffhq=tmp_path / "clean", facerenov=tmp_path / "real",
    )  # fmt: skip
    summary = run(RunRequest(here, load_protocol("S2R"), "identity", ("sr4",), metrics=(REPLAY,)))
    (line,) = summary.scores
    assert line.image is None and line.value is None
    assert line.error.startswith("unavailable: ") and "was imported, so it has no record" in line.error


def test_an_evaluation_shows_it_beside_the_untouched_input_s(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_split("split", None, "deblur", size=64, limit=2)
    (tmp_path / "alone").mkdir()
    for path in (tmp_path / "split" / "lq").iterdir():
        (tmp_path / "alone" / path.name).write_bytes(path.read_bytes())
    arguments = ["evaluate", "split", "alone", "--method", "bicubic", "--metrics", "consistency.replay", "--out", "out"]
    result = CliRunner().invoke(benchmark, arguments)
    assert "Degraded input" in result.output and "Consistency" in result.output
    assert "no record of how its images were degraded" in result.output  # of the folder of images alone
