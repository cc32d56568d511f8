"""The literal: the paper's figures, rates and stages, and what it refuses."""

import json
from dataclasses import replace

import numpy as np
import pytest

from ispl_model.losses.perceptual import FeatureLayers
from ispl_model.training.config import Pretraining, TrainingConfig, TrainOptions
from ispl_model.training.ispl import ISPL_RELEASED_TRAINING, ISPL_TRAINING

PIXEL = TrainingConfig(scale=1, losses={"l1": 1.0}, learning_rate=1e-2, betas=(0.9, 0.999), constant_share=1.0)


def test_the_literal_of_ispl_is_the_papers():
    assert ISPL_TRAINING.losses == {"lsgan": 1, "feature_matching": 10, "perceptual": 10}
    assert (ISPL_TRAINING.learning_rate, ISPL_TRAINING.betas, ISPL_TRAINING.constant_share) == (2e-4, (0.9, 0.999), 0.6)
    assert ISPL_TRAINING.discriminator_rate is None


def test_the_released_setting_has_two_time_scales_and_no_first_moment():
    released = ISPL_RELEASED_TRAINING
    assert (released.learning_rate, released.discriminator_rate, released.betas) == (1e-4, 4e-4, (0.0, 0.9))
    assert replace(released, learning_rate=2e-4, discriminator_rate=None, betas=(0.9, 0.999)) == ISPL_TRAINING


def test_the_rate_is_constant_then_falls_linearly_to_zero():
    rates = [ISPL_TRAINING.rate(step, 10) for step in range(10)]
    np.testing.assert_allclose(rates, [2e-4] * 7 + [1.5e-4, 1e-4, 5e-5])


def test_the_rate_drops_at_its_shares_and_a_pretraining_comes_before():
    first = Pretraining(share=0.2, losses={"mse": 1.0}, learning_rate=5e-2)
    training = replace(PIXEL, drops={0.25: 0.5, 0.75: 0.1}, pretraining=first)
    rates = [training.rate(step, 10) for step in range(10)]
    np.testing.assert_allclose(rates, [5e-2] * 2 + [1e-2] * 2 + [5e-3] * 4 + [5e-4] * 2)
    assert [list(training.stage(step, 10)) for step in (0, 1, 2, 9)] == [["mse"], ["mse"], ["l1"], ["l1"]]


def test_a_pretraining_has_drops_and_cosines_of_its_own():
    first = Pretraining(share=0.5, losses={"mse": 1.0}, learning_rate=1.0, drops={0.5: 0.1})
    rates = [replace(PIXEL, pretraining=first).rate(step, 8) for step in range(8)]
    np.testing.assert_allclose(rates, [1, 1, 0.1, 0.1] + [PIXEL.learning_rate] * 4)
    falling = replace(PIXEL, pretraining=replace(first, drops={}, cosines=2))
    half = 0.5**0.5 / 2  # cos(45 degrees) / 2
    expected = [1, 0.5 + half, 0.5, 0.5 - half] * 2
    np.testing.assert_allclose([falling.rate(step, 16) for step in range(8)], expected)


def test_headers_of_todays_trainings_keep_their_facts_and_hashes():
    assert set(ISPL_TRAINING.facts()) == {"scale", "losses", "learning_rate", "betas", "constant_share", "crop"}


def test_facts_are_plain_data_and_name_what_was_asked():
    training = replace(
        PIXEL,
        losses={"own": 1.0},
        functions={"own": lambda outputs, batch: 0},
        perceptual=FeatureLayers({"conv5_4": 1.0}),
        drops={0.5: 0.1},
    )
    facts = json.loads(json.dumps(training.facts()))
    assert facts["functions"] == ["own"] and facts["drops"] == {"0.5": 0.1}
    asked = {"layers": {"conv5_4": 1.0}, "distance": "l1", "normalised": True, "signed": False}
    assert facts["perceptual"] == asked and "version" not in facts
    assert replace(training, version=2).facts() == training.facts() | {"version": 2}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"losses": {}}, "losses must be some of"),
        ({"losses": {"l3": 1.0}}, "losses must be some of"),
        ({"losses": {"lsgan": 1.0, "ragan": 1.0}}, "one GAN loss at most"),
        ({"losses": {"wgan-gp": 1.0}}, "no second derivative"),
        ({"optimiser": "adamw"}, "optimiser must be one of"),
        ({"discriminator": "vgg16"}, "discriminator must be one of"),
        ({"learning_rate": 0.0}, "learning_rate must be > 0"),
        ({"ema": 1.0}, r"ema must be in \(0, 1\)"),
        ({"losses": {"l1": float("nan")}}, "weights of losses must be finite, got {'l1': nan}"),
        ({"pretraining": Pretraining(0.5, {"lsgan": 1.0}, 1e-4)}, "a pretraining has no discriminator"),
    ],
)
def test_a_literal_that_makes_no_sense_is_a_fault_of_the_caller(changes, sentence):
    with pytest.raises(ValueError, match=sentence):
        replace(PIXEL, **changes)


@pytest.mark.parametrize(
    "wrong", [{"steps": 0}, {"batch": 0}, {"accumulate": 0}, {"workers": -1}, {"samples_every": 0}]
)
def test_a_run_of_nothing_is_a_fault_of_the_caller(wrong):
    with pytest.raises(ValueError, match="must be >= 1"):
        TrainOptions(**({"steps": 1, "batch": 1} | wrong))
