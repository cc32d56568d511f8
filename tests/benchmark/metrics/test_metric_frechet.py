"""Frechet and kernel distances against closed forms; Inception features with seeded random weights."""

import json
import runpy
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from benchmark.metrics import face, kernel
from benchmark.metrics.base import MetricError, Unavailable
from benchmark.metrics.frechet import (
    Gaussian,
    StatisticsScorer,
    frechet_distance,
    write_statistics,
)
from benchmark.metrics.inception import to_inception
from benchmark.metrics.kernel import KernelScorer, kernel_distances
from benchmark.metrics.registry import definition, find_metric, load
from benchmark.metrics.table import METRICS
from degrade.core.image import from_uint8, to_uint8
from degrade.core.resize import resize_bicubic
from degrade.core.storage.files import sha256_file
from degrade.portraits.paint import paint

REFERENCE = Path(__file__).parents[2] / "reference"


def samples(seed: int, count: int, dimensions: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((count, dimensions)) @ rng.standard_normal((dimensions, dimensions)) + rng.random()


def test_two_gaussians_of_one_dimension_have_the_closed_form():
    first, second = np.array([[1.0], [3.0], [5.0]]), np.array([[0.0], [1.0]])
    expected = (3 - 0.5) ** 2 + (2 - np.sqrt(0.5)) ** 2
    assert frechet_distance(first, second) == pytest.approx(expected)


@pytest.mark.parametrize(("few", "many"), [(6, 9), (200, 300), (7, 300)])
def test_the_distance_is_that_of_the_covariances(few, many):
    """Both ways, N below and above D, against the eigenvalues of C1 C2."""
    first, second = samples(1, few, 24), samples(2, many, 24)
    covariances = [np.cov(features, rowvar=False) for features in (first, second)]
    roots = np.sqrt(np.maximum(np.linalg.eigvals(covariances[0] @ covariances[1]).real, 0)).sum()
    means = ((first.mean(0) - second.mean(0)) ** 2).sum()
    expected = means + np.trace(covariances[0]) + np.trace(covariances[1]) - 2 * roots
    assert frechet_distance(first, second) == pytest.approx(expected, rel=1e-5)
    assert frechet_distance(second, first) == pytest.approx(expected, rel=1e-5)


def test_a_set_is_at_zero_from_itself_in_any_order_and_a_shift_adds_its_square():
    features = samples(3, 40, 128)
    assert frechet_distance(features, features[::-1]) == pytest.approx(0, abs=1e-5)
    assert frechet_distance(features, features + 0.5) == pytest.approx(128 * 0.25)


def test_few_images_bias_frechet_but_not_the_kernel_distance():
    rng = np.random.default_rng(0)
    few, many = ([rng.standard_normal((n, 64)) for _ in range(2)] for n in (50, 1000))
    assert frechet_distance(*few) > 10 * frechet_distance(*many) > 1
    kernel = KernelScorer(lambda image: image)
    for sets, tolerance in ((few, 0.05), (many, 0.01)):
        assert abs(kernel.distance(*sets)) < tolerance and 0 < kernel.deviation(*sets) < tolerance


def test_the_kernel_distance_of_four_numbers_by_hand():
    first, second = np.array([[0.0], [1.0]]), np.array([[1.0], [2.0]])
    # kernel(0, 1) = 1; kernel(1, 2) = 27; across: 1, 1, 8, 27; two images are the only subset there is
    values = kernel_distances(first, second)
    np.testing.assert_allclose(values, np.full(1000, 1 + 27 - 2 * (1 + 1 + 8 + 27) / 4))


def test_the_kernel_matrix_by_parts_is_the_whole_one(monkeypatch):
    first, second = samples(1, 50, 8), samples(2, 40, 8)
    whole = kernel_distances(first, second)
    monkeypatch.setattr(kernel, "_ROWS", 7)
    np.testing.assert_allclose(kernel_distances(first, second), whole, rtol=1e-9)


@pytest.mark.parametrize("case", ["fewer images than numbers", "more images than numbers"])
def test_both_distances_are_torch_fidelitys(case):
    script = runpy.run_path(str(REFERENCE / "fidelity_values.py"))
    first, second, dimensions = script["CASES"][case]
    sets = script["features"](1, first, dimensions), script["features"](2, second, dimensions)
    theirs = json.loads((REFERENCE / "fidelity_values.json").read_text())[case]
    assert frechet_distance(*sets) == pytest.approx(theirs["frechet_inception_distance"], abs=1e-4)
    kernel = KernelScorer(lambda image: image)
    assert kernel.distance(*sets) == pytest.approx(theirs["kernel_inception_distance_mean"], rel=1e-9)
    assert kernel.deviation(*sets) == pytest.approx(theirs["kernel_inception_distance_std"], rel=1e-9)


def test_mean_and_covariance_stand_for_the_set_they_are_of(tmp_path):
    restored, reference = samples(1, 30, 24), samples(2, 200, 24)
    write_statistics(tmp_path / "set.npz", list(reference))
    scorer = StatisticsScorer(lambda image: image, Gaussian.read(tmp_path / "set.npz"))
    assert scorer.distance(restored, None) == pytest.approx(frechet_distance(restored, reference), rel=1e-6)
    assert scorer.deviation(restored, None) is None
    with pytest.raises(MetricError, match="at least two images, got 1"):
        scorer.distance(restored[:1], None)


def test_descriptors_come_without_a_face_too_and_are_remembered(monkeypatch):
    try:
        scorer = load("ffd.dlib")
    except Unavailable as reason:
        pytest.skip(str(reason))
    flat = np.full((256, 256, 3), 0.5, np.float32)
    first = scorer.feature(flat)
    assert first.shape == (128,) and np.isfinite(first).all()
    monkeypatch.setattr(face.detection, "descriptor", lambda *_: pytest.fail("computed again"))
    np.testing.assert_array_equal(scorer.feature(flat.copy()), first)


def test_blurred_faces_are_further_than_other_faces_of_the_same_kind():
    try:
        scorer = load("ffd.dlib")
    except Unavailable as reason:
        pytest.skip(str(reason))
    portraits = [paint(seed, 256) for seed in range(3)]
    features = np.stack([scorer.feature(image) for image in portraits])
    distances = []
    for sigma in (1.0, 6.0):
        blurred = [np.clip(cv2.GaussianBlur(image, (0, 0), sigma), 0, 1) for image in portraits]
        distances.append(scorer.distance(np.stack([scorer.feature(image) for image in blurred]), features))
    assert 0 < distances[0] < distances[1]


@pytest.fixture
def random_inception(tmp_path, monkeypatch, any_weights):
    """A file in the FID Inception's layout with seeded random weights, and pyiqa's own network holding it."""
    from pyiqa.archs import inception as theirs

    path = tmp_path / "hub" / METRICS["fid.inception"].weights[0]
    path.parent.mkdir(parents=True)
    monkeypatch.setattr(theirs, "load_pretrained_network", lambda network, _url: torch.save(seeded(network), path))
    with torch.random.fork_rng(devices=[]):
        network = theirs.InceptionV3([3]).eval()
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    load.cache_clear()
    yield network
    load.cache_clear()


def seeded(network: torch.nn.Module) -> dict:
    """Weights scaled so that the signal survives ninety layers."""
    generator = torch.Generator().manual_seed(1)
    for parameter in network.parameters():
        if parameter.ndim == 4:
            fan_in = parameter[0].numel()
            parameter.data = torch.randn(parameter.shape, generator=generator) * (2 / fan_in) ** 0.5
    return network.state_dict()


CLEANED = runpy.run_path(str(REFERENCE / "cleanfid_values.py"))


@pytest.mark.parametrize("case", CLEANED["SIDES"])
def test_images_are_brought_to_the_networks_side_as_clean_fid_does(case):
    theirs = json.loads((REFERENCE / "cleanfid_values.json").read_text())[case]
    ours = to_inception(from_uint8(CLEANED["image"](*CLEANED["SIDES"][case])))
    assert ours.shape == (299, 299, 3) and ours.dtype == np.float32
    np.testing.assert_allclose([ours[place] for place in CLEANED["PLACES"]], theirs["pixels"], atol=1e-4)
    assert ours.mean(dtype="f8") == pytest.approx(theirs["mean"], abs=1e-5)


@pytest.mark.parametrize("sides", [(32, 32), (256, 256), (299, 299), (300, 200), (1024, 1024)])
def test_every_pixel_is_clean_fids(sides):
    theirs = pytest.importorskip("cleanfid.resize", reason="needs the package clean-fid").build_resizer("clean")
    pixels = CLEANED["image"](*sides)
    np.testing.assert_array_equal(to_inception(from_uint8(pixels)), theirs(pixels))


def test_with_random_weights_inception_features_equal_pyiqas(random_inception):
    image = from_uint8(to_uint8(paint(1, 256)))
    small = torch.from_numpy(resize_bicubic(image, 299, 299).transpose(2, 0, 1)[None] * np.float32(255))
    with torch.no_grad():
        expected = random_inception((small - 128) / 128, False, False)[0].ravel().numpy()
    assert expected.std() > 1e-3
    value = load("fid.inception").feature(image)
    assert value.shape == (2048,)
    np.testing.assert_allclose(value, expected, rtol=1e-3, atol=1e-5)
    assert load("kid.inception").feature is load("fid.inception").feature  # one network, one memory


@pytest.mark.slow
def test_with_random_weights_fid_to_named_statistics_needs_no_reference(random_inception, tmp_path):
    metric_id = "fid.inception@some_faces.npz"
    assert not find_metric(metric_id).needs_reference and find_metric(metric_id).per == "set"
    with pytest.raises(Unavailable, match=r"some_faces\.npz; put it at \$TORCH_HOME/hub/pyiqa/some_faces\.npz"):
        load(metric_id)
    path = tmp_path / "hub/pyiqa/some_faces.npz"
    np.savez(path, mu=np.zeros(2048), sigma=np.eye(2048, dtype=np.float32))
    features = np.abs(samples(1, 4, 2048))
    centred = features - features.mean(axis=0)
    roots = np.sqrt(np.maximum(np.linalg.eigvalsh(centred @ centred.T / 3), 0)).sum()
    expected = (features.mean(axis=0) ** 2).sum() + (centred**2).sum() / 3 + 2048 - 2 * roots
    assert load(metric_id).distance(features, None) == pytest.approx(expected)
    assert definition(metric_id)["weights"]["pyiqa/some_faces.npz"] == sha256_file(path)
    np.savez(path, mean=np.zeros(2048))
    load.cache_clear()
    with pytest.raises(Unavailable, match=r"some_faces\.npz cannot be used"):
        load(metric_id)
