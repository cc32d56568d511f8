"""The squared MMD against its sum by hand, its mean over many sets, and the descriptors it shares."""

import json
import runpy
from pathlib import Path

import numpy as np
import pytest

from benchmark.metrics import kernel
from benchmark.metrics.base import MetricError
from benchmark.metrics.kernel import WIDTH, squared_mmd
from benchmark.metrics.registry import definition
from benchmark.metrics.table import METRICS
from benchmark.records.scores import GROUPS
from benchmark.runs.scoring.set_scores import FeatureFolder
from degrade.core.storage.files import digest_of

REFERENCE = Path(__file__).parents[2] / "reference"


def one_kernel(x, y):
    return np.exp(-np.square(x - y).sum() / (2 * 0.6**2))


def by_hand(first, second):
    """Term by term; of equally many rows those at one place are pairs and not compared with each other."""
    pairs = len(first) == len(second)
    within = [
        np.mean([one_kernel(x, y) for i, x in enumerate(s) for j, y in enumerate(s) if i != j]) for s in (first, second)
    ]
    across = [one_kernel(x, y) for i, x in enumerate(first) for j, y in enumerate(second) if not (pairs and i == j)]
    return sum(within) - 2 * np.mean(across)


@pytest.mark.parametrize("other", [5, 7])
def test_it_is_the_sum_over_all_pairs_of_rows_but_a_rows_own_reference(other, monkeypatch):
    rng = np.random.default_rng(1)
    first, second = rng.normal(0, 0.3, (5, 3)), rng.normal(0.1, 0.3, (other, 3))
    assert squared_mmd(first, second) == pytest.approx(by_hand(first, second), rel=1e-12)
    monkeypatch.setattr(kernel, "_ROWS", 2)
    assert squared_mmd(first, second) == pytest.approx(by_hand(first, second), rel=1e-12)


def test_a_set_is_at_zero_from_itself_and_below_two_images_there_is_no_value():
    features = np.random.default_rng(2).normal(0, 0.05, (30, 128)).astype(np.float32)
    assert squared_mmd(features, features) == pytest.approx(0, abs=1e-12)
    assert squared_mmd(features, features + 10) > 0.1
    with pytest.raises(MetricError, match="at least two images on each side, got 1 and 30"):
        squared_mmd(features[:1], features)


@pytest.mark.parametrize("paired", [True, False], ids=["pairs", "strangers"])
def test_it_is_unbiased_at_any_number_of_images(paired):
    """Gaussians of one number: mean kernels are w / sqrt(w^2 + v) exp(-d^2 / (2 (w^2 + v))), v that of x - y."""

    def mean_kernel(variance, shift):
        return WIDTH / np.sqrt(WIDTH**2 + variance) * np.exp(-(shift**2) / (2 * (WIDTH**2 + variance)))

    truth = mean_kernel(2.0, 0) + mean_kernel(2 * 1.25, 0) - 2 * mean_kernel(2.25, 0.3)
    rng, found = np.random.default_rng(3), []
    for _ in range(4000):
        first = rng.standard_normal((6, 1))
        faces = first if paired else rng.standard_normal((6, 1))
        found.append(squared_mmd(first, 0.3 + faces + 0.5 * rng.standard_normal((6, 1))))
    assert np.mean(found) == pytest.approx(truth, abs=3 * np.std(found) / np.sqrt(len(found)))
    assert np.std(found) / np.sqrt(len(found)) < 0.2 * truth, "or the test could not fail"


def test_metrics_on_the_same_descriptors_share_one_file(tmp_path):
    hashes = {name: digest_of(definition(name)) for name in ("mmd.dlib", "ffd.dlib", "fid.inception", "kid.inception")}
    folder = FeatureFolder(tmp_path, hashes)
    assert folder.file("mmd.dlib") == folder.file("ffd.dlib") == tmp_path / f"ffd.dlib-{hashes['ffd.dlib'][:8]}.jsonl"
    assert folder.file("kid.inception") == folder.file("fid.inception") != folder.file("ffd.dlib")
    alone = FeatureFolder(tmp_path, {"mmd.dlib": hashes["mmd.dlib"]})
    assert alone.file("mmd.dlib") == folder.file("ffd.dlib")
    assert all(METRICS[metric.descriptors].module for metric in METRICS.values())


def test_what_was_simulated_are_these_distances():
    """The script behind set_distance_coverage.json computes faster, by groups; its truths are closed forms."""
    from benchmark.metrics.frechet import frechet_distance

    script = runpy.run_path(str(REFERENCE / "set_distance_coverage.py"))
    spectrum = json.loads((REFERENCE / "descriptor_spectrum.json").read_text())
    model, rng = script["Model"](spectrum, 1.0), np.random.default_rng(4)
    x = np.sqrt(model.variance) * rng.standard_normal((400, len(model.variance)))
    y = model.of(x, rng)
    left = np.arange(len(x)) % GROUPS != 3
    for values, distance in ((script["frechet_values"], frechet_distance), (script["mmd_values"], squared_mmd)):
        found = values(x, y)
        assert len(found) == 1 + GROUPS
        assert found[0] == pytest.approx(distance(x, y), abs=1e-5)
        assert found[1 + 3] == pytest.approx(distance(x[left], y[left]), abs=1e-5)
    many = np.concatenate([x, np.sqrt(model.variance) * rng.standard_normal((3000, len(model.variance)))])
    assert squared_mmd(many, model.of(many, rng)) == pytest.approx(model.mmd(), rel=0.05)
    assert frechet_distance(many, model.of(many, rng)) == pytest.approx(model.frechet(), rel=0.1)
