"""NIQE against the MATLAB program."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmark.assets.weights import weight_path
from benchmark.metrics import naturalness
from benchmark.metrics.base import MetricError, Unavailable
from benchmark.metrics.registry import load
from benchmark.metrics.table import METRICS
from degrade.core.image import read
from degrade.core.resize import resize_bicubic
from degrade.portraits.paint import paint

# MATLAB's values (NIQE release of LIVE), collected by IQA-PyTorch. On I19, a third of which is flat, pyiqa's
# kernel in float32 gives 9.1, because the sign of a rounding error decides there.
PUBLISHED = {"I03": 15.7536, "I04": 3.6549, "I06": 3.2355, "I08": 3.1840, "I19": 8.6352}
golden = pytest.mark.skipif("METRICS_GOLDEN" not in os.environ, reason="METRICS_GOLDEN: no folder of golden images")


@pytest.fixture
def niqe():
    try:
        return load("niqe.y")
    except Unavailable as reason:
        pytest.skip(str(reason))


@golden
def test_baboon_has_the_value_of_matlab_r2021a(niqe):
    baboon = read(Path(os.environ["METRICS_GOLDEN"]) / "baboon.png")
    assert niqe(baboon, None) == pytest.approx(5.7296, abs=0.01)


@golden
@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_tid2013_images_have_the_values_of_matlab(niqe, name):
    value = niqe(read(Path(os.environ["METRICS_GOLDEN"]) / f"tid2013/dist/{name}.png"), None)
    assert value == pytest.approx(PUBLISHED[name], rel=0.01)


@golden
def test_where_nothing_is_flat_it_is_pyiqas(niqe):
    import torch
    from pyiqa.archs.niqe_arch import NIQE

    image = read(Path(os.environ["METRICS_GOLDEN"]) / "baboon.png")
    theirs = NIQE(pretrained_model_path=str(weight_path(METRICS["niqe.y"].weights[0])))
    expected = theirs(torch.from_numpy(image.transpose(2, 0, 1)[None].copy())).item()
    assert niqe(image, None) == pytest.approx(expected, abs=1e-3)


def test_the_half_size_is_the_antialiased_bicubic_one():
    rough = np.random.default_rng(0).random((32, 32, 1), dtype=np.float32) * 0.5 + 0.25  # overshoots stay in range
    image = np.repeat(rough, 3, axis=2)
    kernel = naturalness._HALF
    half = cv2.sepFilter2D(rough[:, :, 0], -1, kernel, kernel, anchor=(3, 3))[::2, ::2]
    expected = resize_bicubic(image, 16, 16)[:, :, 0]
    np.testing.assert_allclose(half[2:-2, 2:-2], expected[2:-2, 2:-2], atol=1e-5)


@pytest.mark.parametrize(("shape", "left", "right"), [(2.0, 1.5, 1.5), (1.0, 0.5, 0.5), (2.0, 1.0, 3.0)])
def test_the_fitted_gaussian_is_the_one_that_was_drawn(shape, left, right):
    """Gamma draws to the power 1 / shape are generalised Gaussian; each side has its scale and its share."""
    rng = np.random.default_rng(0)
    magnitude = rng.gamma(1 / shape, size=(1, 1000, 1000)) ** (1 / shape)
    values = np.where(rng.random(magnitude.shape) < left / (left + right), -left * magnitude, right * magnitude)
    fitted = [number.item() for number in naturalness._asymmetric_gaussian(values)]
    assert fitted == pytest.approx([shape, left, right], rel=0.01)


def test_noise_is_less_natural_than_a_portrait(niqe):
    noise = np.random.default_rng(0).random((256, 256, 3), dtype=np.float32)
    assert niqe(noise, None) > niqe(paint(1, 256), None)


def test_what_cannot_be_scored_is_a_sentence(niqe):
    with pytest.raises(MetricError, match="two whole blocks"):
        niqe(paint(1, 256)[:191, :191].copy(), None)
    with pytest.raises(MetricError, match="NIQE"):
        niqe(np.full((256, 256, 3), 0.5, np.float32), None)
