"""The classical floors, and the choice of their parameters on the validation split."""

import json
from dataclasses import replace

import numpy as np
import pytest

from benchmark.methods import registry as methods
from benchmark.methods import table as method_table
from benchmark.methods.classical import richardson_lucy, total_variation, wiener
from benchmark.methods.classical.common import noise_level
from benchmark.methods.fixed import lanczos
from benchmark.metrics.pixel import psnr
from benchmark.runs import checkpoints
from benchmark.runs.request import RunRequest
from benchmark.runs.run import load_method, run
from benchmark.runs.settings import Settings
from benchmark.runs.splits import domain_split
from benchmark.specs.protocols import Profile, load_protocol
from degrade.core.errors import InputError
from degrade.core.image import from_uint8, to_uint8
from degrade.core.storage.files import sha256_file
from degrade.operators.blur.gaussian import GaussianBlur
from degrade.operators.noise.additive import GaussianNoise

TINY = Profile("quick", 64, 2, 2, 2, 4, 1, 2, "none", (0,))
TUNED = [
    name
    for name, row in method_table.METHODS.items()
    if row.kind == method_table.TUNED and not methods.why_unavailable(row)
]


def request(root, method, val=2, task=None):
    settings = Settings(replace(TINY, val=val), work=root / "work", results=root / "results", device="cpu")
    return RunRequest(settings, load_protocol("S2S"), method, (task or method_table.METHODS[method].tasks[0],))


def chosen(root):
    (path,) = (root / "work" / "checkpoints").glob("*/parameters.json")
    return path, json.loads(path.read_text())


def roles(root):
    return {json.loads(path.read_text())["role"] for path in (root / "work" / "splits").glob("*/split.json")}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name == "bm3d" else name for name in TUNED]
)
def test_the_best_of_the_grid_is_chosen_on_the_validation_split_alone_and_restores(name, tmp_path):
    asked = request(tmp_path, name)
    method = load_method(asked, asked.tasks[0])
    assert roles(tmp_path) == {"val"}
    split, grid = (
        domain_split(asked.settings, "synthetic", asked.tasks[0], "val").split,
        methods.method_module(name).GRID,
    )
    restore = methods.method_module(name).restore
    rounded = [
        [psnr(from_uint8(to_uint8(restore(split.degraded(one), **each))), split.reference(one)) for one in split.names]
        for each in grid
    ]
    scores = [sum(row) / len(row) for row in rounded]
    path, found = chosen(tmp_path)
    assert [each["psnr.rgb"] for each in found["tried"]] == pytest.approx(scores, abs=1e-3)
    assert found["parameters"] == grid[int(np.argmax(scores))] and found["split_sha256"] == split.digest
    assert path.parent.name.startswith(f"{name}-{asked.tasks[0]}-")
    degraded = split.degraded(split.names[0])
    np.testing.assert_array_equal(method.restore([degraded])[0], restore(degraded, **found["parameters"]))


def test_a_choice_repeats_byte_for_byte_is_reused_and_stands_in_the_score_lines(tmp_path):
    first, second = tmp_path / "a", tmp_path / "b"
    made = run(replace(request(first, "total_variation"), metrics=("psnr.rgb",)))
    again = run(replace(request(first, "total_variation"), metrics=("psnr.rgb",)))
    load_method(request(second, "total_variation"), "denoise")
    path, _ = chosen(first)
    assert path.read_bytes() == chosen(second)[0].read_bytes()
    assert (made.tunings_made, made.trainings_made, again.tunings_made, again.tunings_reused) == (1, 0, 0, 1)
    assert {(score.seed, score.checkpoint) for score in made.scores} == {(None, sha256_file(path))}
    (facts,) = (json.loads(each.read_text()) for each in (first / "results").rglob("*.json"))
    assert (
        facts["weights"]["train_split"] == json.loads(path.read_text())["split"] and facts["weights"]["steps"] is None
    )


def test_another_validation_split_or_grid_gives_another_choice_in_another_folder(tmp_path, monkeypatch):
    load_method(request(tmp_path, "total_variation"), "denoise")
    load_method(request(tmp_path, "total_variation", val=1), "denoise")
    monkeypatch.setattr(total_variation, "GRID", ({"strength": 1.1},))
    load_method(request(tmp_path, "total_variation"), "denoise")
    paths = list((tmp_path / "work" / "checkpoints").glob("total_variation-denoise-*/parameters.json"))
    assert len({path.read_bytes() for path in paths}) == len(paths) == 3


def test_an_interrupted_choice_goes_on_where_it_stopped_and_ends_as_if_it_had_not(tmp_path, monkeypatch):
    load_method(request(tmp_path / "whole", "total_variation"), "denoise")
    whole, calls, restore = len(total_variation.GRID) * 2, [], total_variation.restore

    def stopping(image, strength):
        calls.append(strength)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return restore(image, strength)

    monkeypatch.setattr(total_variation, "restore", stopping)
    with pytest.raises(KeyboardInterrupt):
        load_method(request(tmp_path / "parts", "total_variation"), "denoise")
    load_method(request(tmp_path / "parts", "total_variation"), "denoise")
    assert len(calls) == whole + 1
    assert chosen(tmp_path / "parts")[0].read_bytes() == chosen(tmp_path / "whole")[0].read_bytes()


def test_only_the_first_images_of_a_large_split_are_looked_at(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "IMAGES", 1)
    load_method(request(tmp_path, "total_variation"), "denoise")
    assert len(chosen(tmp_path)[1]["images"]) == 1


