"""A moving average of a network's weights: steadier than the last step's."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import nn


class Ema:
    """average <- d average + (1 - d) weights after each update, d = min(decay, (1 + step) / (10 + step)).

    The smaller d of the first steps forgets the untrained start. Only weights are averaged; buffers, such as
    running statistics, are the network's own.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay = decay
        self.weights = {name: weight.detach().clone() for name, weight in network.named_parameters()}

    def follow(self, network: nn.Module, step: int) -> None:
        decay = min(self.decay, (1 + step) / (10 + step))
        current = [weight.detach() for weight in network.parameters()]
        torch._foreach_lerp_(list(self.weights.values()), current, 1 - decay)

    @contextmanager
    def in_place(self, network: nn.Module) -> Iterator[None]:
        """Inside, the network has the averaged weights."""
        self._exchange(network)
        try:
            yield
        finally:
            self._exchange(network)

    def _exchange(self, network: nn.Module) -> None:
        for name, weight in network.named_parameters():
            weight.data, self.weights[name] = self.weights[name], weight.data

    def load(self, weights: Mapping[str, torch.Tensor]) -> None:
        """Raises KeyError or RuntimeError when they are of another network."""
        for name, average in self.weights.items():
            average.copy_(weights[name])
