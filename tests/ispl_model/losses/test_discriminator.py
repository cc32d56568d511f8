"""The multi-scale discriminator: counts, maps, and what each score depends on."""

import pytest
import torch

from ispl_model.losses.discriminators import DISCRIMINATORS, MultiScaleDiscriminator, PatchDiscriminator


def count(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_parameter_counts_equal_the_authors_code():
    with torch.device("meta"):
        assert count(PatchDiscriminator(64)) == 2_766_913
        assert count(MultiScaleDiscriminator()) == 5_533_826


def test_each_of_two_scales_gives_five_maps_with_the_score_last():
    shapes = [
        [tuple(maps.shape[1:]) for maps in scale] for scale in MultiScaleDiscriminator(4)(torch.rand(2, 6, 64, 64))
    ]
    assert shapes == [
        [(4, 33, 33), (8, 17, 17), (16, 9, 9), (32, 10, 10), (1, 11, 11)],
        [(4, 17, 17), (8, 9, 9), (16, 5, 5), (32, 6, 6), (1, 7, 7)],
    ]


def test_both_halves_of_the_pair_and_every_parameter_count():
    torch.manual_seed(0)
    discriminator, pair = MultiScaleDiscriminator(4), torch.rand(1, 6, 64, 64, requires_grad=True)
    sum(scale[-1].square().sum() for scale in discriminator(pair)).backward()
    assert pair.grad[:, :3].any() and pair.grad[:, 3:].any()
    assert all(value.grad is not None and value.grad.any() for value in discriminator.parameters())


# The fact sheet's figures for width 64.
COUNTS = [("patch_3", 3, 256, 2_764_737), ("patch_5", 3, 256, 11_154_369), ("vgg", 3, 128, 14_499_401)]
COUNTS += [("srgan", 3, 96, 23_565_505), ("plain", 3, 64, 2_763_776), ("multi_scale", 6, 512, 5_533_826)]


@pytest.mark.parametrize(("kind", "channels", "size", "wanted"), COUNTS)
def test_a_discriminator_has_the_parameters_of_its_paper(kind, channels, size, wanted):
    with torch.device("meta"):
        assert sum(weight.numel() for weight in DISCRIMINATORS[kind](channels, 64, size).parameters()) == wanted


@pytest.mark.parametrize("kind", DISCRIMINATORS)
def test_a_discriminator_gives_lists_of_maps_that_end_in_one_score(kind):
    discriminator = DISCRIMINATORS[kind](3, 2, 64)
    maps = discriminator(torch.rand(2, 3, 64, 64))
    assert all(scale[-1].shape[:2] == (2, 1) and len(scale) > 1 for scale in maps)
    assert len(maps) == (2 if kind in ("multi_scale", "patch_3_5") else 1)
