"""One update of a network and, where there is one, of its discriminator; and the state to resume from."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from torch import nn

from ispl_model.losses.objective import Objective, total
from ispl_model.losses.pixel import Tensors
from ispl_model.runtime.device import mixed_precision
from ispl_model.runtime.distributed import Processes
from ispl_model.training.config import TrainingConfig


class NotFinite(ArithmeticError):
    """A loss or a weight is NaN or infinite."""


class Trainer:
    """A generator, perhaps a discriminator, and an optimiser of each; `step` updates both once.

    The generator goes first and the discriminator then sees the same restored images (the authors' code restores
    them again with the updated generator, at the price of one more pass).
    """

    def __init__(
        self, network: nn.Module, objective: Objective, training: TrainingConfig, processes: Processes
    ) -> None:
        self.network, self.objective, self.training, self.processes = network, objective, training, processes
        self.ema = None if training.ema is None else Ema(network, training.ema)
        modules = {"generator": network}
        if objective.adversary is not None:
            modules["discriminator"] = objective.adversary.discriminator
        self.modules = {name: module.train() for name, module in modules.items()}
        self.optimisers = {name: _optimiser(name, module, training) for name, module in self.modules.items()}
        first = training.pretraining.losses if training.pretraining else {}
        self.loss_names = objective.names({**training.losses, **first})

    def step(
        self, batches: Sequence[Tensors], rate: float, weights: Mapping[str, float], **asked: Any
    ) -> dict[str, float]:
        """Update every network once, the generator with learning rate `rate`; the losses before it, unweighted.

        batches: passes of equal size, whose gradients are averaged. weights: of the losses.
        asked: further arguments of the network.
        Raises NotFinite before a network is changed when a loss of it is, ValueError when the network's output has not
        the reference's shape.
        """
        self.optimisers["generator"].zero_grad(set_to_none=True)
        rows, restored = [], []
        for batch in batches:
            outputs = self._outputs(batch, asked)
            rows.append(self.objective.generator_losses(outputs, batch, weights))
            _backward(total(rows[-1], weights), len(batches))
            restored.append(outputs["restored"].detach())
        values = self._finite(rows)
        self._update("generator", rate)
        if self.objective.uses_discriminator(weights):
            for _ in range(self.training.critic_steps):
                values |= self._discriminator_step(restored, batches, rate)
        return values

    def forget(self) -> None:
        """Give the generator a fresh optimiser, as at the start of a training."""
        self.optimisers["generator"] = _optimiser("generator", self.network, self.training)

    def _outputs(self, batch: Tensors, asked: Mapping[str, Any]) -> dict[str, torch.Tensor]:
        with mixed_precision(batch["input"].device):
            output = self.network(batch["input"], **asked)
        outputs = output if isinstance(output, Mapping) else {"restored": output}
        outputs = {name: value.float() for name, value in outputs.items()}
        wanted, got = batch["reference"].shape, outputs["restored"].shape
        if wanted != got:
            raise ValueError(f"network: expected output {tuple(wanted)}, got {tuple(got)}")
        return outputs

    def _discriminator_step(
        self, restored: Sequence[torch.Tensor], batches: Sequence[Tensors], rate: float
    ) -> dict[str, float]:
        self.optimisers["discriminator"].zero_grad(set_to_none=True)
        rows = []
        for image, batch in zip(restored, batches, strict=True):
            rows.append({"discriminator": self.objective.discriminator_loss(image, batch)})
            _backward(rows[-1]["discriminator"], len(batches))
        values = self._finite(rows)
        self._update("discriminator", rate)
        return values

    def _update(self, name: str, rate: float) -> None:
        module, optimiser = self.modules[name], self.optimisers[name]
        self.processes.average_gradients(module)
        if name == "generator":
            for prefix, norm in self.training.clip.items():
                nn.utils.clip_grad_norm_(_starting(module, prefix), norm)
        for group in optimiser.param_groups:
            group["lr"] = rate * group["factor"]
        optimiser.step()

    def _finite(self, rows: Sequence[Tensors]) -> dict[str, float]:
        """The mean losses of all passes and processes as plain numbers, fetched from the device at once."""
        stacked = [torch.stack([value.detach() for value in row.values()]) for row in rows]
        mean = stacked[0] if len(rows) == 1 else torch.stack(stacked).mean(dim=0)
        numbers = self.processes.mean(mean).tolist()
        for name, number in zip(rows[0], numbers, strict=True):
            if not math.isfinite(number):
                raise NotFinite(f"{name} = {number}")
        return dict(zip(rows[0], numbers, strict=True))

    def average(self, step: int) -> None:
        """Let the average of the weights, if there is one, follow the update of step 0, 1, ..."""
        if self.ema is not None:
            self.ema.follow(self.network, step)

    def weights(self) -> dict[str, torch.Tensor]:
        """What the checkpoint holds: the network's state, with averaged weights where an average is kept."""
        return self.network.state_dict() | (self.ema.weights if self.ema else {})

    def restore(self, images: torch.Tensor) -> torch.Tensor:
        """(N, C, h, w) to (N, 3, H, W) in [0, 1] with the weights of the checkpoint, in evaluation mode."""
        averaged = self.ema.in_place(self.network) if self.ema else nullcontext()
        self.network.eval()
        with averaged, torch.no_grad(), mixed_precision(images.device):
            restored = self.network(images).float().clamp(0, 1)
        self.network.train()
        return restored

    def tensors(self) -> dict[str, torch.Tensor]:
        """Everything a later `load` needs to go on exactly: weights, their average, buffers, the optimisers' moments.

        Raises NotFinite when some of it is not.
        """
        tensors = {f"average.{key}": value for key, value in (self.ema.weights if self.ema else {}).items()}
        for name, module in self.modules.items():
            tensors |= {f"{name}.{key}": value for key, value in module.state_dict().items()}
            for index, slots in self.optimisers[name].state_dict()["state"].items():
                kept = {slot: value for slot, value in slots.items() if value is not None}
                tensors |= {f"{name}_{self.training.optimiser}.{index}.{slot}": value for slot, value in kept.items()}
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
            for key, value in _below(tensors, f"{name}_{self.training.optimiser}.").items():
                index, slot = key.split(".")
                layout = torch.channels_last if value.dim() == 4 else torch.contiguous_format  # as the weights have it
                state.setdefault(int(index), {})[slot] = value.contiguous(memory_format=layout)
            optimiser = self.optimisers[name]
            optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})


