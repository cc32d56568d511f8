"""The whole network: sizes, counts, range, start, learning, and agreement of its two modes."""

import pytest
import torch

from degrade.errors import InputError
from ispl_model.generator import SIZES, VARIANTS, Ispl, IsplConfig


def small(variant: str = "isp_unet_pac", size: int = 64) -> Ispl:
    torch.manual_seed(0)
    return Ispl(IsplConfig(variant, width=4, size=size, projection=8))


def images(size: int = 64, count: int = 2) -> torch.Tensor:
    coarse = torch.rand(count, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    return torch.nn.functional.interpolate(coarse, size=size, mode="bilinear")


@pytest.mark.parametrize(("variant", "parameters"), [("isp_unet", 117_940_547), ("isp_unet_pac", 118_009_475)])
def test_parameter_counts_at_full_scale(variant, parameters):
    with torch.device("meta"):
        network = Ispl(IsplConfig(variant, width=64, size=512, projection=32))
    assert sum(parameter.numel() for parameter in network.parameters()) == parameters
    assert sum(len(level) for level in network.generator.levels) == 7


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_size_gives_an_image_of_that_size_in_range(variant):
    for size in SIZES:
        with torch.no_grad():
            restored = small(variant, size)(images(size, count=1))
        assert restored.shape == (1, 3, size, size)
        assert restored.min() >= 0 and restored.max() <= 1


def test_channels_double_at_each_halving_up_to_sixteen_times_the_width():
    assert IsplConfig(width=64, size=512).channels == (1024, 1024, 512, 256, 128, 64)
    assert IsplConfig(width=8, size=64).channels == (32, 16, 8)


@pytest.mark.parametrize("values", [{"size": 32}, {"size": 300}, {"size": 1024}, {"width": 0}, {"projection": 0}])
def test_numbers_out_of_range_are_refused(values):
    with pytest.raises(ValueError, match="IsplConfig"):
        IsplConfig(**values)


def test_an_unknown_variant_names_the_nearest_one():
    with pytest.raises(InputError, match="did you mean 'isp_unet_pac'"):
        IsplConfig(variant="isp_unetpac")


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_parameter_gets_a_gradient(variant):
    network = small(variant)
    network(images()).square().sum().backward()
    dead = [name for name, value in network.named_parameters() if value.grad is None or not value.grad.any()]
    assert dead == []


def test_an_untrained_network_gives_nearly_its_input():
    degraded = images()
    with torch.no_grad():
        assert (small()(degraded) - degraded).abs().mean() < 0.06


def test_a_darker_image_stays_darker():
    network = small()
    with torch.no_grad():
        assert network(0.5 * images()).mean() < network(images()).mean() - 0.1


def test_an_image_is_restored_the_same_alone_and_in_a_batch():
    network = small().eval()
    with torch.no_grad():
        torch.testing.assert_close(network(images())[:1], network(images()[:1]), atol=1e-5, rtol=0)


def test_it_learns_and_its_two_modes_then_agree_within_one_grey_level():
    network, reference = small(), images()
    degraded = (reference + 0.15 * torch.randn(reference.shape, generator=torch.Generator().manual_seed(1))).clamp(0, 1)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    losses = []
    for _ in range(25):
        loss = (network(degraded) - reference).abs().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.6 * losses[0]
    with torch.no_grad():
        difference = (network.train()(degraded) - network.eval()(degraded)).abs().max()
    assert difference < 1 / 255


def test_bfloat16_autocast_and_channels_last_are_within_one_grey_level_on_average():
    network = small().eval()
    with torch.no_grad():
        expected = network(images())
        with torch.autocast("cpu", torch.bfloat16):
            low = network.to(memory_format=torch.channels_last)(images().to(memory_format=torch.channels_last))
    assert (low.float() - expected).abs().mean() < 1 / 255
