"""A network and trainings small enough for the tests of the loop."""

import os
import signal

import torch
from torch import nn

from ispl_model.runtime import checkpoint
from ispl_model.runtime.device import seeded_build
from ispl_model.training.config import TrainingConfig

HEADER = {"method": "tiny", "network": {"width": 2}}
PIXEL = TrainingConfig(scale=1, losses={"l1": 1.0}, learning_rate=1e-2, betas=(0.9, 0.999), constant_share=0.5)
ADVERSARIAL = TrainingConfig(
    scale=1,
    losses={"lsgan": 1.0, "feature_matching": 10.0, "perceptual": 10.0},
    learning_rate=2e-4,
    betas=(0.9, 0.999),
    constant_share=0.6,
)


class Tiny(nn.Module):
    """Two convolutions and dropout, so that torch's own randomness is part of a step."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Dropout(0.2), nn.Conv2d(8, 3, 1))
        self.calls = 0
        self.at_call = {}

    def forward(self, degraded: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        return self.at_call.get(self.calls, lambda output: output)(self.layers(degraded))


def tiny(at_call=None, seed=0) -> Tiny:
    network = seeded_build(Tiny, seed)
    network.at_call = at_call or {}
    return network


def stop(output: torch.Tensor) -> torch.Tensor:
    os.kill(os.getpid(), signal.SIGTERM)
    return output


def weights(path) -> dict[str, torch.Tensor]:
    return checkpoint.load(path)[0]


def lines(path) -> list[str]:
    return (path.parent / "losses.csv").read_text().splitlines()
