"""PSNR against arithmetic and against scikit-image's published values."""

import os
from pathlib import Path

import numpy as np
import pytest

from benchmark.metrics.registry import load
from degrade.core.image import read

# scikit-image on five pairs of TID2013, collected by IQA-PyTorch (ResultsCalibra).
PUBLISHED = {"I03": 21.11, "I04": 20.99, "I06": 27.01, "I08": 23.30, "I19": 21.62}


def test_one_grey_level_everywhere_is_48_13_db():
    reference = np.full((16, 16, 3), 0.5, np.float32)
    assert load("psnr.rgb")(reference + np.float32(1 / 255), reference) == pytest.approx(48.1308, abs=1e-3)


def test_black_against_white_is_0_db_without_a_sign():
    black, white = np.zeros((8, 8, 3), np.float32), np.ones((8, 8, 3), np.float32)
    assert str(load("psnr.rgb")(black, white)) == "0.0"


def test_the_three_channels_count_alike():
    reference = np.zeros((8, 8, 3), np.float32)
    for channel in range(3):
        restored = reference.copy()
        restored[:, :, channel] = 0.3  # mean square 0.09 / 3
        assert load("psnr.rgb")(restored, reference) == pytest.approx(15.2288, abs=1e-3)


def test_luma_psnr_equals_scikit_images_on_its_own_luma():
    from skimage.color import rgb2ycbcr
    from skimage.metrics import peak_signal_noise_ratio

    rng = np.random.default_rng(0)
    reference, restored = (rng.random((24, 24, 3), dtype=np.float32) for _ in range(2))
    luma = [rgb2ycbcr(image.astype(np.float64))[:, :, 0] for image in (reference, restored)]  # 16..235
    assert load("psnr.y601")(restored, reference) == pytest.approx(
        peak_signal_noise_ratio(*luma, data_range=255), abs=1e-6
    )


@pytest.mark.skipif("METRICS_GOLDEN" not in os.environ, reason="METRICS_GOLDEN: no folder of golden images")
@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_tid2013_pairs_have_the_published_psnr(name):
    folder = Path(os.environ["METRICS_GOLDEN"]) / "tid2013"
    value = load("psnr.rgb")(read(folder / f"dist/{name}.png"), read(folder / f"ref/{name}.png"))
    assert value == pytest.approx(PUBLISHED[name], abs=0.01)
