"""A dry run: every stage with its size, hours and disk; and a slice of the profile paper that really runs."""

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from benchmark.cli.main import benchmark
from benchmark.methods.registry import why_unavailable
from benchmark.methods.table import METHODS
from benchmark.records.scores import read_scores
from benchmark.runs.reproduction import estimate, reproduce
from benchmark.runs.reproduction.reproduce import RunJob
from benchmark.runs.reproduction.throughput import (
    Throughput,
    block,
    load_throughput,
    measure,
    multiply_adds_per_second,
    network_of,
)
from benchmark.runs.settings import DataFolders, Settings
from benchmark.specs.protocols import Profile, load_profile
from benchmark.specs.tables import Row, TableSpec, load_table, table_names
from degrade.core.errors import InputError
from degrade.core.image import write
from degrade.portraits.paint import paint
from degrade.recipes.library import find_recipe
from degrade.splits.make_split import SplitPlan, write_split
from degrade.splits.roles import portrait_sources

PAPER = replace(load_profile("paper"), test=4800)
TINY = Profile("paper", 64, 2, 1, 2, 4, 1, 2, "none", (0,))


def test_multiply_adds_and_parameters_are_counted_as_by_hand():
    arcnn = network_of("arcnn:rgb", 64, 64)  # 9x9 3 to 64, 7x7 64 to 32, 1x1 32 to 16, 5x5 16 to 3
    weights = 81 * 3 * 64 + 49 * 64 * 32 + 32 * 16 + 25 * 16 * 3
    assert arcnn.parameters == weights + 64 + 32 + 16 + 3
    assert (arcnn.restored, arcnn.trained) == (64 * 64 * weights, 32 * 32 * weights)  # is trained on windows of 32 px


@pytest.mark.parametrize(
    "method", [name for name, row in METHODS.items() if row.trainable and not why_unavailable(row)]
)
def test_every_trained_method_can_be_counted(method):
    network = network_of(method, 4, 64)
    assert network.parameters > 0 and network.restored >= network.trained > 0


def test_hours_follow_from_the_measured_speed_by_the_multiply_adds(monkeypatch, tmp_path):
    measured = Throughput("a machine", "gpu", "edsr", 64, 512, 2, 10.0)
    monkeypatch.setattr(estimate, "load_throughput", lambda: (load_throughput()[0], measured))
    edsr, ispl = network_of("edsr", 64, 512), network_of("ispl:isp_unet_pac", 64, 512)
    assert multiply_adds_per_second(measured) == 10 * edsr.trained
    jobs = [
        RunJob(protocol, "sr4", method, 0) for method in ("edsr", "ispl:isp_unet_pac") for protocol in ("S2S", "S2R")
    ]
    lines = estimate.lines(Settings(PAPER, DataFolders(tmp_path, tmp_path)), jobs)
    seconds = {"edsr": 500_000 / 10, "ispl:isp_unet_pac": 500_000 / 10 * ispl.trained / edsr.trained}
    for method, own in seconds.items():
        (line,) = [line for line in lines if line.startswith(f"  sr4 {method} seed 0: 500,000 images")]
        assert f", {own / 3600:,.1f} h, " in line
    assert sum(line.startswith("Trainings: 2,") for line in lines) == 1  # S2R uses the checkpoint of S2S
    (scored,) = [line for line in lines if line.startswith("  S2R sr4 edsr seed 0: up to 4,800 images")]
    assert f"{4800 * 0.33 * 4 / 3600:.1f} h of one core" in scored
    assert "  facerenov test: yours, up to 4,800 pairs at 512 px" in lines
    assert any("Hours are of a machine: 10 training images/s of edsr, width 64" in line for line in lines)


