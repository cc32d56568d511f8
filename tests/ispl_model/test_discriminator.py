"""The multi-scale discriminator: counts, maps, and what each score depends on."""

import torch

from ispl_model.discriminator import MultiScaleDiscriminator, PatchDiscriminator


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
