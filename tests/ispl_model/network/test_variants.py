"""Laws that every variant keeps; their counts are in test_size.py."""

import pytest
import torch

from degrade.core.errors import InputError
from ispl_model.network.ispl import Ispl
from ispl_model.network.variants import RGB, SIZES, VARIANTS, IsplConfig
from ispl_model.runtime.device import seeded_build

every_variant = pytest.mark.parametrize("variant", VARIANTS)


def small(variant: str, size: int = 64, width: int = 4, levels: bool = False) -> Ispl:
    return seeded_build(lambda: Ispl(IsplConfig(variant, width, size, projection=8, levels=levels)), 0)


def images(size: int = 64, count: int = 2) -> torch.Tensor:
    coarse = torch.rand(count, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    return torch.nn.functional.interpolate(coarse, size=size, mode="bilinear")


def given(network: Ispl, degraded: torch.Tensor) -> torch.Tensor:
    """What the network takes: the images, for ep_map with a map of their brightness in 19 classes."""
    if network.config.inputs == 3:
        return degraded
    labels = (degraded.mean(1) * 18.99).long()
    return torch.cat([degraded, torch.nn.functional.one_hot(labels, 19).permute(0, 3, 1, 2)], dim=1)


def psnr(restored: torch.Tensor, reference: torch.Tensor) -> float:
    return -10 * (restored - reference).square().mean().log10().item()


@every_variant
@pytest.mark.parametrize("size", SIZES)
def test_every_size_gives_an_image_of_that_size_in_range(variant, size):
    network = small(variant, size, width=1)
    with torch.no_grad():
        restored = network(given(network, images(size, count=1)))
    assert restored.shape == (1, 3, size, size)
    assert restored.min() >= 0 and restored.max() <= 1


@every_variant
def test_a_crop_is_restored_at_its_own_side(variant):
    network = small(variant, size=128, width=1)
    with torch.no_grad():
        assert network(given(network, images(64))).shape == (2, 3, 64, 64)


@every_variant
def test_every_parameter_gets_a_gradient(variant):
    network = small(variant, levels=True)
    for level in (None, 0, 1):
        network(given(network, images()), level).square().sum().backward()
    dead = [name for name, value in network.named_parameters() if value.grad is None or not value.grad.any()]
    assert dead == []


@every_variant
def test_an_untrained_network_shows_the_image_or_a_mid_grey(variant):
    network, degraded = small(variant), images()
    with torch.no_grad():
        restored = network(given(network, degraded))
    if VARIANTS[variant].starts_as_image:
        assert torch.corrcoef(torch.stack([restored.flatten(), degraded.flatten()]))[0, 1] > 0.85
        assert 0.25 < restored.mean() < 0.75
    else:
        assert (restored - 0.5).abs().max() < 0.2


@pytest.mark.slow
@every_variant
def test_it_learns_one_image_and_its_two_modes_then_agree_within_one_grey_level(variant):
    network, reference = small(variant), images(count=1)
    noise = 0.15 * torch.randn(reference.shape, generator=torch.Generator().manual_seed(1))
    degraded = given(network, (reference + noise).clamp(0, 1))
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    before = psnr(network(degraded), reference)
    for _ in range(15):
        loss = (network(degraded) - reference).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        assert psnr(network(degraded), reference) > before + 0.5
        assert (network.train()(degraded) - network.eval()(degraded)).abs().max() < 1 / 255


def randomised(network: Ispl) -> Ispl:
    """In float64, with weights far from the start, where the output is almost the image or a grey."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weight in network.parameters():
            inputs = weight[0].numel() if weight.dim() > 1 else 4
            weight.copy_(torch.randn(weight.shape, generator=generator) * inputs**-0.5)
    return network.double().eval()


@pytest.mark.parametrize("variant", [name for name, variant in VARIANTS.items() if variant.picture == RGB])
def test_no_output_is_the_same_for_an_image_and_its_copy_at_six_tenths_of_the_brightness(variant):
    network, bright = randomised(small(variant)), images().double()
    with torch.no_grad():
        difference = (network(bright) - network(0.6 * bright)).abs().max()
    assert difference > 0.05


@every_variant
def test_an_image_is_restored_the_same_alone_and_in_a_batch(variant):
    network = small(variant).eval()
    both = given(network, images())
    with torch.no_grad():
        torch.testing.assert_close(network(both)[:1], network(both[:1]), atol=1e-5, rtol=0)


@every_variant
def test_bfloat16_autocast_and_channels_last_are_within_one_grey_level_on_average(variant):
    network = small(variant, levels=True).eval()
    degraded = given(network, images())
    for level in (None, 0.5):
        with torch.no_grad():
            expected = network.to(memory_format=torch.contiguous_format)(degraded, level)
            with torch.autocast("cpu", torch.bfloat16):
                last = network.to(memory_format=torch.channels_last)
                low = last(degraded.to(memory_format=torch.channels_last), level)
        assert (low.float() - expected).abs().mean() < 1 / 255


@every_variant
def test_the_parts_put_together_are_the_whole(variant):
    network = small(variant).eval()
    degraded = given(network, images())
    with torch.no_grad():
        maps = network.encode(degraded)
        guides = network.guides(maps)
        assert torch.equal(network.decode(network.start(degraded, maps), guides), network(degraded))
    assert len(maps) == len(guides) == network.config.top_level + 1


@every_variant
def test_levels_add_weights_and_change_nothing_at_the_top(variant):
    plain, levelled = small(variant).eval(), small(variant, levels=True).eval()
    extra = levelled.state_dict().keys() - plain.state_dict().keys()
    assert extra and all(key.startswith("level_input.") for key in extra)
    degraded = given(plain, images())
    with torch.no_grad():
        expected = plain(degraded)
        assert torch.equal(levelled(degraded), expected)
        assert torch.equal(levelled(degraded, levelled.config.top_level), expected)


def test_a_low_level_hides_the_fine_maps_and_all_levels_between_are_bright_images():
    network, degraded = small("isp_unet_pac", levels=True).eval(), images()
    with torch.no_grad():
        whole, none = network(degraded), network(degraded, 0)
        means = [network(degraded, 0.25 * quarter).mean() for quarter in range(4 * network.config.top_level + 1)]
    assert (whole - none).abs().mean() > 0.02
    assert all(0.1 < mean < 0.9 for mean in means)


def test_a_level_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="built without levels"):
        small("isp_unet")(images(), 1)
    for level in (-0.1, 2.1, float("nan")):
        with pytest.raises(ValueError, match="expected a number from 0 to 2"):
            small("isp_unet", levels=True)(images(), level)


def test_channels_double_at_each_halving_up_to_sixteen_times_the_width():
    assert IsplConfig(width=64, size=512).channels == (1024, 1024, 512, 256, 128, 64)
    assert IsplConfig(width=8, size=64).channels == (32, 16, 8)
    assert [IsplConfig(size=size).top_level for size in SIZES] == [2, 3, 4, 5]


@pytest.mark.parametrize("values", [{"size": 32}, {"size": 300}, {"size": 1024}, {"width": 0}, {"projection": 0}])
def test_numbers_out_of_range_are_refused(values):
    with pytest.raises(ValueError, match="IsplConfig"):
        IsplConfig(**values)


def test_an_unknown_variant_names_the_nearest_one():
    with pytest.raises(InputError, match="did you mean 'isp_unet_pac'"):
        IsplConfig(variant="isp_unetpac")


def test_a_config_from_before_the_levels_has_none():
    assert not IsplConfig(**{"variant": "isp_unet_pac", "width": 16, "size": 256, "projection": 32}).levels


def test_a_parsing_prior_without_its_map_is_one_sentence():
    with pytest.raises(InputError, match=r"ep_map: expected 22 channels \(RGB and a parsing map's classes\), got 3"):
        small("ep_map")(images())


def test_a_parsing_prior_looks_at_the_map_alone():
    network = small("ep_map").eval()
    one = given(network, images())
    other = torch.cat([torch.zeros_like(one[:, :3]), one[:, 3:]], dim=1)
    with torch.no_grad():
        assert torch.equal(network(one), network(other))
