"""The embedding network: sizes, statistics at the start, and what the features must not forget."""

import pytest
import torch

from ispl_model.encoder import Encoder
from ispl_model.fusion import UnetFusion

CHANNELS = (64, 32, 16, 8)


def smooth_images() -> torch.Tensor:
    torch.manual_seed(0)
    return torch.nn.functional.interpolate(torch.rand(2, 3, 16, 16), size=128, mode="bilinear")


@pytest.fixture(params=[None, 32], ids=["plain", "adaptive"])
def encoder(request) -> Encoder:
    torch.manual_seed(0)
    return Encoder(CHANNELS, projection=request.param)


def test_maps_come_smallest_first_each_twice_the_side_of_the_one_before(encoder):
    shapes = [tuple(features.shape) for features in encoder(smooth_images())]
    assert shapes == [(2, 64, 16, 16), (2, 32, 32, 32), (2, 16, 64, 64), (2, 8, 128, 128)]


def test_no_stage_is_dead_at_the_start(encoder):
    assert all(features.std() > 0.1 for features in encoder(smooth_images()))


def test_an_image_and_its_half_bright_copy_have_different_features(encoder):
    image = smooth_images()
    bright, dark = encoder(image)[-1], encoder(0.5 * image)[-1]
    torch.testing.assert_close(dark, 0.5 * bright)


def test_inner_maps_are_standardised_and_the_last_stage_is_not_cut_at_zero(encoder):
    last, *inner, _ = encoder(smooth_images())
    assert last.min() < 0
    assert all(features.min() == 0 for features in inner)


def test_adaptive_stages_have_one_projection_more_than_plain_ones():
    plain, adaptive = (
        sum(parameter.numel() for parameter in Encoder(CHANNELS, projection).parameters()) for projection in (None, 32)
    )
    assert adaptive - plain == sum(32 * inputs + 32 + 32 * 32 + 32 for inputs in CHANNELS[1:])


def test_unet_fusion_guides_each_level_by_its_own_map():
    maps = [torch.rand(1, 2, 4, 4), torch.rand(1, 1, 8, 8)]
    fusion = UnetFusion((2, 1))
    assert fusion.guide_channels == (2, 1)
    assert all(guide is features for guide, features in zip(fusion(maps), maps, strict=True))
