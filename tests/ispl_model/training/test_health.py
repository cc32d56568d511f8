"""What counts as a discriminator that collapsed."""

import math
from dataclasses import asdict

import pytest

from ispl_model.losses.gan import GAN_LOSSES
from ispl_model.training.health import COLLAPSE, Health

VANILLA = GAN_LOSSES["vanilla"]


def after(losses: list[float], gan=VANILLA) -> Health:
    health = Health()
    for step, loss in enumerate(losses, 1):
        health = health.after(step, gan, loss)
    return health


def test_a_discriminator_is_certain_below_a_hundredth_of_what_undecided_scores_cost():
    assert VANILLA.certain == pytest.approx(2 * math.log(2) / 100)
    assert GAN_LOSSES["lsgan"].certain == pytest.approx(0.01)
    assert GAN_LOSSES["wgan-gp"].certain is None


def test_it_has_collapsed_after_so_many_certain_steps_in_a_row_and_the_first_such_step_is_kept():
    certain = [0.9 * VANILLA.certain]
    assert after([1.0] * 9 + certain * (COLLAPSE - 1)).collapsed is None
    assert after(certain * (COLLAPSE - 1) + [1.0] + certain * (COLLAPSE - 1)).collapsed is None
    collapsed = after([1.0] * 9 + certain * COLLAPSE + [1.0] + certain * 2 * COLLAPSE)
    assert collapsed.collapsed == 10
    assert "from step 10 on its loss stayed below 0.0139 for 100 steps" in collapsed.warning(VANILLA)


def test_a_loss_without_a_floor_and_one_near_the_undecided_one_never_warn():
    assert after([-5.0] * 3 * COLLAPSE, GAN_LOSSES["wgan-gp"]).warning(GAN_LOSSES["wgan-gp"]) is None
    assert after([0.02] * 3 * COLLAPSE).warning(VANILLA) is None


def test_it_is_unhealthy_outside_of_the_healthy_range():
    assert after([1.0, 200.0, 0.0]).unhealthy_steps == 2 and after([200.0, 1.0]).unhealthy_steps == 0


def test_an_older_state_file_is_read():
    assert Health.from_saved({"astray": 3, "certain": 1, "collapsed": None}) == Health(3, 1)
    assert Health.from_saved(asdict(Health(3, 1, 7))) == Health(3, 1, 7)
