"""Sheets that show, while a training runs, what it does to a few fixed faces."""

from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from degrade.core.contact_sheet import contact_sheet
from degrade.core.image import write
from ispl_model.training.data import TrainingPairs
from ispl_model.training.trainer import Trainer

ROWS = 4


def write_samples(folder: Path, step: int, trainer: Trainer, pairs: TrainingPairs) -> Path:
    """`folder`/STEP.png: degraded, restored, reference of the split's first four images as they are stored."""
    rows = []
    device = next(trainer.network.parameters()).device
    for name in pairs.split.names[:ROWS]:
        degraded, reference = pairs.stored(name)
        batch = degraded[None].to(device=device, memory_format=torch.channels_last)
        images = [
            functional.interpolate(degraded[None, :3], reference.shape[-2:]),
            trainer.restore(batch),
            reference[None],
        ]
        rows.append([_image(image) for image in images])
    names = ("degraded", "restored", "reference")
    labelled = [
        [(image, "" if index else name) for image, name in zip(row, names, strict=True)]
        for index, row in enumerate(rows)
    ]
    path = folder / f"{step:08d}.png"
    write(path, contact_sheet(labelled))
    return path


def _image(batch: torch.Tensor) -> np.ndarray:  # (1, 3, H, W) => (H, W, 3)
    return np.ascontiguousarray(batch[0].permute(1, 2, 0).cpu().numpy())
