"""Stacks of maps: convolving them is convolving the enlarged maps, and so are its gradients."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from ispl_model.network.guides import MultiScaleGuide, concat_lazy, conv_guide, materialise, resample_to

SIDES = (32, 16, 8, 4, 2)


@pytest.fixture
def maps() -> list[torch.Tensor]:
    torch.manual_seed(0)
    wide = ((2 + level, side) for level, side in enumerate(SIDES))
    return [torch.randn(2, channels, side, side, dtype=torch.double, requires_grad=True) for channels, side in wide]


def test_maps_are_aligned_by_bilinear_steps():
    features = torch.arange(16.0).reshape(1, 1, 4, 4)
    assert resample_to(features, torch.empty(1, 1, 4, 4)) is features
    halved = F.interpolate(features, scale_factor=0.5, mode="bilinear", align_corners=False)
    torch.testing.assert_close(resample_to(features, torch.empty(1, 1, 2, 2)), halved)
    assert resample_to(features, torch.empty(1, 1, 1, 1)).item() == 7.5
    enlarged = F.interpolate(features, size=16, mode="bilinear", align_corners=False)
    torch.testing.assert_close(resample_to(features, torch.empty(1, 1, 16, 16)), enlarged)


@pytest.mark.parametrize("level", range(len(SIDES)))
@pytest.mark.parametrize("first", [0, 3])  # from the finest map on, or coarse maps alone
def test_convolving_a_stack_is_convolving_its_enlarged_maps(maps, first, level):
    guide = concat_lazy(maps[first:], maps[level])
    assert isinstance(guide, MultiScaleGuide) == (SIDES[level] >= 4 * SIDES[-1])
    whole = torch.cat([resample_to(features, maps[level]) for features in maps[first:]], dim=1)
    assert torch.equal(materialise(guide), whole)
    conv = nn.Conv2d(whole.shape[1], 3, 3, padding=1).double()
    inputs = [*maps[first:], *conv.parameters()]
    ours, theirs = conv_guide(guide, conv), conv(whole)
    torch.testing.assert_close(ours, theirs)
    towards = torch.randn_like(theirs)
    for mine, wanted in zip(*(torch.autograd.grad(one, inputs, towards) for one in (ours, theirs)), strict=True):
        torch.testing.assert_close(mine, wanted)


def test_a_stack_costs_less_than_its_enlarged_maps():
    from torch.utils.flop_counter import FlopCounterMode

    maps = [torch.rand(1, 32, side, side) for side in (64, 8)]
    guide, conv, costs = concat_lazy(maps, maps[0]), nn.Conv2d(64, 8, 3, padding=1), []
    for convolve in (lambda: conv_guide(guide, conv), lambda: conv(materialise(guide))):
        with FlopCounterMode(display=False) as counter:
            convolve()
        costs.append(counter.get_total_flops())
    assert costs[0] < 0.7 * costs[1]