@pytest.mark.slow
def test_a_dry_run_of_the_paper_tells_every_stage_and_makes_nothing(tmp_path, monkeypatch):
    for variable in ("FACES_HQ", "FACES_PAIRS", "FACES_REAL"):
        monkeypatch.delenv(variable, raising=False)
    words = ["reproduce", "--profile", "paper", "--ffhq", "faces", "--facerenov", "real", "--dry-run", "--table", "3"]
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(benchmark, words)
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    (row,) = load_table("table3").rows
    for method in row.methods:
        assert sum(f" sr4 {method}" in line or f" sr4 {method}:" in line for line in lines) >= 3
    for title in ("Splits to make: 4, ", "Trainings: 14, ", "Restoring and scoring: 21, ", "All stages, "):
        assert sum(line.startswith(title) for line in lines) == 1, title
    assert "No GPU was measured yet" in lines[-3] or "Hours are of" in lines[-3]
    assert list(tmp_path.iterdir()) == []


def test_measuring_trains_for_real_and_prints_a_block_that_can_be_read_again():
    import tomllib

    made = measure("edsr", 4, 64, 1, "cpu", "none")
    assert made.images_per_second > 0 and (made.device, made.size) == ("cpu", 64)
    (read,) = tomllib.loads(block(made))["measured"]
    assert Throughput(**read) == made
    with pytest.raises(InputError, match="is not trained"):
        measure("bicubic", 4, 64, 1, "cpu", "none")


@pytest.fixture
def paper(tmp_path, monkeypatch):
    """The profile paper at 64 px, with FFHQ's numbers and FaceRenov's two splits."""
    monkeypatch.delenv("FACES_REAL", raising=False)
    for number in (0, 1, 60_000, 65_000, 65_001):
        write(tmp_path / "ffhq" / f"{number:05d}.png", paint(number, 64))
    for role in ("train", "test"):
        plan = SplitPlan(find_recipe("facerenov_simulated"), role, 64)
        write_split(tmp_path / "real" / role, portrait_sources(role, limit=2), plan, progress=False)
    faces = DataFolders(tmp_path / "ffhq", tmp_path / "real")
    return Settings(TINY, faces, tmp_path / "work", tmp_path / "results", "cpu")


@pytest.mark.slow
def test_a_tiny_slice_of_every_stage_of_the_paper_runs(paper):
    """Splits of both domains and all roles, a training in each, a choice of parameters, restoring and scoring."""
    rows = (Row("denoise", ("identity", "nlm")), Row("sr4", ("edsr", "ispl")))
    tables = [
        TableSpec("table2", 1, ("S2S",), rows, ("psnr.rgb",)),
        TableSpec("table3", 1, ("S2S", "S2R", "R2R"), rows[1:], ("psnr.rgb",)),
    ]
    done = reproduce.reproduce(paper, tables, lambda job, made: None)
    assert (done.jobs, done.not_run) == (8, ())
    assert (done.done.trainings_made, done.done.tunings_made) == (4, 1)
    labels = sorted(path.name.rsplit("-", 1)[0] for path in (paper.work / "splits").iterdir())
    assert labels == ["denoise-64-test", "denoise-64-val", "sr4-64-test", "sr4-64-train"]
    scores = read_scores(paper.results, "paper")
    assert {score.image for score in scores if score.protocol == "S2S" and score.image} == {"65000", "65001"}
    real = {score.split.rsplit("-", 1)[0] for score in scores if score.protocol != "S2S"}
    assert real == {"facerenov-64-test"}
    assert all(score.value is not None for score in scores if score.metric == "psnr.rgb")
    runs = [json.loads(path.read_text()) for path in (paper.results / "paper" / "scores").glob("*.json")]
    assert len(runs) == 8 and {run["profile_values"]["name"] for run in runs} == {"paper"}
    listing = reproduce.listing(paper, tables)
    assert len(listing) == 8 and all(" 0 score lines" not in line for line in listing)


@pytest.mark.slow
def test_every_row_of_every_table_is_in_the_stages(paper):
    tables = [load_table(name) for name in table_names()]
    jobs, _ = reproduce.jobs_of(paper, tables)
    text = "\n".join(estimate.lines(paper, jobs))
    assert all(f"  {job}: up to " in text for job in jobs)
