"""The generator's losses of one training step by name; ispl_model.training.config says what a loss is."""

from collections.abc import Iterable, Mapping

import torch
from torch import nn

from ispl_model.losses.gan import Adversary
from ispl_model.losses.pixel import LossFunction, Tensors, added
from ispl_model.runtime.device import mixed_precision


class Objective:
    """The losses of a training, each computed only in steps that weigh it.

    functions: plain losses by name. networks: frozen ones that judge (restored, reference), by name; a
    missing "perceptual" leaves that loss out whatever its weight. adversary: None without a GAN loss.
    Networks run in mixed precision, plain functions in float32.
    """

    def __init__(
        self,
        functions: Mapping[str, LossFunction],
        networks: Mapping[str, nn.Module],
        adversary: Adversary | None,
    ) -> None:
        self.functions, self.networks, self.adversary = functions, networks, adversary

    def generator_losses(self, outputs: Tensors, batch: Tensors, weights: Mapping[str, float]) -> Tensors:
        """Each loss that has a weight, not yet weighted."""
        restored = outputs["restored"]
        values = {name: loss(outputs, batch) for name, loss in self.functions.items() if name in weights}
        with mixed_precision(restored.device):
            if self.adversary is not None and self.uses_discriminator(weights):
                values |= self.adversary.generator_losses(restored, batch, "feature_matching" in weights)
            for name, network in self.networks.items():
                if name in weights:
                    values[name] = network(restored, batch["reference"])
        return {name: value for name, value in values.items() if name in weights}

    def discriminator_loss(self, restored: torch.Tensor, batch: Tensors) -> torch.Tensor:
        """The discriminator's own loss."""
        if self.adversary is None:
            raise ValueError("discriminator_loss: these losses have no discriminator")
        with mixed_precision(restored.device):
            return self.adversary.discriminator_loss(restored, batch)

    def names(self, weights: Iterable[str]) -> tuple[str, ...]:
        """Of the losses that have a weight, in the order in which they are computed, and the discriminator's last."""
        adversarial = (self.adversary.name, "feature_matching", "discriminator") if self.adversary else ()
        order = (*self.functions, *adversarial[:2], *self.networks)
        return (*(name for name in order if name in set(weights)), *adversarial[2:])

    def uses_discriminator(self, weights: Mapping[str, float]) -> bool:
        """Whether the discriminator has a part in steps with these weights."""
        return self.adversary is not None and not weights.keys().isdisjoint((self.adversary.name, "feature_matching"))


def total(values: Tensors, weights: Mapping[str, float]) -> torch.Tensor:
    """The weighted sum, eq. 13."""
    return added(weights[name] * value for name, value in values.items())
