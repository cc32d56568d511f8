"""One update: what it weighs, what it leaves alone, and networks of many outputs with every kind of adversary."""

import pytest
import torch
from torch import nn

from ispl_model.losses.discriminators import DISCRIMINATORS, MultiScaleDiscriminator
from ispl_model.losses.gan import GAN_LOSSES, Adversary
from ispl_model.losses.objective import Objective, total
from ispl_model.losses.pixel import LOSSES
from ispl_model.runtime.device import seeded_build
from ispl_model.runtime.distributed import Processes
from ispl_model.training.config import TrainingConfig
from ispl_model.training.trainer import NotFinite, Trainer

SIZE = 64
PIXEL = TrainingConfig(scale=1, losses={"l1": 1.0}, learning_rate=1e-3, betas=(0.9, 0.999), constant_share=1.0)


class TwoOutputs(nn.Module):
    """A restored image, and two steps on the way to it while training; two parts with parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.tail = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 3, 1)

    def forward(self, image):
        first = image + self.tail(torch.relu(self.body(image)))
        second = first + self.tail(torch.relu(self.body(first)))
        return {"restored": second, "steps": torch.stack([first, second])} if self.training else second


def batch_of(count: int = 2, seed: int = 0) -> dict[str, torch.Tensor]:
    degraded, reference = torch.rand(2, count, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(seed))
    return {"input": degraded, "degraded": degraded, "reference": reference}


def trainer_of(network=None, training=PIXEL, networks=None) -> Trainer:
    adversary = None
    if training.gan:
        channels = 6 if training.conditional else 3
        discriminator = seeded_build(lambda: DISCRIMINATORS[training.discriminator](channels, 2, SIZE), 0)
        adversary = Adversary(training.gan, discriminator, training.conditional)
    functions = {name: loss for name, loss in {**LOSSES, **training.functions}.items() if name in training.losses}
    objective = Objective(functions, networks or {}, adversary)
    return Trainer(network or seeded_build(TwoOutputs, 0), objective, training, Processes("cpu"))


def changed(module: nn.Module, before: dict[str, torch.Tensor]) -> list[str]:
    return [name for name, weight in module.named_parameters() if not torch.equal(weight, before[name])]


def copied(module: nn.Module) -> dict[str, torch.Tensor]:
    return {name: weight.detach().clone() for name, weight in module.named_parameters()}


ADVERSARIES = [(loss, "patch_3", conditional) for loss in GAN_LOSSES for conditional in (False, True)]
ADVERSARIES += [("wgan-gp", kind, False) for kind in DISCRIMINATORS if kind != "multi_scale"]
ADVERSARIES += [("lsgan", "multi_scale", True), ("ragan-ls", "patch_3_5", False), ("ragan", "vgg", False)]


@pytest.mark.parametrize(("loss", "kind", "conditional"), ADVERSARIES)
def test_a_network_of_many_outputs_trains_with_every_kind_of_adversary(loss, kind, conditional):
    losses = {"l1_steps": 1.0, "edge": 0.1, loss: 1e-2, "feature_matching": 1.0, "frozen": 1.0}
    training = TrainingConfig(
        1, losses, 1e-3, (0.5, 0.9), 1.0, discriminator=kind, conditional=conditional, critic_steps=2,
        functions={"edge": lambda outputs, batch: (outputs["steps"][0] - batch["degraded"]).abs().mean()},
        networks={"frozen": None},
    )  # fmt: skip
    trainer = trainer_of(training=training, networks={"frozen": Distance()})
    networks = trainer.modules.values()
    before = [copied(network) for network in networks]
    values = trainer.step([batch_of()], 1e-3, losses)
    assert (
        tuple(values) == trainer.loss_names == ("l1_steps", "edge", loss, "feature_matching", "frozen", "discriminator")
    )
    for network, weights in zip(networks, before, strict=True):
        still = set(weights) - set(changed(network, weights))
        assert not {
            name for name in still if not name.endswith("bias")
        }  # a norm or a difference of scores cancels some
    assert trainer.restore(batch_of()["input"]).shape == (2, 3, SIZE, SIZE)


@pytest.mark.parametrize("loss", GAN_LOSSES)
def test_an_adversary_alone_pulls_restored_images_towards_the_references(loss):
    """Too dark images and bright references: whatever the loss, the network learns to brighten."""
    training = TrainingConfig(
        1, {loss: 1.0}, 2e-3, (0.5, 0.9), 1.0, discriminator="plain", conditional=False, critic_steps=2
    )
    network = nn.Conv2d(3, 3, 1)
    nn.init.dirac_(network.weight)
    nn.init.zeros_(network.bias)
    trainer, noise = trainer_of(network, training), batch_of()["input"] * 0.2
    batch = {"input": noise + 0.2, "degraded": noise + 0.2, "reference": noise.flip(0) + 0.6}
    before = trainer.restore(batch["input"]).mean()
    for _ in range(60):
        trainer.step([batch], 2e-3, training.losses)
    assert trainer.restore(batch["input"]).mean() - before > 0.1


class Distance(nn.Module):
    """A frozen network that judges (restored, reference)."""

    def forward(self, restored, reference):
        return (restored - reference).square().mean()


def test_the_total_is_the_weighted_sum():
    assert total({"l1": torch.tensor(5.0), "lsgan": torch.tensor(7.0)}, {"l1": 2.0, "lsgan": 3.0}) == 31


def test_losses_of_another_stage_are_not_computed_and_the_discriminator_rests():
    training = TrainingConfig(1, {"l1": 1.0, "lsgan": 1.0}, 1e-3, (0.9, 0.999), 1.0)
    trainer = trainer_of(training=training)
    discriminator = trainer.modules["discriminator"]
    before = copied(discriminator)
    assert set(trainer.step([batch_of()], 1e-3, {"l1": 1.0})) == {"l1"} and not changed(discriminator, before)
    assert set(trainer.step([batch_of()], 1e-3, training.losses)) == {"l1", "lsgan", "discriminator"}
    assert changed(discriminator, before)


def test_passes_give_the_gradients_of_one_large_batch():
    training = TrainingConfig(1, {"l1": 1.0, "lsgan": 1.0, "feature_matching": 1.0}, 1e-3, (0.9, 0.999), 1.0)
    whole, parts = trainer_of(training=training), trainer_of(training=training)
    batch = batch_of(4)
    values = whole.step([batch], 1e-3, training.losses)
    halves = [{name: part[i : i + 2] for name, part in batch.items()} for i in (0, 2)]
    assert parts.step(halves, 1e-3, training.losses) == pytest.approx(values, rel=1e-2)  # bfloat16
    for one, other in zip(whole.network.parameters(), parts.network.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad, rtol=5e-2, atol=2e-3)


def test_parts_have_rates_of_their_own_and_the_discriminator_another():
    training = TrainingConfig(
        1, {"l1": 1.0, "lsgan": 1.0}, 1e-4, (0.0, 0.9), 1.0, discriminator_rate=4e-4, part_rates={"tail": 0.1}
    )  # fmt: skip
    trainer = trainer_of(training=training)
    trainer.step([batch_of()], 2e-4, training.losses)
    rates = {
        weight: group["lr"]
        for name in ("generator", "discriminator")
        for group in trainer.optimisers[name].param_groups
        for weight in group["params"]
    }
    assert rates[trainer.network.body.weight] == pytest.approx(2e-4)
    assert rates[trainer.network.tail.bias] == pytest.approx(2e-5)
    assert rates[next(trainer.modules["discriminator"].parameters())] == pytest.approx(8e-4)


def test_gradients_are_clipped_by_part():
    training = TrainingConfig(1, {"l1": 1.0}, 1.0, (0.0, 0.9), 1.0, optimiser="sgd", clip={"body": 1e-3})
    trainer = trainer_of(training=training)
    before = copied(trainer.network)
    trainer.step([batch_of()], 1.0, training.losses)
    moves = {name: weight - before[name] for name, weight in trainer.network.named_parameters()}
    body = torch.cat([move.flatten() for name, move in moves.items() if name.startswith("body")])
    assert body.norm().item() == pytest.approx(1e-3, rel=1e-3)
    assert moves["tail.bias"].norm() > 2e-3


@pytest.mark.parametrize(("optimiser", "kind"), [("adam", "Adam"), ("sgd", "SGD"), ("rmsprop", "RMSprop")])
def test_the_literal_reaches_the_optimiser(optimiser, kind):
    training = TrainingConfig(1, {"l1": 1.0}, 1e-3, (0.8, 0.95), 1.0, optimiser=optimiser, weight_decay=5e-4)
    made = trainer_of(training=training).optimisers["generator"]
    (group,) = made.param_groups
    assert type(made).__name__ == kind and group["weight_decay"] == 5e-4
    moments = {"adam": ("betas", (0.8, 0.95)), "sgd": ("momentum", 0.8), "rmsprop": ("alpha", 0.95)}[optimiser]
    assert group[moments[0]] == moments[1]


def test_the_network_is_asked_for_what_the_step_asks():
    class Level(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.asked = nn.Conv2d(3, 3, 1), []

        def forward(self, image, level=None):
            self.asked.append(level)
            return self.conv(image)

    trainer = trainer_of(Level())
    trainer.step([batch_of()], 1e-3, {"l1": 1.0}, level=1.5)
    trainer.step([batch_of()], 1e-3, {"l1": 1.0})
    assert trainer.network.asked == [1.5, None]


def test_the_discriminator_gets_no_gradient_from_the_generators_losses():
    discriminator = seeded_build(lambda: MultiScaleDiscriminator(2), 0)
    objective = Objective({}, {}, Adversary("lsgan", discriminator, conditional=True))
    batch, weights = batch_of(1), {"lsgan": 1.0, "feature_matching": 10.0}
    restored = torch.rand(1, 3, SIZE, SIZE, requires_grad=True)
    total(objective.generator_losses({"restored": restored}, batch, weights), weights).backward()
    assert restored.grad.abs().sum() > 0
    assert all(weight.grad is None for weight in discriminator.parameters())


def test_a_trainer_with_spoilt_weights_hands_out_nothing():
    trainer = trainer_of()
    trainer.network.tail.weight.data[0] = float("inf")
    with pytest.raises(NotFinite, match=r"generator.tail.weight"):
        trainer.tensors()