def _optimiser(name: str, module: nn.Module, training: TrainingConfig) -> torch.optim.Optimizer:
    """Its groups differ in `factor`, the share of the network's learning rate that they take."""
    whole = (training.discriminator_rate or training.learning_rate) / training.learning_rate
    groups: list[dict[str, Any]] = [{"params": [], "factor": 1.0 if name == "generator" else whole}]
    parts = training.part_rates if name == "generator" else {}
    groups += [{"params": [], "factor": factor} for factor in parts.values()]
    for key, weight in module.named_parameters():
        place = next((index for index, prefix in enumerate(parts, 1) if key.startswith(prefix)), 0)
        groups[place]["params"].append(weight)
    groups = [group for group in groups if group["params"]]
    rate, decay = training.learning_rate, training.weight_decay if name == "generator" else 0.0
    if training.optimiser == "sgd":
        return torch.optim.SGD(groups, rate, momentum=training.betas[0], weight_decay=decay, fused=True)
    if training.optimiser == "rmsprop":
        return torch.optim.RMSprop(groups, rate, alpha=training.betas[1], weight_decay=decay)
    return torch.optim.Adam(groups, rate, training.betas, weight_decay=decay, fused=True)


def _backward(loss: torch.Tensor, passes: int) -> None:
    (loss if passes == 1 else loss / passes).backward()


def _starting(module: nn.Module, prefix: str) -> Iterable[nn.Parameter]:
    return [weight for name, weight in module.named_parameters() if name.startswith(prefix)]


def _below(tensors: Mapping[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}


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
