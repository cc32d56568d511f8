"""The trainings of ispl-lite that a command repeats: their faces, their recipes, the weights they start from."""

import numpy as np
import pytest
import torch

from degrade.core.image import write
from degrade.core.random import rng_for
from degrade.recipes.library import find_recipe
from ispl_model.restoration.restorer import shipped_checkpoint
from ispl_model.runtime.checkpoint import load, save
from ispl_model.weights import stages
from ispl_model.weights.stages import SIZE, STAGES, VARIANTS

FACE = np.random.default_rng(0).random((SIZE, SIZE, 3), dtype=np.float32)


@pytest.mark.parametrize("number", STAGES)
def test_a_stage_varies_each_face_and_degrades_it_by_its_recipe(number, tmp_path):
    write(tmp_path / "a.png", FACE)
    (tmp_path / "train.txt").write_text("a.png\n")
    stage = STAGES[number]
    split = stages._split(tmp_path, tmp_path / "out", stage)
    assert split.info["recipe"] == find_recipe(stage.recipe).name and split.info["seed"] == stage.seed
    assert split.names == tuple(f"a-{variant}" for variant in range(VARIANTS + 1))
    np.testing.assert_allclose(split.reference("a-0"), FACE, atol=0.5 / 255 + 1e-6)
    assert np.abs(split.reference("a-1") - split.reference("a-2")).mean() > 0.02


def test_half_of_what_stage_13_draws_is_dual_blind():
    recipe = find_recipe(stages.DEGRADATIONS)
    chains = [[type(one).__name__ for one in recipe(rng_for(0, str(number)), SIZE)] for number in range(400)]
    noisy = sum(chain.count("Quantize") >= 4 for chain in chains)
    shared = sum("DoubleJpeg" in chain for chain in chains)
    assert 160 < noisy < 240 and 70 < shared < 130


def test_the_mean_of_weights_lies_between_both(tmp_path):
    shipped, header = load(shipped_checkpoint())
    before = tmp_path / "before.safetensors"
    save(before, {name: value.float() + 0.1 for name, value in shipped.items()}, header)
    mean, _ = load(stages.mixed(before, 0.25, tmp_path / "mean.safetensors"))
    assert mean.keys() == shipped.keys()
    key = next(name for name in mean if name.endswith(".bias"))  # no spectral norm's
    torch.testing.assert_close(mean[key], shipped[key].float() + 0.025, rtol=0, atol=1e-3)
