"""NIQE against the MATLAB program."""

import os
from pathlib import Path

import numpy as np
import pytest

from benchmark.metrics import MetricError, Unavailable, load
from degrade.image import read
from degrade.portraits import paint

# MATLAB's value and the one pyiqa's calibration page prints; the page is not of one pyiqa version, and
# I08 and I19 move in the second decimal with the rounding of luma (8.97 unrounded, 9.07 rounded for I19).
PUBLISHED = {
    "I03": (15.7536, 15.6530, 0.02),
    "I04": (3.6549, 3.6541, 0.02),
    "I06": (3.2355, 3.2343, 0.02),
    "I08": (3.1840, 3.2076, 0.02),
    "I19": (8.6352, 9.1060, 0.04),
}
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
def test_tid2013_images_have_the_published_values(niqe, name):
    matlab, pyiqa, tolerance = PUBLISHED[name]
    value = niqe(read(Path(os.environ["METRICS_GOLDEN"]) / f"tid2013/dist/{name}.png"), None)
    assert value == pytest.approx(pyiqa, abs=tolerance)
    assert value == pytest.approx(matlab, rel=0.06)  # pyiqa's own tolerance


def test_noise_is_less_natural_than_a_portrait(niqe):
    noise = np.random.default_rng(0).random((256, 256, 3), dtype=np.float32)
    assert niqe(noise, None) > niqe(paint(1, 256), None)


def test_what_cannot_be_scored_is_a_sentence(niqe):
    with pytest.raises(MetricError, match="two whole blocks"):
        niqe(paint(1, 256)[:191, :191].copy(), None)
    with pytest.raises(MetricError, match="NIQE"):
        niqe(np.full((256, 256, 3), 0.5, np.float32), None)
