"""Standardisation, modulation and the residual block of eq. 10."""

import pytest
import torch
import torch.nn.functional as F

from ispl_model.network.spade import ModulatedBlock, Modulation, standardise


def count(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_standardised_features_equal_instance_norm_and_have_its_gradient():
    features = torch.randn(2, 3, 4, 5, dtype=torch.float64, requires_grad=True)
    torch.testing.assert_close(standardise(features), F.instance_norm(features))
    assert torch.autograd.gradcheck(standardise, features)


def test_standardised_features_keep_the_channels_last_layout():
    features = torch.randn(2, 8, 4, 4).to(memory_format=torch.channels_last)
    assert standardise(features).is_contiguous(memory_format=torch.channels_last)


def test_modulation_is_gamma_times_features_plus_beta():
    layer, features, guide = Modulation(4, 2), torch.randn(1, 4, 6, 6), torch.rand(1, 2, 6, 6)
    with torch.no_grad():
        layer.shared.weight.zero_()
        layer.shared.bias.fill_(1)  # every hidden channel is 1, so gamma and beta are sums of weights
        result = layer(features, guide)
        gamma, beta = (conv.weight.sum((1, 2, 3)) for conv in (layer.gamma, layer.beta))
    inner = features[..., 1:-1, 1:-1] * gamma[:, None, None] + beta[:, None, None]
    torch.testing.assert_close(result[..., 1:-1, 1:-1], inner)


def test_a_guide_of_zeros_with_no_bias_gives_zeros_because_nothing_is_added_to_gamma():
    layer = Modulation(4, 2)
    torch.nn.init.zeros_(layer.shared.bias)
    assert not layer(torch.randn(1, 4, 6, 6), torch.zeros(1, 2, 6, 6)).any()


def test_mixed_is_the_modulated_features_through_a_convolution():
    layer, kernel = Modulation(4, 2).double(), torch.randn(3, 4, 1, 1, dtype=torch.float64)
    features, guide = torch.randn(2, 4, 6, 6, dtype=torch.float64), torch.rand(2, 2, 6, 6, dtype=torch.float64)
    torch.testing.assert_close(layer.mixed(features, guide, kernel), F.conv2d(layer(features, guide), kernel))


@pytest.mark.parametrize(
    ("inputs", "outputs", "parameters"),
    [
        (1024, 1024, 25_954_560),
        (1024, 512, 15_271_296),
        (512, 256, 5_735_296),
        (256, 128, 2_392_704),
        (128, 64, 967_104),
    ],
)
def test_blocks_have_the_parameter_counts_of_the_authors_code(inputs, outputs, parameters):
    with torch.device("meta"):
        assert count(ModulatedBlock(inputs, outputs, guide=outputs)) == parameters


def test_a_passing_block_starts_with_nearly_twice_its_guide():
    torch.manual_seed(0)
    block, guide = ModulatedBlock(16, 8, guide=8, passing=True), torch.rand(1, 8, 32, 32)
    result = block(torch.randn(1, 16, 32, 32), guide)
    assert (result - 2 * guide).abs().mean() < 0.3
    assert torch.corrcoef(torch.stack([result.flatten(), guide.flatten()]))[0, 1] > 0.85
