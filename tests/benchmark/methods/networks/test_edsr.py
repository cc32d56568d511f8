"""EDSR against the published size and against arithmetic done by hand."""

import numpy as np
import pytest
import torch

from benchmark.methods.networks import edsr
from degrade.core.errors import InputError
from ispl_model.runtime.checkpoint import save


def parameters(network):
    return sum(weights.numel() for weights in network.parameters())


def test_the_baseline_has_the_1_517_571_parameters_of_the_authors_x4_model_without_its_fixed_mean_shift():
    assert parameters(edsr.edsr.build(64, 256)) == 1_517_571


def test_the_paper_model_of_32_blocks_and_256_features_has_43_089_923():
    with torch.device("meta"):
        assert parameters(edsr.large.build(64, 256)) == 43_089_923


def test_every_parameter_gets_a_gradient():
    network = edsr.edsr.build(4, 64)
    network(torch.rand(1, 3, 8, 8)).square().mean().backward()
    assert all(weights.grad is not None and weights.grad.abs().sum() > 0 for weights in network.parameters())


def test_a_block_without_weights_passes_its_input_on():
    block = edsr.Block(4, residual=1.0)
    for weights in block.parameters():
        torch.nn.init.zeros_(weights)
    x = torch.randn(1, 4, 5, 5)
    assert torch.equal(block(x), x)


def test_weights_made_by_hand_repeat_every_pixel_16_times():
    """Head copies RGB, the blocks do nothing, each enlargement copies a channel to its four places."""
    network = edsr.Edsr(width=3, blocks=1)
    for weights in network.parameters():
        torch.nn.init.zeros_(weights)
    with torch.no_grad():
        for channel in range(3):
            network.head.weight[channel, channel, 1, 1] = 1
            network.tail.weight[channel, channel, 1, 1] = 1
            for enlargement in (network.enlarge[0], network.enlarge[2]):
                enlargement.weight[4 * channel : 4 * channel + 4, channel, 1, 1] = 1
    image = torch.rand(1, 3, 2, 2)
    expected = image.repeat_interleave(4, dim=2).repeat_interleave(4, dim=3)
    torch.testing.assert_close(network(image), expected)


def test_an_untrained_network_nearly_repeats_pixels():
    torch.manual_seed(0)
    image = torch.nn.functional.interpolate(torch.rand(1, 3, 4, 4), scale_factor=4, mode="bilinear")
    with torch.no_grad():
        error = edsr.edsr.build(16, 64)(image) - image.repeat_interleave(4, dim=2).repeat_interleave(4, dim=3)
    assert error.square().mean().sqrt() < 0.1


def test_training_reads_like_the_paper():
    training = edsr.TRAINING
    assert (training.scale, dict(training.losses), training.learning_rate) == (4, {"l1": 1.0}, 1e-4)
    assert training.betas == (0.9, 0.999) and training.crop == 192


def test_weights_of_another_network_are_refused(tmp_path):
    save(tmp_path / "model.safetensors", {"a": torch.zeros(1)}, {"method": "ispl:isp_unet", "network": {}})
    with pytest.raises(InputError, match="expected weights of edsr, got those of ispl:isp_unet"):
        edsr.edsr.load("cpu", tmp_path / "model.safetensors", 64)


def test_restored_values_are_clipped_to_the_contract(tmp_path):
    network = edsr.edsr.build(4, 64)
    torch.nn.init.constant_(network.tail.bias, 5.0)
    header = {"method": "edsr", "network": {"width": 4}, "training": edsr.TRAINING.facts()}
    save(tmp_path / "model.safetensors", network.state_dict(), header)
    method = edsr.edsr.load("cpu", tmp_path / "model.safetensors", 64)
    assert np.all(method.restore([np.full((64, 64, 3), 0.5, np.float32)])[0] == 1)
