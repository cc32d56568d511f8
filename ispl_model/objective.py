"""One training step: the generator's losses by name, and the discriminator that two of them need."""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import nn
from torch.nn import functional

from ispl_model.device import mixed_precision
from ispl_model.discriminator import MultiScaleDiscriminator
from ispl_model.ema import Ema
from ispl_model.losses import (
    Perceptual,
    ScaleFeatures,
    feature_matching,
    l1,
    lsgan_discriminator,
    lsgan_generator,
)

LOSSES = ("l1", "lsgan", "feature_matching", "perceptual")
ADVERSARIAL = frozenset({"lsgan", "feature_matching"})


class NotFinite(ArithmeticError):
    """A loss or a weight is NaN or infinite."""


class Objective:
    """The losses of a training, each computed only when it has a weight.

    weights: of LOSSES; perceptual: the frozen network, None leaves that loss out whatever its weight;
    discriminator: needed by "lsgan" and "feature_matching", judges (degraded, image) pairs.
    Networks run in mixed precision, the losses themselves in float32.
    """

    def __init__(
        self,
        weights: Mapping[str, float],
        discriminator: MultiScaleDiscriminator | None,
        perceptual: Perceptual | None,
    ) -> None:
        if not set(weights) - (set() if perceptual else {"perceptual"}):
            raise ValueError("Objective: the perceptual loss is the only one and has no network, so nothing is left")
        self.weights, self.discriminator, self.perceptual = weights, discriminator, perceptual

    def generator_losses(
        self, restored: torch.Tensor, reference: torch.Tensor, degraded: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        """Each loss by name, not yet weighted; images are (N, 3, S, S) in [0, 1], degraded may be smaller."""
        values = {}
        if "l1" in self.weights:
            values["l1"] = l1(restored, reference)
        with mixed_precision(restored.device):
            if self.discriminator is not None:
                values |= self._adversarial_losses(restored, reference, degraded)
            if self.perceptual is not None:
                values["perceptual"] = self.perceptual(restored, reference)
        return {name: value for name, value in values.items() if name in self.weights}

    def discriminator_loss(
        self, restored: torch.Tensor, reference: torch.Tensor, degraded: torch.Tensor
    ) -> torch.Tensor:
        """The discriminator's own loss on the generator's images, which get no gradient."""
        with mixed_precision(restored.device):
            fake = self._judge(restored.detach(), degraded)
            real = self._judge(reference, degraded)
            return lsgan_discriminator(real, fake)

    def total(self, values: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """The weighted sum, eq. 13."""
        return sum(self.weights[name] * value for name, value in values.items())

    def _adversarial_losses(
        self, restored: torch.Tensor, reference: torch.Tensor, degraded: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        with frozen(self.discriminator):
            fake = self._judge(restored, degraded)
        values = {"lsgan": lsgan_generator(fake)}
        if "feature_matching" in self.weights:
            with torch.no_grad():
                real = self._judge(reference, degraded)
            values["feature_matching"] = feature_matching(real, fake)
        return values

    def _judge(self, image: torch.Tensor, degraded: torch.Tensor) -> ScaleFeatures:
        if degraded.shape[-2:] != image.shape[-2:]:  # of a super-resolution network
            degraded = functional.interpolate(degraded, image.shape[-2:], mode="bicubic", align_corners=False)
        return self.discriminator(torch.cat([degraded, image], dim=1))


class Trainer:
    """A generator, perhaps a discriminator, and an Adam optimiser of each; `step` updates both once.

    The generator goes first and the discriminator then sees the same restored images (the authors' code restores
    them again with the updated generator, at the price of one more pass).
    """

    def __init__(
        self, network: nn.Module, objective: Objective, learning_rate: float, betas: tuple, ema: float | None = None
    ) -> None:
        self.network, self.objective = network, objective
        self.ema = None if ema is None else Ema(network, ema)
        modules = {"generator": network}
        if objective.discriminator is not None:
            modules["discriminator"] = objective.discriminator
        self.modules = {name: module.train() for name, module in modules.items()}
        self.optimisers = {
            name: torch.optim.Adam(module.parameters(), lr=learning_rate, betas=tuple(betas), fused=True)
            for name, module in self.modules.items()
        }

    def step(self, degraded: torch.Tensor, reference: torch.Tensor, rate: float) -> dict[str, float]:
        """Update every network once with learning rate `rate`; the losses, unweighted, before the update.

        Raises NotFinite before anything is changed when a generator loss is, ValueError when the network's output
        has not the reference's shape.
        """
        with mixed_precision(degraded.device):
            restored = self.network(degraded).float()
        if restored.shape != reference.shape:
            raise ValueError(f"network: expected output {tuple(reference.shape)}, got {tuple(restored.shape)}")
        losses = self.objective.generator_losses(restored, reference, degraded)
        values = _finite(losses)
        self._update("generator", self.objective.total(losses), rate)
        if self.objective.discriminator is not None:
            loss = self.objective.discriminator_loss(restored, reference, degraded)
            values |= _finite({"discriminator": loss})
            self._update("discriminator", loss, rate)
        return values

    def _update(self, name: str, loss: torch.Tensor, rate: float) -> None:
        optimiser = self.optimisers[name]
        for group in optimiser.param_groups:
            group["lr"] = rate
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()

    def average(self, step: int) -> None:
        """Let the average of the weights, if there is one, follow the update of step 0, 1, ..."""
        if self.ema is not None:
            self.ema.follow(self.network, step)

    def weights(self) -> dict[str, torch.Tensor]:
        """What the checkpoint holds: the network's state, with averaged weights where an average is kept."""
        return self.network.state_dict() | (self.ema.weights if self.ema else {})

    def tensors(self) -> dict[str, torch.Tensor]:
        """Everything a later `load` needs to go on exactly: weights, buffers and Adam's moments.

        Raises NotFinite when some of it is not.
        """
        tensors = {f"average.{key}": value for key, value in (self.ema.weights if self.ema else {}).items()}
        for name, module in self.modules.items():
            tensors |= {f"{name}.{key}": value for key, value in module.state_dict().items()}
            for index, slots in self.optimisers[name].state_dict()["state"].items():
                tensors |= {f"{name}_adam.{index}.{slot}": value for slot, value in slots.items()}
        for key, value in tensors.items():
            if not torch.isfinite(value).all():
                raise NotFinite(key)
        return tensors

    def load(self, tensors: Mapping[str, torch.Tensor]) -> None:
        """The inverse of `tensors`. Raises RuntimeError or KeyError when they are of other networks."""
        if self.ema is not None:
            self.ema.load(_below(tensors, "average."))
        for name, module in self.modules.items():
            module.load_state_dict(_below(tensors, f"{name}."))
            state: dict[int, dict[str, torch.Tensor]] = {}
            for key, value in _below(tensors, f"{name}_adam.").items():
                index, slot = key.split(".")
                layout = torch.channels_last if value.dim() == 4 else torch.contiguous_format  # as the weights have it
                state.setdefault(int(index), {})[slot] = value.contiguous(memory_format=layout)
            optimiser = self.optimisers[name]
            optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})


@contextmanager
def frozen(module: nn.Module) -> Iterator[None]:
    """Weights get no gradient inside, which saves the generator's step a third of the discriminator's work."""
    module.requires_grad_(False)
    try:
        yield
    finally:
        module.requires_grad_(True)


def _finite(losses: Mapping[str, torch.Tensor]) -> dict[str, float]:
    """As plain numbers, fetched from the device in one go."""
    numbers = torch.stack([value.detach() for value in losses.values()]).tolist()
    for name, number in zip(losses, numbers, strict=True):
        if not math.isfinite(number):
            raise NotFinite(f"{name} = {number}")
    return dict(zip(losses, numbers, strict=True))


def _below(tensors: Mapping[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
