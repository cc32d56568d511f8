"""The command `ispl`: train the reference network and restore faces with it."""

import math
from pathlib import Path
from typing import TYPE_CHECKING

import click
from tqdm import tqdm

from degrade.console import Group
from degrade.errors import InputError
from degrade.image import list_images

if TYPE_CHECKING:  # torch takes seconds to import, so commands import what needs it when they run
    from ispl_model.restore import RestoreSummary
    from ispl_model.train import TrainSummary

DEVICE = click.Choice(["auto", "cpu", "cuda"])
FILE = click.Path(dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)
COUNT = click.IntRange(min=1)


@click.group(cls=Group)
def ispl() -> None:
    """The reference face restoration network: train it on a split, restore faces with it."""


@ispl.command()
@click.argument("split", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=FILE, help="Checkpoint to write, in a folder of its own.")
@click.option("--variant", default="isp_unet_pac", show_default=True, help="Column of the paper's Table 1.")
@click.option("--width", default=64, show_default=True, type=COUNT, help="Channels at full resolution.")
@click.option("--steps", type=COUNT, help="Updates.  [default: 50 epochs, as in the paper]")
@click.option("--batch", default=2, show_default=True, type=COUNT, help="Images in each step.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0), help="Of everything drawn.")
@click.option(
    "--perceptual", default="vgg19", show_default=True, help="vgg19, squeezenet, none, or a file of their weights."
)
@click.option("--device", default="auto", show_default=True, type=DEVICE, help="Where to train.")
@click.option("--workers", default=0, show_default=True, type=click.IntRange(min=0), help="Processes that load pairs.")
@click.option("--redraw/--stored", default=True, show_default=True, help="Degrade anew in each epoch, or read lq/.")
@click.option("--checkpoint-every", default=500, show_default=True, type=COUNT, help="Steps between saved states.")
def train(split, out, variant, width, steps, batch, seed, perceptual, device, workers, redraw, checkpoint_every):
    """Train on SPLIT, a folder made by degrade-ffhq or degrade. Run again after a stop, it goes on where it was."""
    from degrade.split import load_split
    from ispl_model.train import ISPL_EPOCHS, TrainRun, train_ispl

    pairs = load_split(split)
    steps = steps or math.ceil(ISPL_EPOCHS * len(pairs.names) / batch)
    run = TrainRun(steps, batch, seed, perceptual, device, workers, redraw, checkpoint_every)
    try:
        summary = train_ispl(variant, width, run, pairs, out)
    except KeyboardInterrupt as stop:
        raise _stopped(stop) from stop
    click.echo(_train_sentence(summary))


@ispl.command()
@click.argument("images", metavar="IMAGE_OR_FOLDER", type=click.Path(path_type=Path))
@click.option("--checkpoint", required=True, type=FILE, help="Checkpoint of ispl train.")
@click.option("--out", required=True, type=FOLDER, help="Folder to write NAME.png to.")
@click.option("--device", default="auto", show_default=True, type=DEVICE, help="Where to restore.")
@click.option("--batch", default=1, show_default=True, type=COUNT, help="Images in one pass.")
def restore(images, checkpoint, out, device, batch):
    """Restore a face, or every face in a folder, at the size the checkpoint was trained for."""
    from ispl_model.restore import RestoreSummary, load_network, restore_files

    paths = [images] if images.is_file() else list_images(images)
    network, _ = load_network(checkpoint, device)
    summary = RestoreSummary(0, 0, ())
    with tqdm(total=len(paths), unit="image", desc="restoring", disable=None) as bar:
        for summary in restore_files(network, paths, out, batch):
            bar.update(summary.restored + len(summary.errors) - bar.n)
    click.echo(_restore_sentence(summary, network.config.size, out))
    if summary.errors:
        raise InputError(_errors_sentence(summary, len(paths)))


def _train_sentence(summary: "TrainSummary") -> str:
    losses = ", ".join(f"{name} {value:.4f}" for name, value in summary.losses.items())
    rate = summary.images_seen / summary.seconds if summary.seconds else math.inf
    return (
        f"trained {summary.steps} steps, {summary.images_seen} images in {summary.seconds:.1f} s "
        f"({rate:.2f} images/s); last losses: {losses}\n{summary.path}"
    )


def _restore_sentence(summary: "RestoreSummary", size: int, out: Path) -> str:
    resized = f", {summary.resized} of them resized to {size} px first" if summary.resized else ""
    return f"restored {summary.restored} images at {size} px{resized}\n{out}"


def _errors_sentence(summary: "RestoreSummary", count: int) -> str:
    lines = [f"{len(summary.errors)} of {count} images could not be restored:"]
    return "\n  ".join(lines + [sentence for _, sentence in summary.errors])


def _stopped(stop: KeyboardInterrupt) -> click.ClickException:
    error = click.ClickException(str(stop) or "stopped before the first step")
    error.exit_code = 130
    return error
