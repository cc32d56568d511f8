"""What a run holds while it goes on."""

import tracemalloc

import numpy as np
import pytest

from benchmark.methods.fixed import identity
from benchmark.methods.method import Method
from benchmark.runs.request import RunRequest
from benchmark.runs.run import run
from benchmark.runs.settings import DataFolders, Settings
from benchmark.runs.splits import domain_split
from benchmark.specs.protocols import Profile, load_protocol
from degrade.core.image import write

LITE = Profile("lite", 64, 2, 1, 40, 4, 1, 2, "none", (0,))
METRICS = ("psnr.rgb", "ssim.gauss11.rgb", "ffd.dlib")  # none that loads torch


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_images(tmp_path, monkeypatch):
    """After the first images a run may keep no image: 64 px of float32 are 48 KB, and their scores are far less."""
    rng = np.random.default_rng(0)
    for index in range(40):
        write(tmp_path / "faces" / f"noise_{index}.png", rng.random((64, 64, 3), dtype=np.float32))
    (tmp_path / "faces" / "test.txt").write_text("\n".join(f"noise_{index}" for index in range(40)))
    points = []

    def load(*_arguments):
        def restore(images):
            points.append(tracemalloc.get_traced_memory()[0])
            return [np.repeat(np.repeat(image, 4, axis=0), 4, axis=1) for image in images]

        return Method("identity", restore, 1)

    monkeypatch.setattr(identity, "load", load)
    settings = Settings(LITE, DataFolders(tmp_path / "faces"), tmp_path / "work", tmp_path / "results", "cpu")
    domain_split(settings, "synthetic", "sr4", "test")
    tracemalloc.start()
    try:
        run(RunRequest(settings, load_protocol("S2S"), "identity", ("sr4",), metrics=METRICS))
    finally:
        tracemalloc.stop()
    assert (points[-1] - points[10]) / (len(points) - 11) < 12_000