@pytest.mark.parametrize(
    "content, sentence",
    [("{", "expected a file of chosen parameters"), ('{"method": "nlm", "parameters": {}}', "got those of nlm")],
)
def test_a_damaged_or_foreign_file_of_parameters_is_refused(tmp_path, content, sentence):
    path = tmp_path / "parameters.json"
    path.write_text(content)
    with pytest.raises(InputError, match=sentence):
        wiener.load("cpu", path, 64)
    with pytest.raises(InputError, match="`benchmark run` chooses them"):
        wiener.load("cpu", None, 64)


def test_bm3d_says_in_a_sentence_that_its_package_is_missing(monkeypatch, tmp_path):
    monkeypatch.setattr(methods, "find_spec", lambda package: None)
    with pytest.raises(InputError, match="'bm3d': unavailable: needs pip install bm3d"):
        run(request(tmp_path, "bm3d"))


@pytest.fixture
def edge():
    """Flat on both sides of an upright edge, with one bright square."""
    image = np.full((64, 64, 3), 0.3, np.float32)
    image[:, 32:] = (0.7, 0.6, 0.5)
    image[8:16, 8:16] = 0.8
    return image


@pytest.mark.parametrize(
    "name, strength, gain",
    [("nlm", 0.8, 8), ("total_variation", 1.2, 7), pytest.param("bm3d", 1, 9, marks=pytest.mark.slow)],
)
def test_a_denoiser_raises_the_psnr_of_a_noisy_edge(edge, name, strength, gain):
    if name == "bm3d":
        pytest.importorskip("bm3d", reason="the package bm3d is not installed; pip install bm3d")
    noisy = GaussianNoise(25.0, seed=1)(edge)
    restored = methods.method_module(name).restore(noisy, strength)
    assert psnr(restored, edge) - psnr(noisy, edge) > gain


@pytest.mark.parametrize("level", [5, 20, 40])
def test_the_noise_level_is_found_within_a_tenth(level):
    flat = np.full((128, 128, 3), 0.5, np.float32)
    assert noise_level(GaussianNoise(float(level), seed=0)(flat)) == pytest.approx(level / 255, rel=0.1)
    assert noise_level(flat) == pytest.approx(1 / 255 / 12**0.5)


def test_no_total_variation_is_taken_at_strength_0_and_a_step_shrinks_by_the_weight(edge):
    np.testing.assert_array_equal(total_variation.restore(edge, 0), edge)
    step = np.zeros((8, 8, 3), np.float32)
    step[:, 4:] = 1
    # min |u - f|^2 / 2 + w TV(u) of a step between two halves of n pixels: each moves towards the other by w / n.
    weight = 200 * noise_level(step)
    restored = total_variation.restore(step, 200)
    assert restored[:, :4].mean() == pytest.approx(weight / 4, rel=0.02)
    assert restored[:, 4:].mean() == pytest.approx(1 - weight / 4, rel=0.02)


@pytest.mark.parametrize("name, parameter", [("richardson_lucy", 10), ("wiener", 0.0)])
def test_a_blur_of_no_width_leaves_the_image_as_it_is(edge, name, parameter):
    restored = methods.method_module(name).restore(edge, 0.0, parameter)
    np.testing.assert_allclose(restored, edge, atol=1e-5)


@pytest.mark.parametrize("name, parameter", [("richardson_lucy", 10), ("wiener", 0.03)])
def test_a_blurred_point_is_sharpened_and_keeps_its_place_and_its_light(name, parameter):
    point = np.full((64, 64, 3), 0.1, np.float32)
    point[20, 40] = 1
    blurred = GaussianBlur(1.5)(point)
    restored = methods.method_module(name).restore(blurred, 1.5 * 512 / 64, parameter)
    peak = restored[20, 40, 0] - 0.1
    assert peak > 1.5 * (blurred[20, 40, 0] - 0.1) and np.unravel_index(restored[..., 0].argmax(), (64, 64)) == (20, 40)
    assert restored[10:31, 30:51, 1].sum() == pytest.approx(blurred[10:31, 30:51, 1].sum(), rel=0.01)


def test_a_deconvolution_leaves_the_border_of_a_flat_image_flat():
    flat = np.full((64, 64, 3), 0.6, np.float32)
    for restored in (richardson_lucy.restore(flat, 16.0, 5), wiener.restore(flat, 16.0, 0.1)):
        np.testing.assert_allclose(restored, flat, atol=1e-3)


def test_lanczos_enlarges_by_the_windowed_sinc_and_leaves_the_rest_alone(edge):
    method = lanczos.load("cpu", None, 64)
    np.testing.assert_array_equal(method.restore([edge])[0], edge)
    point = np.zeros((16, 16, 3), np.float32)
    point[8, 8] = 1
    enlarged = method.restore([point])[0]
    away = (np.arange(64) + 0.5) / 4 - 8.5
    kernel = np.where(np.abs(away) < 3, np.sinc(away) * np.sinc(away / 3), 0)
    kernel /= np.array([_taps(place) for place in away])
    np.testing.assert_allclose(enlarged[..., 0], np.clip(np.outer(kernel, kernel), 0, 1), atol=1e-4)


def _taps(away):
    """The sum of the kernel over the pixels there are, which Pillow divides by."""
    places = away + 8 - np.arange(16)
    return np.where(np.abs(places) < 3, np.sinc(places) * np.sinc(places / 3), 0).sum()
