"""The processes that share one training: one, or those that `accelerate launch` started."""

import os
from typing import Any

import torch
from torch import nn

from degrade.core.errors import InputError
from ispl_model.runtime.device import find_device


def process_count() -> int:
    """How many processes the launcher started; 1 without one."""
    return _environment(1, "WORLD_SIZE", "PMI_SIZE", "OMPI_COMM_WORLD_SIZE")


def first_process() -> bool:
    """Whether this is the one that writes and speaks."""
    return _environment(0, "RANK", "PMI_RANK", "OMPI_COMM_WORLD_RANK") == 0


def _environment(otherwise: int, *names: str) -> int:
    """A launcher's number: torch's name for it, or that of an MPI, which `accelerate launch` uses on CPUs."""
    return int(next((os.environ[name] for name in names if name in os.environ), otherwise))


class Processes:
    """What a training asks of the others. All make the same updates of the same weights; only `main` writes files.

    Gradients are averaged once before each update rather than by a wrapper around the networks, so that it makes no
    difference how often a step runs which network.
    """

    def __init__(self, device: str) -> None:
        self.count = process_count()
        self._accelerator = _accelerator(device) if self.count > 1 else None
        self.index = self._accelerator.process_index if self._accelerator else 0
        self.main = self.index == 0
        self.device = self._accelerator.device if self._accelerator and device != "cpu" else find_device(device)

    def mean(self, values: torch.Tensor) -> torch.Tensor:
        """The mean over the processes, elementwise."""
        return self._accelerator.reduce(values, "mean") if self._accelerator else values

    def average_gradients(self, module: nn.Module) -> None:
        """Put the mean over the processes in the place of every gradient; the same parameters must have one in each."""
        if self._accelerator is None:
            return
        gradients = [weight.grad for weight in module.parameters() if weight.grad is not None]
        flat = self.mean(torch.cat([gradient.flatten() for gradient in gradients]))
        for gradient, part in zip(gradients, flat.split([one.numel() for one in gradients]), strict=True):
            gradient.copy_(part.view(gradient.shape))

    def any(self, flag: bool) -> bool:
        """Whether the flag is up in one of them at least."""
        return bool(self.mean(torch.tensor(float(flag), device=self.device)) > 0) if self._accelerator else flag

    def wait(self) -> None:
        """Until all have come here."""
        if self._accelerator:
            self._accelerator.wait_for_everyone()


def _accelerator(device: str) -> Any:
    try:
        from accelerate import Accelerator
    except ImportError as error:
        raise InputError("several processes: expected the package accelerate, which is not installed") from error
    return Accelerator(cpu=device == "cpu")
