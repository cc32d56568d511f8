"""The law of training: every trainable method, fitted to one 64 px pair, comes closer to the reference than its input.

Width 8 as in quick, 30 steps, one core. The published rates need more steps than a test has: what is learnt from pixels
has RATE here, falling to 0 in the second half, and published drops are left out; all else is the method's own.
"""

import re
import time
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmark.methods.registry import method_module, why_unavailable
from benchmark.methods.table import METHODS
from degrade.core.resize import match_scale
from degrade.recipes.library import find_recipe
from degrade.splits.make_split import SplitPlan, write_split
from degrade.splits.roles import portrait_sources
from degrade.splits.split import load_split
from ispl_model.losses.perceptual import BACKBONES
from ispl_model.runtime.device import seeded_build
from ispl_model.training.config import TrainingConfig, TrainOptions
from ispl_model.training.loop import train

SIZE, WIDTH, LIMIT = 64, 8, 20.0  # px; features; seconds of processor time


TASK = "rain_haze_medium"  # haze is more than any fixed filter takes away, at every scale
MARGIN = 3.0  # dB above the input, which counts enlarged where it is small; the least gain of the run was 6 dB
STEPS, RATE = 30, 1e-3
ROOT = Path(__file__).parents[3]
METHOD_FILES = sorted(path for path in (ROOT / "benchmark/methods").rglob("*.py") if "TRAINING = " in path.read_text())
LITERAL = re.compile(r"((?:^#.*\n)*)^\w*TRAINING = ", re.MULTILINE)
SOURCE = re.compile(r"\w/[\w-]+(?:.|\n)*\b[0-9a-f]{7}\b|\bSections? \d|chosen here|authors' code")
TRAINABLE = [name for name, row in METHODS.items() if row.trainable and not why_unavailable(row)]


@pytest.fixture(scope="module")
def classifier(tmp_path_factory):
    """A file in the layout of SqueezeNet with seeded random weights: its features keep distances, by and large."""
    generator = torch.Generator().manual_seed(0)
    with torch.device("meta"):
        state = BACKBONES["squeezenet"].build().state_dict()
    fans = {key: value[0].numel() if value.dim() == 4 else 1 for key, value in state.items()}
    weights = {
        key: torch.randn(value.shape, generator=generator) * (2 / fans[key]) ** 0.5 * (value.dim() == 4)
        for key, value in state.items()
    }
    path = tmp_path_factory.mktemp("classifier") / "squeezenet.pth"
    torch.save(weights, path)
    return path


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """A split of one portrait."""
    folder = tmp_path_factory.mktemp("pair") / "split"
    plan = SplitPlan(find_recipe(TASK), "train", SIZE, 0)
    write_split(folder, portrait_sources("train", limit=1), plan, progress=False)
    return load_split(folder)


def hastened(training: TrainingConfig) -> TrainingConfig:
    """With a higher rate for what is learnt from pixels, falling to 0, and no drops; a GAN keeps its own."""
    changes = {"drops": {}, "constant_share": 0.5, "discriminator_rate": training.learning_rate}
    if training.pretraining is None:
        return replace(training, learning_rate=RATE, **changes)
    first = replace(training.pretraining, learning_rate=RATE, drops={}, cosines=0)
    return replace(training, pretraining=first, **changes)


def psnr(image, reference):
    return -10 * np.log10(np.mean((image - reference) ** 2))


@pytest.fixture
def one_core():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("file", [*METHOD_FILES, ROOT / "ispl_model/training/ispl.py"], ids=lambda file: file.stem)
def test_above_every_training_stands_where_its_values_are_from(file):
    """A program's file and commit, a section of the paper, or that they are chosen here."""
    for comment in LITERAL.findall(file.read_text()):
        assert SOURCE.search(comment), comment


@pytest.mark.slow
@pytest.mark.parametrize("name", TRAINABLE)
def test_fitted_to_one_pair_it_is_closer_to_the_reference_than_its_input(name, pair, classifier, tmp_path, one_core):
    module, scale = method_module(name), METHODS[name].scale
    network = seeded_build(lambda: module.build(WIDTH, SIZE), 0)
    before = {key: weights.clone() for key, weights in network.named_parameters()}
    header = {"method": name, "network": asdict(module.configure(WIDTH, SIZE))}
    run = TrainOptions(STEPS, 1, redraw=False, perceptual=str(classifier), device="cpu")
    started = time.process_time()
    train(network, header, hastened(module.TRAINING), run, pair, tmp_path / "model.safetensors")
    assert time.process_time() - started < LIMIT
    unmoved = [key for key, weights in network.named_parameters() if torch.equal(weights, before[key])]
    assert not unmoved, f"training never changed {unmoved[:5]}"
    degraded, reference = pair.degraded(pair.names[0]), pair.reference(pair.names[0])
    (restored,) = module.load("cpu", tmp_path / "model.safetensors", SIZE).restore([degraded])
    given = match_scale(match_scale(degraded, SIZE, scale), SIZE, 1)
    assert psnr(restored, reference) >= psnr(given, reference) + MARGIN
