"""The embedding networks: sizes, statistics at the start, and what the features must not forget."""

import pytest
import torch
import torch.nn.functional as F

from ispl_model.network.encoder import Encoder, LocalImportancePooling, Pyramid

CHANNELS = (64, 32, 16, 8)


def smooth_images() -> torch.Tensor:
    torch.manual_seed(0)
    return torch.nn.functional.interpolate(torch.rand(2, 3, 16, 16), size=128, mode="bilinear")


@pytest.fixture(params=["conv", "pac", "lip"])
def encoder(request) -> Encoder:
    torch.manual_seed(0)
    return Encoder(CHANNELS, request.param, projection=32)


def test_maps_come_smallest_first_each_twice_the_side_of_the_one_before(encoder):
    shapes = [tuple(features.shape) for features in encoder(smooth_images())]
    assert shapes == [(2, 64, 16, 16), (2, 32, 32, 32), (2, 16, 64, 64), (2, 8, 128, 128)]
    assert encoder.map_channels == CHANNELS


def test_no_stage_is_dead_at_the_start(encoder):
    assert all(features.std() > 0.1 for features in encoder(smooth_images()))


def test_an_image_and_its_half_bright_copy_have_different_features_but_in_the_authors_code(encoder):
    image = smooth_images()
    bright, dark = encoder(image)[-1], encoder(0.5 * image)[-1]
    torch.testing.assert_close(dark, bright if encoder.authors else 0.5 * bright, atol=0.02, rtol=0)


def test_inner_maps_are_standardised_and_the_last_stage_is_not_cut_at_zero(encoder):
    last, *inner, _ = encoder(smooth_images())
    assert last.min() < 0
    assert all(features.min() == 0 for features in inner)


def test_adaptive_stages_have_one_projection_more_than_plain_ones():
    plain, adaptive = (
        sum(parameter.numel() for parameter in Encoder(CHANNELS, kind, 32).parameters()) for kind in ("conv", "pac")
    )
    assert adaptive - plain == sum(32 * inputs + 32 + 32 * 32 + 32 for inputs in CHANNELS[1:])


def test_the_encoder_of_the_authors_code_has_its_parameter_count():
    with torch.device("meta"):
        encoder = Encoder((1024, 1024, 512, 256, 128, 64), "lip", 32)
    assert sum(parameter.numel() for parameter in encoder.parameters()) == 28_283_328


def test_pooling_with_equal_importance_is_the_mean_of_the_pixels_inside():
    pool, features = LocalImportancePooling(3), torch.rand(2, 3, 8, 8)
    torch.nn.init.zeros_(pool.scale)
    expected = F.avg_pool2d(features, 3, stride=2, padding=1, count_include_pad=False)
    torch.testing.assert_close(pool(features), expected)


def test_pooling_takes_the_important_pixel():
    pool, features = LocalImportancePooling(1), torch.zeros(1, 1, 8, 8)
    torch.nn.init.dirac_(pool.logit.weight)  # importance is the feature itself
    features[0, 0, 3, 4] = 1
    pooled = pool(features)[0, 0]
    assert pooled[1:3, 2].min() > 0.9 and pooled.sum() == pooled[1:3, 2].sum() + pooled[1:3, 3:].sum()


def test_an_explicit_prior_is_the_picture_by_every_second_pixel():
    picture = torch.arange(2 * 8 * 8.0).reshape(1, 2, 8, 8)
    pyramid = Pyramid(3, range(1, 2))
    smallest, middle, whole = pyramid(picture)
    assert torch.equal(whole, picture[:, 1:2])
    assert torch.equal(middle, whole[..., ::2, ::2]) and torch.equal(smallest, whole[..., ::4, ::4])
    assert pyramid.map_channels == (1, 1, 1) and not list(pyramid.parameters())
