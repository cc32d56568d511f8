"""Fusions against the paper's formulas, and guides at a level."""

import pytest
import torch
import torch.nn.functional as F

from ispl_model.network.fusion import (
    ConcatFusion,
    FirstMapFusion,
    LevelInput,
    MatrixFusion,
    MultiCodeFusion,
    StyleFusion,
    UnetFusion,
)
from ispl_model.network.guides import materialise, resample_to

CHANNELS = (8, 4, 2)
FUSIONS = (UnetFusion, FirstMapFusion, StyleFusion, ConcatFusion, MatrixFusion, MultiCodeFusion)


@pytest.fixture
def maps() -> list[torch.Tensor]:
    torch.manual_seed(0)
    return [torch.randn(2, channels, 4 * 2**level, 4 * 2**level) for level, channels in enumerate(CHANNELS)]


@pytest.mark.parametrize("fusion", FUSIONS)
def test_every_fusion_guides_each_level_at_its_side_with_the_channels_it_says(fusion, maps):
    built = fusion(CHANNELS)
    guides = [materialise(guide) for guide in built(maps)]
    assert [guide.shape[1] for guide in guides] == list(built.guide_channels)
    assert [guide.shape[2:] for guide in guides] == [features.shape[2:] for features in maps]


@pytest.mark.parametrize("fusion", [UnetFusion, FirstMapFusion, ConcatFusion, MatrixFusion, MultiCodeFusion])
def test_fusions_are_linear_in_the_maps_as_section_3_4_has_it(fusion, maps):
    built = fusion(CHANNELS)
    nothing = [torch.zeros_like(features) for features in maps]  # gives what the alignments' biases add
    asked = (maps, [2 * features for features in maps], nothing)
    for guides in zip(*(built(given) for given in asked), strict=True):
        one, two, nothing = map(materialise, guides)
        torch.testing.assert_close(two - nothing, 2 * (one - nothing), atol=1e-5, rtol=1e-5)


def test_unet_is_f_i_equals_y_i(maps):
    assert all(guide is features for guide, features in zip(UnetFusion(CHANNELS)(maps), maps, strict=True))


def test_first_map_is_f_i_equals_y_0(maps):
    for guide in FirstMapFusion(CHANNELS)(maps):
        enlarged = materialise(guide)
        torch.testing.assert_close(enlarged, F.interpolate(maps[0], size=enlarged.shape[2:], mode="bilinear"))


def test_style_looks_at_y_0_alone(maps):
    fusion = StyleFusion(CHANNELS)
    others = [maps[0], *(torch.zeros_like(features) for features in maps[1:])]
    for guide, other in zip(fusion(maps), fusion(others), strict=True):
        assert torch.equal(materialise(guide), materialise(other))
    torch.testing.assert_close(fusion(maps)[0], fusion.styles[0](maps[0]))


def test_concat_holds_every_map_finest_first(maps):
    middle = ConcatFusion(CHANNELS)(maps)[1]
    torch.testing.assert_close(middle[:, :2], F.avg_pool2d(maps[2], 2))
    assert torch.equal(middle[:, 2:6], maps[1])
    torch.testing.assert_close(middle[:, 6:], F.interpolate(maps[0], scale_factor=2, mode="bilinear"))


def test_matrix_is_w_times_the_aligned_maps_and_starts_as_the_unet(maps):
    fusion = MatrixFusion(CHANNELS)
    embedded = [align(features) for align, features in zip(fusion.align, maps, strict=True)]
    for guide, features in zip(fusion(maps), embedded, strict=True):
        torch.testing.assert_close(guide, features)
    fusion.matrix.data = torch.tensor([[0.0, 0.0, 0.0], [3.0, 5.0, 7.0], [0.0, 0.0, 0.0]])
    guide = fusion(maps)[1]
    expected = 3 * resample_to(embedded[0], guide) + 5 * embedded[1] + 7 * resample_to(embedded[2], guide)
    torch.testing.assert_close(guide, expected)


def test_multi_code_gives_every_level_the_same_combination_channel_by_channel(maps):
    fusion = MultiCodeFusion(CHANNELS)
    torch.nn.init.zeros_(fusion.alpha)
    fusion.alpha.data[0, 1] = 3
    embedded = fusion.align[0](maps[0])
    for guide in fusion(maps):
        torch.testing.assert_close(guide[:, 1], 3 * resample_to(embedded, guide)[:, 1])
        assert not guide[:, [0, 2, 3]].any()


@pytest.fixture
def levels() -> LevelInput:
    torch.manual_seed(1)
    return LevelInput(CHANNELS)


def test_at_a_whole_level_finer_guides_are_that_levels_guide_enlarged_through_a_convolution(maps, levels):
    for level in range(3):
        guides = levels(maps, level)
        assert all(torch.equal(guides[i], maps[i]) for i in range(level + 1))
        for finer, conv in zip(guides[level + 1 :], levels.carry[level] if level < 2 else (), strict=True):
            enlarged = F.interpolate(maps[level], size=finer.shape[2:], mode="bilinear", align_corners=False)
            torch.testing.assert_close(finer, conv(enlarged))


def test_between_whole_levels_the_guides_are_blended_linearly(maps, levels):
    low, high = levels(maps, 0), levels(maps, 1)
    for guide, one, other in zip(levels(maps, 0.25), low, high, strict=True):
        torch.testing.assert_close(guide, 0.75 * one + 0.25 * other)


def test_below_the_top_level_nothing_of_the_finer_maps_is_seen(maps, levels):
    changed = [*maps[:2], torch.zeros_like(maps[2])]
    assert all(torch.equal(*pair) for pair in zip(levels(maps, 1), levels(changed, 1), strict=True))


def test_every_convolution_of_the_levels_is_used_somewhere_and_none_at_the_top(maps, levels):
    sum(guide.sum() for level in (0, 0.5, 1) for guide in levels(maps, level)).backward()
    assert all(weight.grad.any() for weight in levels.parameters())
    levels.zero_grad()
    assert not any(guide.requires_grad for guide in levels(maps, 2))
