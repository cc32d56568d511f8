"""SSIM, MS-SSIM and GMSD against arithmetic and the official programs."""

import os
from pathlib import Path

import numpy as np
import pytest

from benchmark.metrics import structure
from benchmark.metrics.base import MetricError
from benchmark.metrics.registry import load
from degrade.core.image import read

# Official MATLAB programs on five pairs of TID2013, collected by IQA-PyTorch (ResultsCalibra).
# SSIM and MS-SSIM there are of rgb2gray; pyiqa's own MS-SSIM is 0.6698 where MATLAB's is 0.6733.
SSIM = {"I03": 0.6993, "I04": 0.9978, "I06": 0.9989, "I08": 0.9669, "I19": 0.6519}
MSSSIM = {"I03": 0.6733, "I04": 0.9996, "I06": 0.9998, "I08": 0.9566, "I19": 0.8462}
GMSD = {"I03": 0.2203, "I04": 0.0005, "I06": 0.0004, "I08": 0.1346, "I19": 0.2050}

golden = pytest.mark.skipif("METRICS_GOLDEN" not in os.environ, reason="METRICS_GOLDEN: no folder of golden images")


def pair(name: str) -> list[np.ndarray]:
    folder = Path(os.environ["METRICS_GOLDEN"]) / "tid2013"
    return [read(folder / kind / f"{name}.png") for kind in ("dist", "ref")]


def rgb2gray(image: np.ndarray) -> np.ndarray:
    luma = np.rint(image.astype(np.float64) @ [0.2989, 0.5870, 0.1140] * 255) / 255
    return np.repeat(luma[:, :, None], 3, axis=2).astype(np.float32)


def texture(seed: int, side: int = 64) -> np.ndarray:
    return np.random.default_rng(seed).random((side, side, 3), dtype=np.float32)


def test_ssim_of_two_flat_images_is_the_luminance_term():
    dark, light = (np.full((32, 32, 3), value, np.float32) for value in (0.2, 0.6))
    expected = (2 * 0.2 * 0.6 + 0.01**2) / (0.2**2 + 0.6**2 + 0.01**2)
    assert load("ssim.gauss11.rgb")(dark, light) == pytest.approx(expected, abs=1e-6)


def test_ssim_of_one_window_follows_the_formula_and_keeps_negative_contrast():
    x, y = texture(1, 11), 1 - texture(1, 11)  # an image and its negative: covariance below zero
    taps = np.exp(-(np.arange(-5, 6) ** 2) / (2 * 1.5**2))
    window = np.outer(taps, taps)[:, :, None] / taps.sum() ** 2
    mean = [(window * image).sum((0, 1)) for image in (x, y)]
    spread = [(window * image**2).sum((0, 1)) - mu**2 for image, mu in zip((x, y), mean, strict=True)]
    shared = (window * x * y).sum((0, 1)) - mean[0] * mean[1]
    luminance = (2 * mean[0] * mean[1] + 1e-4) / (mean[0] ** 2 + mean[1] ** 2 + 1e-4)
    expected = (luminance * (2 * shared + 9e-4) / (sum(spread) + 9e-4)).mean()
    assert expected < -0.5
    assert load("ssim.gauss11.rgb")(y, x) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("name", ["ssim.gauss11.rgb", "msssim.rgb"])
def test_colour_counts_as_the_mean_of_three_channels(name):
    x, y = texture(1, 192), np.clip(texture(1, 192) * 0.7 + texture(2, 192) * 0.3, 0, 1)
    one_by_one = []
    for channel in range(3):
        restored = x.copy()
        restored[:, :, channel] = y[:, :, channel]
        one_by_one.append(load(name)(restored, x))
    assert load(name)(y, x) == pytest.approx(sum(one_by_one) - 2, abs=1e-5)


@pytest.mark.parametrize(("name", "side"), [("ssim.gauss11.rgb", 11), ("msssim.rgb", 161)])
def test_the_smallest_side_with_a_value(name, side):
    assert load(name)(texture(1, side), texture(1, side)) == pytest.approx(1)
    with pytest.raises(MetricError, match=f"at least {side} px, got {side - 1}"):
        load(name)(texture(1, side - 1), texture(1, side - 1))


def test_ssim_equals_scikit_image():
    from skimage.metrics import structural_similarity

    x, y = texture(1), np.clip(texture(1) * 0.6 + texture(2) * 0.4, 0, 1)
    settings = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 1.0}
    expected = structural_similarity(x.astype(np.float64), y.astype(np.float64), channel_axis=2, **settings)
    assert load("ssim.gauss11.rgb")(y, x) == pytest.approx(expected, abs=1e-9)


def test_ssim_and_msssim_share_the_full_size(monkeypatch):
    counted = []
    original = structure._sums
    monkeypatch.setattr(structure, "_sums", lambda x, y: counted.append(x.shape[1]) or original(x, y))
    x, y = texture(5, 176), texture(6, 176)
    load("ssim.gauss11.rgb")(x, y)
    load("msssim.rgb")(x, y)
    assert counted.count(176) == 3 * 2  # three channels, two strips of rows


def test_msssim_equals_pyiqa_on_each_channel():
    import torch
    from pyiqa.archs.ssim_arch import MS_SSIM

    x, y = (np.rint(image * 255) / 255 for image in (texture(1, 176), 0.7 * texture(1, 176) + 0.3 * texture(2, 176)))
    channels = [torch.from_numpy(image.transpose(2, 0, 1)[:, None]) for image in (y, x)]
    expected = MS_SSIM()(*channels).mean().item()
    assert 0.1 < expected < 0.99
    assert load("msssim.rgb")(y.astype(np.float32), x.astype(np.float32)) == pytest.approx(expected, abs=1e-6)


def test_gmsd_equals_pyiqa():
    import torch
    from pyiqa.archs.gmsd_arch import GMSD as Network

    for size in ((64, 96), (65, 97)):
        x = np.random.default_rng(0).random((*size, 3), dtype=np.float32)
        y = np.clip(0.6 * x + 0.2 * x[::-1], 0, 1)
        images = [torch.from_numpy(image.transpose(2, 0, 1)[None].copy()) for image in (y, x)]
        expected = Network()(*images).item()
        assert expected > 0.01 and load("gmsd")(y, x) == pytest.approx(expected, abs=2e-6)


@golden
@pytest.mark.parametrize("name", sorted(SSIM))
def test_tid2013_pairs_have_the_published_ssim_in_grey(name):
    assert load("ssim.gauss11.rgb")(*map(rgb2gray, pair(name))) == pytest.approx(SSIM[name], abs=4e-4)


@golden
@pytest.mark.parametrize("name", sorted(MSSSIM))
def test_tid2013_pairs_have_the_published_msssim_in_grey(name):
    assert load("msssim.rgb")(*map(rgb2gray, pair(name))) == pytest.approx(MSSSIM[name], abs=5e-3)


@golden
@pytest.mark.parametrize("name", sorted(GMSD))
def test_tid2013_pairs_have_the_published_gmsd(name):
    assert round(load("gmsd")(*pair(name)), 4) == GMSD[name]
