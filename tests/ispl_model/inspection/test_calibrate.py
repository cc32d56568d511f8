"""A model over strength."""

from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner

from degrade.core.storage.files import JsonLines, object_parser
from degrade.recipes.library import find_recipe
from degrade.splits.roles import portrait_sources
from ispl_model.cli.main import ispl
from ispl_model.inspection import calibrate as over_strength
from ispl_model.inspection import measures
from ispl_model.inspection.calibrate import STRENGTHS, Point, best_strength, calibrate, curve

RECIPES = [find_recipe("denoise"), find_recipe("sr4")]


def model(scale=1):
    """Whatever it is given becomes white."""
    white = np.ones((64 * scale, 64 * scale, 3), np.float32)
    return SimpleNamespace(
        size=64, scale=scale, facts={"model": "white"}, restore_faces=lambda faces: [white] * len(faces)
    )


class Brightness:
    """Stands in for the measures: how bright the faces are."""

    def __init__(self):
        self.calls = 0

    def __call__(self, faces, reference):
        self.calls += 1
        assert {face.shape for face in faces} == {reference.shape}
        means = [float(face.mean()) for face in faces]
        return {"identity": means, "lpips": means, "niqe": means}


def lines_of(path):
    return JsonLines(path, object_parser(over_strength.Line))


@pytest.mark.parametrize("scale", [1, 4])
def test_strength_goes_from_the_degraded_to_the_restored_face(tmp_path, scale):
    with lines_of(tmp_path / "faces.jsonl") as lines:
        found = list(calibrate(model(scale), portrait_sources("test", 2), RECIPES, Brightness(), lines))
    assert [(line["face"], line["recipe"].split("@")[0].split("-")[0]) for line in found] != []
    assert len(found) == 4
    for point, strength in zip(curve(found), STRENGTHS, strict=True):
        darkest = curve(found)[0].lpips
        assert point.lpips == pytest.approx(darkest + strength * (1 - darkest), abs=2 / 255)


def test_what_was_measured_is_not_measured_again(tmp_path):
    sources, measure = portrait_sources("test", 2), Brightness()
    for seed, calls in ((0, 4), (0, 4), (1, 8)):
        with lines_of(tmp_path / "faces.jsonl") as lines:
            list(calibrate(model(), sources, RECIPES, measure, lines, seed))
        assert measure.calls == calls


def test_a_measure_without_a_value_is_left_out(tmp_path):
    """Of two faces, one white all over, in the file too, from which a second run goes on."""

    def measure(faces, reference):
        calls.append(reference)
        values = [float(face.mean()) for face in faces]
        return {"identity": values, "lpips": values, "niqe": [float("nan") if len(calls) == 1 else 1.0] * len(faces)}

    calls = []
    for _ in range(2):
        with lines_of(tmp_path / "faces.jsonl") as lines:
            found = list(calibrate(model(), portrait_sources("test", 2), RECIPES[:1], measure, lines))
        assert [point.niqe for point in curve(found)] == [1.0] * len(STRENGTHS) and len(calls) == 2
    assert all(np.isnan(point.niqe) for point in curve(found[:1]))


def test_identity_decides_where_lpips_hardly_differs():
    points = [
        Point(0.5, 0.40, 0.50, 9),
        Point(0.8, 0.45, 0.21, 9),
        Point(0.9, 0.46, 0.20, 9),
        Point(1.0, 0.49, 0.205, 9),
    ]
    assert best_strength(points) == 0.8


def test_the_command_writes_the_curve(tmp_path, network_file, monkeypatch):
    from degrade.core.image import write
    from degrade.portraits.paint import paint

    for seed in range(2):
        write(tmp_path / "faces" / f"{seed}.png", paint(seed, 64))
    monkeypatch.setattr(measures, "Measures", Brightness)
    arguments = [
        "calibrate",
        f"ispl:{network_file}",
        "--faces",
        str(tmp_path / "faces"),
        "--out",
        str(tmp_path / "out"),
    ]
    result = CliRunner().invoke(ispl, [*arguments, "--device", "cpu", "--recipe", "denoise"])
    assert result.exit_code == 0, result.output
    rows = (tmp_path / "out" / "curve.csv").read_text().splitlines()
    assert rows[0] == "strength,identity,lpips.squeeze,niqe" and len(rows) == 12
    assert "2 faces under denoise" in result.output and "strength " in result.output.splitlines()[-1]
    lines = (tmp_path / "out" / "faces.jsonl").read_bytes()
    again = CliRunner().invoke(ispl, [*arguments, "--device", "cpu", "--recipe", "jpeg"])
    assert again.exit_code == 2 and "curve.csv: is there already; give another name, or --overwrite" in again.output
    assert (tmp_path / "out" / "curve.csv").read_text().splitlines() == rows
    asked = CliRunner().invoke(ispl, [*arguments, "--device", "cpu", "--recipe", "jpeg", "--overwrite"])
    assert asked.exit_code == 0 and "under jpeg" in asked.output, asked.output
    assert (tmp_path / "out" / "faces.jsonl").read_bytes().startswith(lines)


def test_faces_that_cannot_be_used_are_named_and_the_rest_is_measured(tmp_path, network_file, monkeypatch):
    from degrade.core.image import write
    from degrade.portraits.paint import paint

    folder, out = tmp_path / "faces", tmp_path / "out"
    write(folder / "a.png", paint(0, 64)[:60])
    (folder / "b.png").write_bytes(b"no image")
    monkeypatch.setattr(measures, "Measures", Brightness)
    command = ["calibrate", f"ispl:{network_file}", "--faces", str(folder), "--out", str(out), "--device", "cpu"]
    result = CliRunner().invoke(ispl, command)
    assert result.exit_code == 1 and "2 of 2 faces could not be measured:" in result.stderr
    assert not (out / "curve.csv").exists()
    write(folder / "c.png", paint(0, 64))
    result = CliRunner().invoke(ispl, command)
    assert result.exit_code == 1 and "2 of 3 faces could not be measured:" in result.stderr
    assert "a: " in result.stderr and "b: " in result.stderr and "Traceback" not in result.output
    assert "1 face under gfpgan, dual_blind" in result.stdout and "strength " in result.stdout.splitlines()[-1]
    assert len((out / "curve.csv").read_text().splitlines()) == 12


def test_another_spelling_is_refused(tmp_path):
    result = CliRunner().invoke(ispl, ["calibrate", "bicubic", "--faces", str(tmp_path)])
    assert result.exit_code == 2
    assert "bicubic: expected KIND:FILE" in result.output
