"""Reports of a training: losses.csv as a plot, and sheets of a few fixed faces as it restores them."""

import csv
import io
from pathlib import Path
from typing import TypedDict

import numpy as np
import torch
from torch.nn import functional

from degrade.core.contact_sheet import contact_sheet
from degrade.core.errors import InputError
from degrade.core.image import write
from degrade.core.storage import strict_json
from degrade.core.storage.files import write_bytes
from degrade.core.storage.listing import folder_name
from ispl_model.training.data import TrainingPairs
from ispl_model.training.trainer import Trainer

ROWS = 4
POINTS = 500  # in a curve at most, each the mean of the steps around it
SMOOTHED = 0.015  # of the training, over which a curve is smoothed: this is the standard deviation of a Gaussian


class _Training(TypedDict):
    steps: int
    batch: int
    split: str
    size: int
    seed: int


class _Header(TypedDict):
    method: str
    recipe: str
    training: _Training


class _Report(TypedDict):
    """train.json, as far as the title of a plot needs it."""

    header: _Header


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
    info, count = pairs.split.info, len(pairs.split.names)
    title = f"{info['recipe']}, step {step}\nSplit {pairs.split.path.name}, the first {len(rows)} of N = {count} images"
    write(path, contact_sheet(labelled, title))
    return path


def _image(batch: torch.Tensor) -> np.ndarray:  # (1, 3, H, W) => (H, W, 3)
    return np.ascontiguousarray(batch[0].permute(1, 2, 0).cpu().numpy())


def plot_losses(losses: Path, path: Path | None = None, colour: str = "#3f7fd6") -> Path:
    """One panel for each loss over the steps, smoothed, the raw line faint behind it; as the PNG `path`, by default
    beside the table as losses.png. The train.json beside the table gives the title.

    Raises InputError without matplotlib and when the table cannot be read or has no step.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise InputError(
            f"{losses.name} is not plotted: matplotlib is not installed (pip install matplotlib)"
        ) from error
    names, table = _table(losses)
    figure = Figure(figsize=(7, 1.7 * len(names) + 0.5), layout="constrained")
    for name, values, axes in zip(
        names, table[1:], figure.subplots(len(names), sharex=True, squeeze=False)[:, 0], strict=True
    ):
        there = np.isfinite(values)
        steps, raw = _thinned(table[0][there]), _thinned(values[there])
        axes.plot(steps, raw, linewidth=0.8, color=colour, alpha=0.3)
        axes.plot(steps, smoothed(raw), linewidth=1.6, color=colour)
        axes.set_ylabel(name.replace("_", " "))
        axes.margins(x=0)
        axes.grid(alpha=0.3)
    axes.set_xlabel(f"step; smoothed over {SMOOTHED:.1%} of the steps, the raw values faint")
    figure.suptitle(_title(losses).replace("$", r"\$"), fontsize="medium")
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=120)
    path = path or losses.with_suffix(".png")
    write_bytes(path, picture.getvalue())
    return path


def smoothed(values: np.ndarray) -> np.ndarray:
    """The values under a Gaussian of SMOOTHED of their number; at the ends of what is there of it."""
    places = np.arange(len(values))
    width = max(SMOOTHED * len(values), 0.1)
    weights = np.exp(-0.5 * ((places[:, None] - places) / width) ** 2)
    found: np.ndarray = weights @ values / weights.sum(axis=1)
    return found


def _title(losses: Path) -> str:
    """Method, recipe, training split and images seen, as train.json has them; else the name of the folder."""
    try:
        report = strict_json.read_object(losses.parent / "train.json", _Report, "the report of a training", "delete it")
    except InputError:
        return folder_name(losses.parent)
    header, training = report["header"], report["header"]["training"]
    seen = f"N = {training['steps'] * training['batch']} images seen"
    where = f"training split {training['split'][:8]} of {training['size']} px, seed {training['seed']}"
    return f"{header['method']} trained on {header['recipe']}\n{where}, {seen}"


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
