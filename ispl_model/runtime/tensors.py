"""Arrays to tensors and back."""

import numpy as np
import torch
from torch import nn

from degrade.core.errors import InputError
from degrade.core.image import Image


class NotFiniteOutput(InputError):
    """A network's output that is no image: it holds NaN or infinite values."""


def to_tensor(image: np.ndarray) -> torch.Tensor:
    """(H, W, C) => (C, H, W), contiguous, of the same type and values."""
    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))


def to_images(output: torch.Tensor) -> list[Image]:
    """Contract images of (N, 3, H, W), clipped to [0, 1]; NotFiniteOutput where a value is NaN or infinite."""
    if not torch.isfinite(output).all():
        raise NotFiniteOutput("the network gave NaN or infinite values")
    pixels = output.float().clamp(0, 1).cpu().permute(0, 2, 3, 1).numpy()
    return [np.ascontiguousarray(image) for image in pixels]


def parameter_count(network: nn.Module) -> int:
    """How many numbers a network has learnt."""
    return sum(weight.numel() for weight in network.parameters())
