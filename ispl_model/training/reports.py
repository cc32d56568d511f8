"""Reports of a training: losses.csv as a plot, and sheets of a few fixed faces as it restores them."""

import csv
import io
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from degrade.core.contact_sheet import contact_sheet
from degrade.core.errors import InputError
from degrade.core.files import write_bytes
from degrade.core.image import write
from ispl_model.training.data import TrainingPairs
from ispl_model.training.trainer import Trainer

ROWS = 4


POINTS = 500  # in a curve, each the mean of the steps around it


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


def plot_losses(losses: Path, path: Path | None = None) -> Path:
    """One panel for each loss over the steps, as the PNG `path`; by default beside the table as losses.png.

    Raises InputError without matplotlib and when the table cannot be read or has no step.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise InputError(
            f"{losses.name} is not plotted: matplotlib is not installed (pip install matplotlib)"
        ) from error
    names, table = _table(losses)
    figure = Figure(figsize=(7, 1.7 * len(names)), layout="constrained")
    for name, values, axes in zip(
        names, table[1:], figure.subplots(len(names), sharex=True, squeeze=False)[:, 0], strict=True
    ):
        there = np.isfinite(values)
        axes.plot(_thinned(table[0][there]), _thinned(values[there]), linewidth=1)
        axes.set_ylabel(name)
        axes.margins(x=0)
    axes.set_xlabel("step")
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=120)
    path = path or losses.with_suffix(".png")
    write_bytes(path, picture.getvalue())
    return path


def _table(losses: Path) -> tuple[list[str], np.ndarray]:
    """The names of the losses; steps, then each loss, (1 + losses, steps), NaN where a step has none."""
    try:
        with open(losses, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        names = [name for name in rows[0] if name not in ("step", "learning_rate")]
        return names, np.array([[float(row[name] or "nan") for row in rows] for name in ("step", *names)])
    except (OSError, ValueError, IndexError, KeyError, TypeError) as error:
        raise InputError(f"{losses}: expected the table of losses of a training, cannot plot it ({error})") from error


def _thinned(values: np.ndarray) -> np.ndarray:
    return np.array([part.mean() for part in np.array_split(values, min(POINTS, len(values)) or 1) if len(part)])
