"""Super-FAN's landmark loss: whose landmarks, how near, and that it is frozen and repeats."""

import numpy as np
import pytest
import torch

from benchmark.methods.networks import landmark_heatmaps
from degrade.core.errors import InputError
from degrade.faces import detection
from degrade.recipes.library import find_recipe
from degrade.splits.make_split import SplitPlan, write_split
from degrade.splits.roles import portrait_sources
from degrade.splits.split import load_split
from ispl_model.training.config import TrainOptions

pytest.importorskip("dlib")
SIZE = 128


@pytest.fixture(scope="module")
def split(tmp_path_factory):
    folder = tmp_path_factory.mktemp("portraits") / "split"
    plan = SplitPlan(find_recipe("sr4"), "train", SIZE, 0)
    write_split(folder, portrait_sources("train", limit=6), plan, progress=False)
    return load_split(folder)


@pytest.fixture(autouse=True)
def without_fan(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))


@pytest.mark.slow
def test_after_its_training_the_peaks_lie_at_dlibs_landmarks(split):
    loss = landmark_heatmaps.landmark_network(split, TrainOptions(40, 1, device="cpu"))
    name = split.names[0]
    image = torch.from_numpy(split.reference(name)).permute(2, 0, 1)[None]
    maps = loss.heatmaps(image)[0]
    cells = maps.shape[-1]
    places = maps.flatten(1).argmax(dim=1)
    peaks = (torch.stack([places % cells, places // cells], dim=1) + 0.5) * SIZE / cells
    wanted = detection.landmarks68(split.reference(name), detection.largest_face(split.reference(name))) + 0.5
    assert np.linalg.norm(peaks.numpy() - wanted, axis=1).mean() < 5  # px of 128
    assert loss(image, image) == 0
    shifted = image.roll(8, dims=3).requires_grad_()
    distance = loss(shifted, image)
    distance.backward()
    assert distance > 0 and shifted.grad.abs().sum() > 0
    assert not any(weights.requires_grad for weights in loss.parameters())


def test_it_repeats_and_is_trained_once_for_the_same_references(split):
    first, second = (landmark_heatmaps.trained_hourglass(split, 2, 0, "cpu").state_dict() for _ in range(2))
    assert all(torch.equal(first[key], second[key]) for key in first)
    run = TrainOptions(1, 1, seed=3, device="cpu")
    kept = landmark_heatmaps.landmark_network(split, run).network
    assert landmark_heatmaps.landmark_network(split, run).network is kept


def test_fans_own_weights_are_used_where_they_are(split, tmp_path, trusting):
    class Fan(torch.nn.Module):
        def forward(self, image: torch.Tensor) -> torch.Tensor:
            maps = torch.nn.functional.avg_pool2d(image, 4)[:, :1]
            return maps.expand(-1, 68, -1, -1)

    path = tmp_path / "hub" / landmark_heatmaps.FAN_FILE
    path.parent.mkdir(parents=True)
    torch.jit.save(torch.jit.script(Fan()), path)
    loss = landmark_heatmaps.landmark_network(split, TrainOptions(1, 1))
    image = torch.rand(1, 3, SIZE, SIZE)
    assert loss.heatmaps(image).shape == (1, 68, 64, 64)
    expected = torch.nn.functional.avg_pool2d(
        torch.nn.functional.interpolate(image, scale_factor=2, mode="bilinear"), 4
    )
    torch.testing.assert_close(loss.heatmaps(image)[:, 0], expected[:, 0], atol=1e-3, rtol=0)


def test_references_without_a_face_are_one_sentence(split, monkeypatch):
    monkeypatch.setattr(detection, "detect", lambda image, upsample=1: [])
    with pytest.raises(InputError, match="expected faces that dlib finds"):
        landmark_heatmaps.landmarks(split)
