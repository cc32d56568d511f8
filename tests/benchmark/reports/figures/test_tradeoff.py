"""The trade-off of a network with levels: means, figures, what is reused, and an honest closing note."""

import csv
import re

import numpy as np
import pytest
from click.testing import CliRunner

from benchmark.cli.main import benchmark
from benchmark.metrics import registry as metrics
from benchmark.reports.figures import tradeoff
from benchmark.reports.figures.tradeoff import Tradeoff, closing
from benchmark.reports.figures.tradeoff_plot import LevelMean
from degrade.core.errors import InputError
from degrade.core.image import from_uint8, read, to_uint8
from degrade.core.resize import match_scale
from degrade.recipes.library import find_recipe
from degrade.splits.make_split import SplitPlan, write_split
from degrade.splits.roles import portrait_sources
from degrade.splits.split import load_split
from ispl_model.network.ispl import Ispl
from ispl_model.network.variants import IsplConfig
from ispl_model.restoration.restorer import load_restorer
from ispl_model.runtime.checkpoint import save
from ispl_model.runtime.device import seeded_build

SIZE = 128


@pytest.fixture(scope="module")
def split(tmp_path_factory):
    path = tmp_path_factory.mktemp("split") / "test"
    write_split(path, portrait_sources("test", 2), SplitPlan(find_recipe("sr4"), "test", SIZE), progress=False)
    return load_split(path)


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    """Untrained checkpoints, with levels and without."""
    folder = tmp_path_factory.mktemp("networks")
    for name, levels in (("levels", True), ("plain", False)):
        config = {"variant": "isp_unet", "width": 2, "size": SIZE, "projection": 4, "levels": levels}
        network = seeded_build(lambda: Ispl(IsplConfig(**config)), 0)  # noqa: B023 - called at once
        save(folder / f"{name}.safetensors", network.state_dict(), {"method": "ispl:isp_unet", "network": config})
    return folder


@pytest.fixture
def stand_in(monkeypatch):
    """LPIPS without its weights: the mean absolute difference; says how often it was asked."""
    asked, load = [], metrics.load

    def difference(restored, reference):
        asked.append(restored.shape)
        return float(np.abs(restored - reference).mean())

    monkeypatch.setattr(metrics, "load", lambda metric: difference if metric.startswith("lpips") else load(metric))
    return asked


def test_every_level_is_scored_and_drawn_and_nothing_is_computed_twice(split, networks, stand_in, tmp_path):
    checkpoint = networks / "levels.safetensors"
    done = tradeoff.tradeoff(checkpoint, split, tmp_path, step=1.5, device="cpu")
    assert [point.level for point in done.points] == [0, 1.5, 3] and done.perception == "lpips.alex"
    assert len(stand_in) == 6
    with open(tmp_path / "tradeoff.csv") as file:
        rows = list(csv.DictReader(file))
    assert [row["level"] for row in rows] == ["0", "1.5", "3"] and {row["images"] for row in rows} == {"2"}
    restorer = load_restorer(checkpoint, "cpu", level=1.5)
    restored = [from_uint8(to_uint8(restorer.plain([match_scale(split.degraded(n), SIZE, 1)])[0])) for n in split.names]
    errors = [
        np.square(a - split.reference(n), dtype=np.float64).mean() for a, n in zip(restored, split.names, strict=True)
    ]
    assert float(rows[1]["psnr.rgb"]) == pytest.approx(np.mean(-10 * np.log10(errors)), abs=1e-3)
    assert read(tmp_path / "tradeoff.png").shape == (600, 1350, 3)
    assert read(tmp_path / "factors.png").shape[1] == 5 * (SIZE + 6) + 6
    assert tradeoff.tradeoff(checkpoint, split, tmp_path, step=1, device="cpu").points[0] == done.points[0]
    assert len(stand_in) == 6 + 2 * 2  # levels 1 and 2 are new


def test_a_stopped_sweep_goes_on_from_the_lines_that_are_there(split, networks, stand_in, tmp_path):
    arguments = ["tradeoff", str(networks / "levels.safetensors"), str(split.path), "--out", str(tmp_path)]
    arguments += ["--step", "3", "--device", "cpu"]
    assert CliRunner().invoke(benchmark, arguments).exit_code == 0
    lines = (tmp_path / "tradeoff.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "tradeoff.jsonl").write_text("".join(lines[:2]) + lines[2][:40])
    refused = CliRunner().invoke(benchmark, arguments)
    assert refused.exit_code == 2 and "tradeoff.csv: is there already" in refused.output
    (tmp_path / "tradeoff.csv").unlink()
    result = CliRunner().invoke(benchmark, arguments)
    assert result.exit_code == 0 and len(stand_in) == 4 + 2
    assert (tmp_path / "tradeoff.jsonl").read_text() == "".join(lines)
    assert re.search("dlib finds", result.output) and "factors.png" in result.output


def test_what_cannot_be_swept_is_one_sentence(split, networks, tmp_path, monkeypatch):
    with pytest.raises(InputError, match="was trained without levels, so there is no trade-off"):
        tradeoff.tradeoff(networks / "plain.safetensors", split, tmp_path, device="cpu")
    small = tmp_path / "small"
    write_split(small, portrait_sources("test", 1), SplitPlan(find_recipe("sr4"), "test", 64), progress=False)
    with pytest.raises(InputError, match="expected images of 128 px, got 64 px"):
        tradeoff.tradeoff(networks / "levels.safetensors", load_split(small), tmp_path, device="cpu")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    metrics.load.cache_clear()
    with pytest.raises(InputError, match="LPIPS cannot be computed here .*alexnet"):
        tradeoff.tradeoff(networks / "levels.safetensors", split, tmp_path, device="cpu")


def points(*values: tuple[float, float, float], faces: int = 10) -> Tradeoff:
    made = tuple(LevelMean(float(level), 10, faces, *each) for level, each in enumerate(values))
    return Tradeoff(made, "lpips.squeeze", ())


def test_the_closing_note_says_where_the_metrics_trade_and_where_faces_are_lost():
    found, traded = closing(points((20, 0.3, 0.5), (21, 0.2, 0.97), (22, 0.25, 1)))
    assert found == "dlib finds the face in fewer than 95% of the images at level 0 (50%)"
    assert traded.endswith("one better and one worse, from level 1 to 2")
    found, traded = closing(points((20, 0.3, 0.96), (21, 0.2, 1)))
    assert found == "dlib finds the face in at least 96% of the images at every level"
    assert traded == "PSNR and LPIPS-squeeze never move in opposite directions: no level trades one for the other"
    assert "finds no face in the references" in closing(points((20, 0.3, float("nan")), faces=0))[0]
