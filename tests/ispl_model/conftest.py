"""Splits small enough to train on in a blink."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from degrade.core.image import write
from degrade.recipes.library import find_recipe
from degrade.splits.make_split import SplitPlan, write_split
from degrade.splits.sources import folder_sources
from degrade.splits.split import Split, load_split
from ispl_model.network.ispl import Ispl
from ispl_model.network.variants import IsplConfig
from ispl_model.runtime import checkpoint
from ispl_model.runtime.device import seeded_build

SIZE, COUNT = 64, 5
CONFIG = {"variant": "isp_unet_pac", "width": 2, "size": 64, "projection": 4}


@pytest.fixture(scope="session")
def make_tiny_split(tmp_path_factory) -> Callable[[str], Split]:
    """A split of five smooth 64 px pictures by a recipe's name, made once."""
    faces = tmp_path_factory.mktemp("faces")
    rng = np.random.default_rng(0)
    for index in range(COUNT):
        coarse = rng.random((8, 8, 3), dtype=np.float32)
        picture = cv2.resize(coarse, (SIZE, SIZE), interpolation=cv2.INTER_LINEAR)
        write(faces / f"face_{index}.png", np.clip(picture, 0, 1))
    made: dict[str, Path] = {}

    def make(recipe: str) -> Split:
        if recipe not in made:
            made[recipe] = tmp_path_factory.mktemp("split") / recipe
            plan = SplitPlan(find_recipe(recipe), "train", SIZE)
            write_split(made[recipe], folder_sources(faces), plan, progress=False)
        return load_split(made[recipe])

    return make


@pytest.fixture(scope="session")
def save_network(tmp_path_factory) -> Callable[..., Path]:
    """A checkpoint of an untrained network of 64 px, spectral norms moved as training moves them; more: of config."""

    def make(**more: int) -> Path:
        config = CONFIG | more
        network = seeded_build(lambda: Ispl(IsplConfig(**config)), 0)
        with torch.no_grad():
            network.train()(torch.rand(1, 3, 64, 64))
        path = tmp_path_factory.mktemp("network") / "m.safetensors"
        checkpoint.save(path, network.state_dict(), {"method": "ispl:isp_unet_pac", "network": config})
        return path

    return make


@pytest.fixture(scope="session")
def network_file(save_network) -> Path:
    """The checkpoint of a plain network."""
    return save_network()
