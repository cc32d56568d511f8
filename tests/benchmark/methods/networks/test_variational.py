"""VDN's losses against torch's distributions, which know none of the formulas, and their gradients against slopes."""

import cv2
import numpy as np
import pytest
import torch
from torch import distributions

from benchmark.methods.networks import vdnet
from benchmark.methods.networks.vdnet import kl_gauss, kl_inverse_gamma, likelihood, noise_variance

SHAPE = (1, 3, 8, 8)


@pytest.fixture
def case():
    generator = torch.Generator().manual_seed(0)
    draw = lambda low, high: low + (high - low) * torch.rand(SHAPE, generator=generator, dtype=torch.float64)  # noqa: E731
    names = {"residual": (-0.1, 0.1), "log_variance": (-9, -5), "log_alpha": (1, 3), "log_beta": (-4, -1)}
    outputs = {name: draw(*limits).requires_grad_() for name, limits in names.items()}
    return outputs, {"degraded": draw(0, 1), "reference": draw(0, 1)}


def test_the_likelihood_is_the_expected_one(case):
    outputs, batch = case
    with torch.random.fork_rng():
        torch.manual_seed(0)
        variances = distributions.InverseGamma(outputs["log_alpha"].exp(), outputs["log_beta"].exp()).sample((4000,))
        restored = batch["degraded"] - outputs["residual"]
        restored = distributions.Normal(restored, torch.exp(outputs["log_variance"] / 2)).sample((4000,))
    expected = -distributions.Normal(restored, variances.sqrt()).log_prob(batch["degraded"]).mean()
    assert likelihood(outputs, batch).item() == pytest.approx(expected.item(), rel=0.01)


def test_the_divergences_are_those_of_the_distributions(case):
    outputs, batch = case
    restored = batch["degraded"] - outputs["residual"]
    ours = distributions.Normal(restored, torch.exp(outputs["log_variance"] / 2))
    prior = distributions.Normal(batch["reference"], vdnet.PRIOR_VARIANCE**0.5)
    torch.testing.assert_close(kl_gauss(outputs, batch), distributions.kl_divergence(ours, prior).mean())
    # the divergence does not change when both variables are inverted
    ours = distributions.Gamma(outputs["log_alpha"].exp(), outputs["log_beta"].exp())
    prior = distributions.Gamma(
        torch.tensor(23.5).double(), 24.5 * noise_variance(batch["degraded"], batch["reference"])
    )
    torch.testing.assert_close(kl_inverse_gamma(outputs, batch), distributions.kl_divergence(ours, prior).mean())


def test_the_noise_variance_is_the_blurred_squared_difference(case):
    _, batch = case
    ours = noise_variance(batch["degraded"], batch["reference"])
    squares = (batch["degraded"] - batch["reference"]).square()[0].permute(1, 2, 0).numpy()
    wanted = cv2.GaussianBlur(squares, (7, 7), 3.0, borderType=cv2.BORDER_REFLECT_101)
    np.testing.assert_allclose(ours[0].permute(1, 2, 0).numpy(), wanted, rtol=1e-6)
    assert noise_variance(batch["reference"], batch["reference"]).unique().item() == pytest.approx(1e-10)


@pytest.mark.parametrize("loss", [likelihood, kl_gauss, kl_inverse_gamma])
def test_the_gradient_is_the_slope(case, loss):
    outputs, batch = case
    names = list(outputs)
    small = {name: value.detach()[..., :4, :4].clone().requires_grad_() for name, value in outputs.items()}
    crops = {name: value[..., :4, :4] for name, value in batch.items()}
    assert torch.autograd.gradcheck(
        lambda *values: loss(dict(zip(names, values, strict=True)), crops), tuple(small.values())
    )


@pytest.mark.parametrize("extreme", [-1e3, 1e3])
def test_the_losses_stay_finite_where_a_network_runs_away(case, extreme):
    outputs, batch = case
    outputs = {name: torch.full(SHAPE, extreme).requires_grad_() for name in outputs} | {"residual": torch.zeros(SHAPE)}
    batch = {name: value.float() for name, value in batch.items()}
    assert all(torch.isfinite(loss(outputs, batch)) for loss in (likelihood, kl_gauss, kl_inverse_gamma))
