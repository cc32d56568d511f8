"""Tiles: weights that sum to one, edges that cannot be seen, and memory that follows the image."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from degrade.core.image import check_image, write
from degrade.core.resize import resize_bicubic
from ispl_model.network.ispl import Ispl
from ispl_model.network.variants import IsplConfig
from ispl_model.restoration import tiles
from ispl_model.restoration.restorer import Restorer, prepared
from ispl_model.restoration.tiles import Restore, restore_tiled, tile_weights
from ispl_model.runtime.device import seeded_build

SIZE = 64
ROOT = Path(__file__).parents[3]


def photo(height: int, width: int) -> np.ndarray:
    """Smooth, with some grain."""
    rng = np.random.default_rng(0)
    smooth = resize_bicubic(rng.random((5, 6, 3), dtype=np.float32), height, width)
    return np.clip(0.15 + 0.7 * smooth + rng.normal(0, 0.01, smooth.shape), 0, 1).astype(np.float32)


def unlike(images):
    """Each tile at another brightness, as instance statistics make it."""
    rng = np.random.default_rng(1)
    return [np.clip(image + np.float32(rng.uniform(-0.1, 0.1)), 0, 1) for image in images]


def same(images):
    return list(images)


def untrained() -> Restore:
    import torch

    network = seeded_build(lambda: Ispl(IsplConfig(width=4, size=SIZE, projection=4)), 0)
    return Restorer(prepared(network, torch.device("cpu")), {}).restore_faces


def edge_ratio(image: np.ndarray) -> float:
    """Mean absolute step across the edges of tiles / the mean of the steps one pixel to either side."""
    across, beside = [], []
    for axis in (0, 1):
        steps = np.abs(np.diff(np.moveaxis(image, axis, 0), axis=0)).mean(axis=(1, 2))  # steps[i] is from i to i + 1
        places = [place for place, _ in tile_weights(image.shape[axis], SIZE)]
        edges = [place.start - 1 for place in places[1:]] + [place.stop - 1 for place in places[:-1]]
        across += [steps[edge] for edge in edges]
        beside += [steps[edge + side] for edge in edges for side in (-1, 1)]
    return float(np.mean(across) / np.mean(beside))


@pytest.mark.parametrize("length", [64, 65, 112, 113, 500])
def test_weights_sum_to_one_at_every_pixel_and_tiles_share_a_quarter(length):
    total = np.zeros(length)
    places = tile_weights(length, SIZE)
    for place, weights in places:
        total[place] += weights
    np.testing.assert_allclose(total, 1, atol=1e-6)
    assert places[0][0].start == 0 and places[-1][0].stop == length
    assert all(a.stop - b.start >= SIZE // 4 for (a, _), (b, _) in zip(places, places[1:], strict=False))


@pytest.mark.parametrize("sides", [(200, 150), (64, 64), (30, 200), (1, 5)])
def test_a_network_that_changes_nothing_gives_the_image_itself_whatever_its_sides(sides):
    image = photo(*sides)
    restored = restore_tiled(image, same, SIZE, batch=3)
    check_image(restored)
    np.testing.assert_allclose(restored, image, atol=1e-6)


@pytest.mark.parametrize("restore", [unlike, untrained()], ids=["unlike", "untrained"])
def test_the_step_across_tile_edges_is_at_most_1_2_times_the_step_beside_them(restore):
    assert edge_ratio(restore_tiled(photo(200, 300), restore, SIZE)) <= 1.2


def test_tiles_that_do_not_fade_would_fail_that_measure(monkeypatch):
    def hard(length, size):
        return [(place, np.full(size, 0.5, np.float32)) for place, _ in tile_weights(length, size)]

    monkeypatch.setattr(tiles, "tile_weights", hard)
    assert edge_ratio(restore_tiled(photo(200, 300), unlike, SIZE)) > 1.2


_CHILD = """
import resource, sys
from pathlib import Path
import torch
from torch import nn
from ispl_model.network.variants import IsplConfig
from ispl_model.restoration.restorer import Restorer
from ispl_model.restoration.files.restore_files import RestorePlan, restore_files

class Same(nn.Module):
    def __init__(self):
        super().__init__()
        self.config, self.one = IsplConfig(width=1, size=256), nn.Parameter(torch.ones(1))
    def forward(self, degraded):
        return degraded * self.one

folder, peaks = Path(sys.argv[1]), []
for name in ("small", "large"):
    *_, summary = restore_files(Restorer(Same(), {}), [folder / f"{name}.png"], folder / "out", RestorePlan("tiles"))
    assert summary.tiled == 1
    peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
print(peaks[1] - peaks[0])
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss counts kilobytes on Linux")
def test_a_large_image_needs_at_most_60_bytes_a_pixel_beside_the_network(tmp_path):
    write(tmp_path / "small.png", photo(300, 300))
    write(tmp_path / "large.png", photo(1500, 2000))
    command = [sys.executable, "-c", _CHILD, str(tmp_path)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert int(result.stdout) / (1500 * 2000) < 60
