"""Arrays to tensors and back."""

import numpy as np
import torch

from degrade.core.image import Image


def to_tensor(image: np.ndarray) -> torch.Tensor:
    """(H, W, C) => (C, H, W), copied."""
    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))


def to_images(output: torch.Tensor) -> list[Image]:
    """Contract images of (N, 3, H, W), clipped to [0, 1]."""
    pixels = output.float().clamp(0, 1).cpu().permute(0, 2, 3, 1).numpy()
    return [np.ascontiguousarray(image) for image in pixels]
