"""The trainings of ispl-lite that a command repeats: their faces, and the means of their weights."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from degrade.core.image import write
from degrade.core.random import rng_for
from degrade.recipes.library import find_recipe
from ispl_model.restoration.restorer import load_restorer, shipped_checkpoint
from ispl_model.runtime.checkpoint import load, save
from ispl_model.weights.faces import COLOURS, SIZE, VARIANTS, varied, varied_split
from ispl_model.weights.stages import DEGRADATIONS, STAGES, Mean, main, mean_of

FACE = np.random.default_rng(0).random((SIZE, SIZE, 3), dtype=np.float32)


@pytest.mark.parametrize("recipe", ["dual_blind", DEGRADATIONS])
def test_every_face_is_there_as_it_is_and_varied_and_degraded_by_the_recipe(recipe, tmp_path):
    write(tmp_path / "a.png", FACE)
    (tmp_path / "train.txt").write_text("a.png\n")
    split = varied_split(tmp_path, tmp_path / "out", 3, recipe)
    assert split.info["recipe"] == find_recipe(recipe).name and split.info["seed"] == 3
    assert split.names == tuple(f"a-{variant}" for variant in range(VARIANTS))
    np.testing.assert_allclose(split.reference("a-0"), FACE, atol=0.5 / 255 + 1e-6)
    assert np.abs(split.reference("a-1") - split.reference("a-2")).mean() > 0.02


def test_wide_colours_tint_and_fade_a_face_more_than_near_ones():
    """Of a grey face saturation does nothing: the ratio of red to blue is that of two gains."""
    grey = np.full((SIZE, SIZE, 3), 0.4, np.float32)
    for name, colours in COLOURS.items():
        faces = [varied(grey, rng_for(0, str(number)), replace(colours, saturation=(1, 1))) for number in range(50)]
        ratios = np.array([face[0, 0, 0] / face[0, 0, 2] for face in faces])
        most = (1 + colours.gain) / (1 - colours.gain)
        assert most**0.5 < ratios.max() <= most, name
    assert COLOURS["wide"].gain > COLOURS["near"].gain and COLOURS["wide"].saturation[0] == 0


def test_half_of_what_the_last_stages_draw_is_dual_blind():
    recipe = find_recipe(DEGRADATIONS)
    chains = [[type(one).__name__ for one in recipe(rng_for(0, str(number)), SIZE)] for number in range(400)]
    noisy = sum(chain.count("Quantize") >= 4 for chain in chains)
    shared = sum("DoubleJpeg" in chain for chain in chains)
    assert 160 < noisy < 240 and 70 < shared < 130


def test_stages_start_from_earlier_ones():
    for number, stage in STAGES.items():
        before = stage.of if isinstance(stage, Mean) else (stage.start,)
        assert all(one == 9 or one in STAGES for one in before) and max(before) < number


def test_the_mean_of_weights_lies_between_them_and_restores(tmp_path):
    shipped, header = load(shipped_checkpoint())
    moved = tmp_path / "moved.safetensors"
    key = next(name for name in shipped if name.endswith(".bias"))  # no spectral norm's
    save(moved, {name: value.float() + (0.1 if name == key else 0) for name, value in shipped.items()}, header)
    mean_of([shipped_checkpoint(), moved], tmp_path / "mean.safetensors")
    mean, _ = load(tmp_path / "mean.safetensors")
    assert mean.keys() == shipped.keys()
    torch.testing.assert_close(mean[key], shipped[key].float() + 0.05, rtol=0, atol=1e-3)
    assert load_restorer(tmp_path / "mean.safetensors")(FACE).shape == FACE.shape


def test_a_training_without_faces_says_what_it_needs(tmp_path):
    result = CliRunner().invoke(main, ["10", "--work", str(tmp_path)])
    assert result.exit_code and "expected --faces DIR" in result.output
