"""The networks of the authors' code against what their own program gives with the same weights."""

import pytest
import torch

from ispl_model.losses.discriminators import MultiScaleDiscriminator
from ispl_model.losses.gan import Adversary
from ispl_model.network.ispl import Ispl
from ispl_model.network.variants import IsplConfig
from ispl_model.restoration.restorer import prepared
from tests.golden_networks import assert_equal, golden, with_golden_weights


def test_released_is_the_authors_generator():
    values = golden("hifacegan_released")
    network = prepared(Ispl(IsplConfig("released", width=2, size=512)), torch.device("cpu"))
    network = with_golden_weights(network, values)
    with torch.no_grad():
        maps, output = network.encode(values["input"]), network(values["input"])
    for level, ours in enumerate(maps):
        assert_equal(ours, values[f"map{level}"])
    assert_equal(2 * output - 1, values["output_tanh"])


def test_the_discriminator_and_its_losses_are_the_authors():
    values = golden("ispl_discriminator")
    network = with_golden_weights(MultiScaleDiscriminator(4), values)
    with torch.no_grad():
        scales = network(values["input"])
    for scale, maps in enumerate(scales):
        for index, ours in enumerate(maps):
            assert_equal(ours, values[f"map{scale}_{index}"], atol=1e-9)  # the norms' vectors are kept in float32
    adversary, batch = Adversary("lsgan", network, conditional=True), {k: values[k] for k in ("degraded", "reference")}
    with torch.no_grad():
        losses = adversary.generator_losses(values["fake"], batch, matching=True)
        of_discriminator = adversary.discriminator_loss(values["fake"], batch)
    assert losses["lsgan"].item() == pytest.approx(values["loss_gan"].item(), rel=1e-6)  # summed in float32
    assert 10 * losses["feature_matching"].item() == pytest.approx(values["loss_feat_times10"].item(), rel=1e-6)
    assert of_discriminator.item() == pytest.approx(values["loss_d"].item(), rel=1e-6)
