"""GAN losses against numbers worked out by hand, and the law of every pair of loss and discriminator."""

import math

import pytest
import torch
from torch import nn

from ispl_model.losses.discriminators import DISCRIMINATORS
from ispl_model.losses.gan import GAN_LOSSES, Adversary, feature_matching, frozen
from ispl_model.runtime.device import seeded_build

SIZE = 64


def scales(*maps_of_scales: list[float]) -> list[list[torch.Tensor]]:
    """Discriminator features: constant maps of different sizes."""
    return [[torch.full((1, 2, 3 + i, 3), value) for i, value in enumerate(maps)] for maps in maps_of_scales]


def softplus(x: float) -> float:
    return math.log1p(math.exp(x))


# Worked out for real scores 2 and 0 (mean 1) and fake scores -1 and 1 (mean 0).
WORKED_OUT = {
    "lsgan": ((4 + 0) / 2, (1 + 1) / 2 + (1 + 1) / 2),
    "vanilla": (
        (softplus(1) + softplus(-1)) / 2,
        (softplus(-2) + softplus(0)) / 2 + (softplus(-1) + softplus(1)) / 2,
    ),
    # relative real: 2, 0; relative fake: -2, 0; ESRGAN's and DeblurGAN-v2's programs take the mean of both
    "ragan": ((softplus(2) + softplus(0)) / 2, (softplus(-2) + softplus(0)) / 2),
    "ragan-ls": ((9 + 1) / 2, (1 + 1) / 2),
    "wgan-gp": (0.0, -1.0),
}


@pytest.mark.parametrize("name", GAN_LOSSES)
def test_a_gan_loss_gives_the_numbers_worked_out_by_hand(name):
    real, fake = torch.tensor([2.0, 0.0]), torch.tensor([-1.0, 1.0])
    generator, discriminator = WORKED_OUT[name]
    assert GAN_LOSSES[name].generator(real, fake).item() == pytest.approx(generator, abs=1e-6)
    assert GAN_LOSSES[name].discriminator(real, fake).item() == pytest.approx(discriminator, abs=1e-6)


class Scores(nn.Module):
    """Scores that were fixed in advance: of the reference (ones) and of the restored image (zeros)."""

    def __init__(self, real, fake) -> None:
        super().__init__()
        self.answers = {1.0: real, 0.0: fake}

    def forward(self, image):
        return self.answers[image.flatten()[0].item()]


def test_lsgan_pulls_real_to_one_and_fake_to_zero_averaged_over_scales():
    scores = Scores(scales([9, 0.5], [9, 1.0]), scales([9, 0.2], [9, 0.4]))
    adversary, batch = Adversary("lsgan", scores, conditional=False), {"reference": torch.ones(1)}
    # scale 1: 0.5^2 + 0.2^2 = 0.29; scale 2: 0 + 0.4^2 = 0.16
    assert adversary.discriminator_loss(torch.zeros(1), batch).item() == pytest.approx((0.29 + 0.16) / 2)
    # (0.2 - 1)^2 = 0.64; (0.4 - 1)^2 = 0.36
    assert adversary.generator_losses(torch.zeros(1), batch, matching=False)["lsgan"].item() == pytest.approx(0.5)


def test_feature_matching_sums_the_maps_without_the_score_and_averages_the_scales():
    real, fake = scales([1, 2, 100], [0, 0, 100]), scales([1.5, 2.25, 0], [1, 0, 0])
    assert feature_matching(real, fake).item() == pytest.approx((0.75 + 1.0) / 2)


def test_losses_are_computed_in_float32_from_bfloat16_maps():
    real, fake = ([[part.bfloat16() for part in scale] for scale in scales([value, value])] for value in (1.0, 0.0))
    values = Adversary("lsgan", Scores(real, fake), conditional=False).generator_losses(
        torch.zeros(1), {"reference": torch.ones(1)}, matching=True
    )
    assert {value.dtype for value in values.values()} == {torch.float32}


class Slope(nn.Module):
    """D(x) = slope * sum(x): the norm of its gradient over all of an image is slope * sqrt(pixels)."""

    def __init__(self, slope: float) -> None:
        super().__init__()
        self.slope = nn.Parameter(torch.tensor(slope))

    def forward(self, image):
        return [[self.slope * image.flatten(1).sum(dim=1, keepdim=True)]]


def test_the_gradient_penalty_takes_the_norm_over_the_whole_image():
    slope, pixels = 0.5, 3 * 4 * 4
    discriminator = Slope(slope)
    batch = {"reference": torch.full((2, 3, 4, 4), 0.75)}
    loss = Adversary("wgan-gp", discriminator, False).discriminator_loss(torch.full((2, 3, 4, 4), 0.25), batch)
    norm = slope * math.sqrt(pixels)
    assert loss.item() == pytest.approx(-0.5 * slope * pixels + 10 * (norm - 1) ** 2, rel=1e-5)
    loss.backward()
    wanted = -0.5 * pixels + 20 * (norm - 1) * math.sqrt(pixels)
    assert discriminator.slope.grad.item() == pytest.approx(wanted, rel=1e-5)


PAIRS = [(loss, kind) for loss in GAN_LOSSES for kind in DISCRIMINATORS if (loss, kind) != ("wgan-gp", "multi_scale")]


@pytest.mark.parametrize(("loss", "kind"), PAIRS)
def test_every_loss_with_every_discriminator_gives_each_side_its_gradient_alone(loss, kind):
    discriminator = seeded_build(lambda: DISCRIMINATORS[kind](6, 2, SIZE), 0)
    adversary = Adversary(loss, discriminator, conditional=True)
    generator = torch.Generator().manual_seed(0)
    restored, reference, degraded = torch.rand(3, 2, 3, SIZE, SIZE, generator=generator)
    batch = {"reference": reference, "degraded": degraded[..., ::4, ::4]}
    restored.requires_grad_()
    values = adversary.generator_losses(restored, batch, matching=True)
    assert set(values) == {loss, "feature_matching"}
    sum(values.values()).backward()
    assert torch.isfinite(restored.grad).all() and restored.grad.abs().sum() > 0
    assert all(weight.grad is None for weight in discriminator.parameters())
    restored.grad = None
    adversary.discriminator_loss(restored, batch).backward()
    assert restored.grad is None
    assert all(torch.isfinite(weight.grad).all() for weight in discriminator.parameters())


def test_frozen_weights_thaw_again():
    layer = nn.Linear(1, 1)
    with frozen(layer):
        assert not layer.weight.requires_grad
    assert layer.weight.requires_grad
